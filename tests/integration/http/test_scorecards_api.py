"""A routing service that knows only the OpenAPI document reads the scorecard: 200 once, then 304 until something has changed."""

from __future__ import annotations

import gzip
from collections.abc import Callable, Iterator
from datetime import timedelta
from typing import Any

import orjson
import psycopg
import pytest
from fastapi import FastAPI

from assets.payments.scorecards.service import Recipe, publish, roll_back
from pipelines.resources.warehouse import Warehouse
from tests.integration.http.conftest import ALL, READER, Caller
from tests.unit.payments.scorecards.traffic import BEGIN, buckets, drawn
from transactional.db.engine import PIPELINE_ROLE
from transactional.payments.scorecards.client import ScorecardClient
from transactional.payments.scorecards.document import parse
from transactional.payments.scorecards.staleness import Tier

AT = BEGIN + timedelta(hours=3)
MINUTE = timedelta(minutes=1)

# what dbt builds in schema serve (tests/e2e run the real thing); the rights are those of its macros
SERVE = """
create schema serve;
create view serve.scorecard_versions as
    select v.*, s.status, s.reason as status_reason, s.decided_by as status_by, s.decided_at as status_at
    from derived.payments__scorecard_versions as v inner join derived.payments__scorecard_statuses as s on v.version = s.version
    where s.event_no = (select max(event_no) from derived.payments__scorecard_statuses as last where last.version = v.version);
create view serve.scorecard_contents as select * from derived.payments__scorecard_contents;
grant usage on schema serve to countroom_router;
grant select on all tables in schema serve to countroom_router;
"""


@pytest.fixture
def publishing(database_url: str) -> Iterator[Callable[..., Any]]:
    """Publish a card, as a run does."""
    with psycopg.connect(database_url, autocommit=True) as admin:
        admin.execute(SERVE)
    with Warehouse(database_url, role=PIPELINE_ROLE).connect() as connection:

        def put(at: Any = AT, act: Callable[..., Any] = publish, *arguments: Any) -> Any:
            made = act(connection, *(arguments or (buckets(drawn(1, 100)), Recipe(at), at + MINUTE)))
            connection.commit()
            return made

        yield put


def test_before_the_first_card_there_is_none_whether_the_warehouse_was_built_or_not(api: Caller) -> None:
    answer = api.get("/v1/scorecards/current")
    assert (answer.status_code, answer.json()["code"]) == (404, "no_scorecard")
    assert api.get("/v1/scorecards/3").json()["code"] == "unknown_version"


def test_a_poll_costs_nothing_until_another_version_leads(api: Caller, publishing: Callable[..., Any]) -> None:
    made = publishing()
    client = api.client
    client.headers["Authorization"] = f"Bearer {ALL}"
    first = client.get("/v1/scorecards/current", headers={"Accept-Encoding": "identity"})
    assert parse(first.content).manifest.content_sha256 == made.content_sha256
    assert first.headers["Cache-Control"] == "max-age=10, stale-if-error=3600"
    again = client.get("/v1/scorecards/current", headers={"If-None-Match": f'W/"x", {first.headers["ETag"]}', "Accept-Encoding": "identity"})
    assert (again.status_code, again.content, again.headers["ETag"]) == (304, b"", first.headers["ETag"])
    publishing(AT + 5 * MINUTE)
    after = client.get("/v1/scorecards/current", headers={"If-None-Match": first.headers["ETag"]})
    assert (after.status_code, after.json()["manifest"]["version"]) == (200, 2)
    # of the first it is another document now: it does not lead any more
    old = client.get("/v1/scorecards/1", headers={"If-None-Match": first.headers["ETag"]})
    assert (old.status_code, old.json()["manifest"]["status"]) == (200, "shadow")


def test_gzip_is_another_representation_with_a_strong_tag_of_its_own(api: Caller, publishing: Callable[..., Any]) -> None:
    publishing()
    client = api.client
    client.headers["Authorization"] = f"Bearer {ALL}"
    with client.stream("GET", "/v1/scorecards/current", headers={"Accept-Encoding": "br, gzip;q=0.5"}) as zipped:
        raw = b"".join(zipped.iter_raw())
    plain = client.get("/v1/scorecards/current", headers={"Accept-Encoding": "gzip;q=0, identity"})
    assert (zipped.headers["Content-Encoding"], zipped.headers["Vary"]) == ("gzip", "Accept-Encoding")
    assert gzip.decompress(raw) == plain.content
    assert len(raw) < len(plain.content) / 4
    assert zipped.headers["ETag"] != plain.headers["ETag"]
    assert client.get("/v1/scorecards/current", headers={"If-None-Match": zipped.headers["ETag"]}).status_code == 304


def test_a_roll_back_is_a_new_document_although_its_content_is_the_old_one(api: Caller, publishing: Callable[..., Any]) -> None:
    # the trap: a tag of the content alone answers 304, and the router never learns that it was rolled back
    publishing()
    tag = api.get("/v1/scorecards/current").headers["ETag"]
    publishing(AT + 5 * MINUTE)
    publishing(None, roll_back, 1, "ayse", "two was wrong", AT + 6 * MINUTE)
    back = api.get("/v1/scorecards/current")
    assert back.headers["ETag"] != tag
    assert (back.json()["manifest"]["version"], back.json()["manifest"]["content_sha256"]) == (3, tag.strip('"').split("-")[0])


def test_a_caller_without_the_scope_reads_nothing(caller: Callable[[str], Caller]) -> None:
    assert caller(READER).get("/v1/scorecards/current").status_code == 403


def test_our_client_reads_what_the_api_serves_by_the_documents_own_lookup(app: FastAPI, api: Caller, publishing: Callable[..., Any]) -> None:
    publishing()
    assert api.get("/health").status_code == 200
    client = ScorecardClient(app.state.scorecards.fetch)
    assert (client.poll(AT + MINUTE).tier, client.poll(AT + MINUTE).trouble) == (Tier.NORMAL, None)
    publishing(AT + 5 * MINUTE)
    standing = client.poll(AT + 6 * MINUTE)
    assert standing.card is not None
    assert standing.card.manifest.version == 2


def test_the_document_names_every_column_and_every_part_of_what_is_served(app: FastAPI, api: Caller, publishing: Callable[..., Any]) -> None:
    publishing()
    served = orjson.loads(api.get("/v1/scorecards/current").content)
    schemas = app.openapi()["components"]["schemas"]
    assert served.keys() == schemas["ScorecardOut"]["properties"].keys()
    assert served["manifest"].keys() == schemas["ManifestOut"]["properties"].keys()
    words = app.openapi()["paths"]["/v1/scorecards/current"]["get"]["description"]
    assert [column for column in served["columns"] if f"`{column}`" not in words] == []
