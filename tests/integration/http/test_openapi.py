"""The API does what its OpenAPI document says, whatever anybody sends. schemathesis draws the requests."""

from __future__ import annotations

from typing import Any

import pytest
import schemathesis
from fastapi import FastAPI
from hypothesis import HealthCheck, given, settings
from schemathesis import GenerationMode
from schemathesis.specs.openapi.checks import positive_data_acceptance

from tests.integration.http.conftest import ALL

# JSON Schema calls 1.0 an integer, cannot say that a day exists, nor in which years
UNSAYABLE = ("expected an integer", "should be a valid integer", "should be a valid datetime", "expected a time between")
REFUSED_BY_THE_BOOKS = {"insufficient_funds"}


@pytest.mark.slow
def test_no_request_makes_the_api_break_its_own_document(app: FastAPI) -> None:
    """Server errors, undocumented statuses, wrong content types, schemas that the answers do not keep, accepted nonsense."""
    operations = [result.ok() for result in schemathesis.openapi.from_asgi("/openapi.json", app).get_all_operations()]
    assert len(operations) >= 14
    for operation in operations:

        @given(case=operation.as_strategy())
        @settings(max_examples=25, deadline=None, suppress_health_check=list(HealthCheck))
        def holds_for(case: Any) -> None:
            answer = case.call(headers={"Authorization": f"Bearer {ALL}"})
            case.validate_response(answer, excluded_checks=[positive_data_acceptance])
            if case.meta.generation.mode is GenerationMode.POSITIVE and answer.status_code == 422:
                assert is_unsayable(answer.json()), f"{answer.json()} to a request the document allows: {case.as_curl_command()}"

        holds_for()


def is_unsayable(problem: dict[str, Any]) -> bool:
    """Whether a request that keeps the document was refused for what a JSON Schema cannot say. Anything else is a hole in the document."""
    if problem["code"] != "invalid_request":
        return problem["code"] in REFUSED_BY_THE_BOOKS
    return all(any(words in one["expected"] for words in UNSAYABLE) for one in problem["errors"])


def test_every_operation_field_and_parameter_is_described_and_every_error_documented(app: FastAPI) -> None:
    document = app.openapi()
    undescribed = [
        f"{name}.{field}"
        for name, schema in document["components"]["schemas"].items()
        for field, said in schema.get("properties", {}).items()
        if not {"description", "$ref"} & said.keys() and not any("description" in one for one in said.get("anyOf", ()))
    ]
    assert undescribed == []
    for path, item in document["paths"].items():
        for method, operation in item.items():
            assert operation["description"], path
            assert [one["name"] for one in operation.get("parameters", ()) if "description" not in one] == []
            documented = set(operation["responses"])
            assert documented >= ({"200", "503"} if path == "/health" else {"401", "422", "500", "503"}), path
            assert method != "post" or documented >= {"404", "409", "413"}, path


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
