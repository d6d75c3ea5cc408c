"""How do we connect: one engine factory, with the timeouts that keep one stuck session from stopping the house.

For composition roots; everything else receives an Engine or Connection. psycopg 3 always, sessions in UTC.
The trap: SET ROLE per session on a pooled connection that a caller changed; it is set again on every checkout.
"""

from __future__ import annotations

import re
from typing import Any

from sqlalchemy import URL, Engine, create_engine, event, make_url
from sqlalchemy.pool import NullPool

from transactional.vocabulary.errors import InputRejected

SERVICE_ROLE = "countroom_service"
PIPELINE_ROLE = "countroom_pipeline"
READER_ROLE = "countroom_reader"
ROUTER_ROLE = "countroom_router"


def sqlalchemy_url(url: str) -> URL:
    """Any spelling of a PostgreSQL URL as SQLAlchemy's, with the psycopg 3 driver.

    Raises: InputRejected when it is not a PostgreSQL URL (the URL itself is never shown: it may hold a password).
    """
    try:
        parsed = make_url(url)
    except Exception as error:
        raise InputRejected("the database URL cannot be read; expected postgresql://user:password@host:port/database", code="database_url") from error
    if not re.fullmatch(r"postgres(ql)?(\+psycopg)?", parsed.drivername):
        raise InputRejected(f"expected a postgresql:// URL, got {parsed.drivername}://", code="database_url")
    return parsed.set(drivername="postgresql+psycopg")


def libpq_url(url: str) -> str:
    """The same URL as psycopg, ADBC and psql read it. Holds the password: never log it."""
    return sqlalchemy_url(url).set(drivername="postgresql").render_as_string(hide_password=False)


def make_engine(
    url: str,
    *,
    role: str | None = None,
    application_name: str = "countroom",
    lock_timeout_ms: int = 5_000,
    statement_timeout_ms: int = 60_000,
    pool_size: int = 5,
    **options: Any,
) -> Engine:
    """An engine whose every session has lock and statement timeouts and, if given, acts as `role`.

    Units: milliseconds; 0 switches a timeout off. `pool_size` 0: no pool, connections are closed after use.
    `options` go to SQLAlchemy's create_engine.
    """
    startup = (
        f"-c lock_timeout={lock_timeout_ms} -c statement_timeout={statement_timeout_ms} -c timezone=UTC -c idle_in_transaction_session_timeout=600000"
    )
    pool: dict[str, Any] = {"pool_size": pool_size, "max_overflow": pool_size, "pool_pre_ping": True} if pool_size else {"poolclass": NullPool}
    engine = create_engine(
        sqlalchemy_url(url),
        hide_parameters=True,  # an error names its statement; what was in it is a player's
        **pool,
        connect_args={"options": startup, "application_name": application_name, "connect_timeout": 10},
        **options,
    )
    if role is not None:
        _act_as(engine, role)
    return engine


def _act_as(engine: Engine, role: str) -> None:
    @event.listens_for(engine, "checkout")
    def set_role(dbapi_connection: Any, _record: object, _proxy: object) -> None:
        from psycopg import sql

        with dbapi_connection.cursor() as cursor:
            cursor.execute(sql.SQL("set role {}").format(sql.Identifier(role)))
        dbapi_connection.commit()
