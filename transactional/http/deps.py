"""What a route may ask for: the caller with a scope, one unit of work, the caller's idempotency key.

The trap: a route that forgets its scope, or commits in one place what it wrote in another. Both are parameters here, so a signature shows them.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Annotated

from fastapi import Depends, Header, Query, Request, Security
from fastapi.security import HTTPAuthorizationCredentials, HTTPBearer
from sqlalchemy import Engine, text

from transactional.db.unit_of_work import UnitOfWork
from transactional.http.keys import ApiKey, authenticate, authorise
from transactional.vocabulary.errors import Refused


@dataclass(frozen=True, slots=True)
class Service:
    """What the application holds for its routes; made once by `create_app`."""

    engine: Engine
    keys: tuple[ApiKey, ...]
    webhook_secrets: Mapping[str, tuple[str, ...]] = field(repr=False)


def service_of(request: Request) -> Service:
    """The application's Service."""
    held = request.app.state.service
    assert isinstance(held, Service)
    return held


_bearer = HTTPBearer(auto_error=False, scheme_name="ApiKey", description="API key: Authorization: Bearer <secret>")


def require(scope: str) -> Callable[..., ApiKey]:
    """A dependency that lets in only callers whose key carries `scope`."""

    def caller(
        service: Annotated[Service, Depends(service_of)], credentials: Annotated[HTTPAuthorizationCredentials | None, Security(_bearer)]
    ) -> ApiKey:
        if credentials is None:
            raise Refused("an API key is needed: Authorization: Bearer <secret>", code="unauthenticated")
        key = authenticate(service.keys, credentials.credentials)
        authorise(key, scope)
        return key

    return caller


def unit_of_work(service: Annotated[Service, Depends(service_of)]) -> Iterator[UnitOfWork]:
    """One transaction for the request; the route commits."""
    with UnitOfWork(service.engine) as work:
        yield work


Work = Annotated[UnitOfWork, Depends(unit_of_work)]
IdempotencyKey = Annotated[
    str,
    Header(
        alias="Idempotency-Key",
        min_length=1,
        max_length=200,
        pattern=r"^[!-~]+$",
        description="Same key and same body: the first answer. Same key and another body: 409.",
    ),
]

PageSize = Annotated[int, Query(ge=1, le=200, description="At most so many items.")]


def database_clock(engine: Engine) -> datetime:
    """The database's clock for what runs beside the requests. Raises as the engine does when the database is away."""
    with engine.connect() as connection:
        now: datetime = connection.execute(text("select clock_timestamp()")).scalar_one()
    return now


def database_now(work: UnitOfWork) -> datetime:
    """The database's clock: one clock for all servers of the API."""
    now: datetime = work.connection.execute(text("select clock_timestamp()")).scalar_one()
    return now
