"""The API does what its OpenAPI document says, whatever anybody sends. schemathesis draws the requests."""

from __future__ import annotations

from typing import Any

import pytest
import schemathesis
from fastapi import FastAPI
from hypothesis import HealthCheck, given, settings
from schemathesis.specs.openapi.checks import positive_data_acceptance

from tests.integration.http.conftest import ALL


@pytest.mark.slow
def test_no_request_makes_the_api_break_its_own_document(app: FastAPI) -> None:
    """Server errors, undocumented statuses, wrong content types, schemas that the answers do not keep, accepted nonsense."""
    operations = [result.ok() for result in schemathesis.openapi.from_asgi("/openapi.json", app).get_all_operations()]
    assert len(operations) >= 14
    for operation in operations:

        @given(case=operation.as_strategy())
        @settings(max_examples=40, deadline=None, suppress_health_check=list(HealthCheck))
        def holds_for(case: Any) -> None:
            answer = case.call(headers={"Authorization": f"Bearer {ALL}"})
            # JSON Schema calls 1.0 an integer and cannot say "an existing day"; money in floats and 30 February are refused all the same
            case.validate_response(answer, excluded_checks=[positive_data_acceptance])

        holds_for()


def test_every_post_but_the_webhook_asks_for_an_idempotency_key(app: FastAPI) -> None:
    without = [
        path
        for path, item in app.openapi()["paths"].items()
        for method, operation in item.items()
        if method == "post" and not any(p["name"] == "Idempotency-Key" and p["required"] for p in operation.get("parameters", []))
    ]
    assert without == ["/v1/webhooks/{psp}"]


def test_every_route_but_health_and_webhooks_asks_for_a_key(app: FastAPI) -> None:
    open_routes = [path for path, item in app.openapi()["paths"].items() for operation in item.values() if not operation.get("security")]
    assert open_routes == ["/health", "/v1/webhooks/{psp}"]
