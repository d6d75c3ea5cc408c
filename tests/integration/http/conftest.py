"""The API on a database of its own, and callers with every scope, one scope and none."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from itertools import count
from typing import Any

import pytest
from fastapi import FastAPI
from fastapi.testclient import TestClient

from transactional.http.app import create_app
from transactional.settings import load_settings

ALL = "all-scopes-secret-of-a-test-caller"
READER = "reading-only-secret-of-a-test-caller"
OTHER = "another-caller-with-all-the-scopes"
STRIPE_SECRET = "whsec_a_secret_of_a_test"
ADYEN_KEY = "0F" * 32
SCOPES = (
    "ledger:read+ledger:write+payments:read+payments:write+reconciliation:read+reconciliation:work+reconciliation:approve+reconciliation:close"
    "+scorecards:read+routing:read+routing:write"
)
KEYS = f"all:{SCOPES}:{ALL},reader:ledger:read+payments:read:{READER},other:{SCOPES}:{OTHER}"


@dataclass
class Caller:
    """A client that signs its requests; `post` draws a fresh idempotency key unless one is given."""

    client: TestClient
    secret: str
    _keys: Iterator[int]

    def get(self, path: str, **params: Any) -> Any:
        return self.client.get(path, params=params, headers=self._headers())

    def post(self, path: str, body: object, key: str | None = None) -> Any:
        return self.client.post(path, json=body, headers=self._headers() | {"Idempotency-Key": key or f"key-{next(self._keys)}"})

    def _headers(self) -> dict[str, str]:
        return {"Authorization": f"Bearer {self.secret}"}


@pytest.fixture
def app(database_url: str) -> FastAPI:
    """The application as `countroom up` serves it."""
    secrets = f"stripe={STRIPE_SECRET},adyen={ADYEN_KEY}"
    return create_app(load_settings(database_url=database_url, api_keys=KEYS, webhook_secrets=secrets))


@pytest.fixture
def caller(app: FastAPI) -> Iterator[Callable[[str], Caller]]:
    """Make a caller with a secret."""
    with TestClient(app, raise_server_exceptions=False) as client:
        keys = count()
        yield lambda secret: Caller(client, secret, keys)


@pytest.fixture
def api(caller: Callable[[str], Caller]) -> Caller:
    """The caller who may do everything."""
    return caller(ALL)
