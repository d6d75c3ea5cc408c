"""Every operation asks for the one scope it needs, before it looks at anything else the caller sent."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from fastapi import FastAPI
from fastapi.testclient import TestClient
from sqlalchemy import Engine

from transactional.http.app import create_app
from transactional.http.keys import SCOPES
from transactional.settings import load_settings

SECRETS = {scope: f"the-only-scope-of-this-key-is-{scope.replace(':', '-')}" for scope in sorted(SCOPES)}


@pytest.fixture
def one_scope_each(worker_engine: Engine) -> FastAPI:
    """An application with one key per scope, on the worker's database: nothing here is committed."""
    keys = ",".join(f"key{number}:{scope}:{secret}" for number, (scope, secret) in enumerate(SECRETS.items()))
    return create_app(load_settings(database_url=worker_engine.url.render_as_string(hide_password=False), api_keys=keys))


APPROVING = {"approvals", "rejections", "postings", "reopenings", "confirmations", "declines"}
ASKED_FOR_BESIDE = {"reconciliation:approve_large"}  # no operation's own: some approvals need it as well


def scope_of(tag: str, method: str, path: str) -> str:
    """The scope that an operation's tag, method and path call for."""
    if path.startswith("/v1/close") and method != "get":
        return "reconciliation:close"
    if tag == "reconciliation" and method != "get":
        return f"{tag}:{'approve' if path.rsplit('/', 1)[-1] in APPROVING else 'work'}"
    return f"{tag}:{'read' if method == 'get' else 'write'}"


def operations(app: FastAPI) -> Iterator[tuple[str, str, str]]:
    """Method, path and scope."""
    for path, item in app.openapi()["paths"].items():
        for method, operation in item.items():
            if operation.get("security"):
                yield method, path.replace("{", "").replace("}", ""), scope_of(operation["tags"][0], method, path)


def test_an_operation_opens_to_its_own_scope_and_to_no_other(one_scope_each: FastAPI) -> None:
    seen = set()
    with TestClient(one_scope_each) as client:
        for method, path, needed in operations(one_scope_each):
            seen.add(needed)
            assert client.request(method, path, json={}).status_code == 401, path
            for scope, secret in SECRETS.items():
                status = client.request(method, path, json={}, headers={"Authorization": f"Bearer {secret}"}).status_code
                assert (path, scope, status == 403) == (path, scope, scope != needed)
    assert seen | ASKED_FOR_BESIDE == SCOPES
