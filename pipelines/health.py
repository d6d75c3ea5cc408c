"""What does `countroom doctor` look at: one function per check, each returning what it saw, none raising for what it finds.

The trap: a doctor that dies of the illness. A check that cannot be made says so and the others go on; and no check shows a secret.
"""

from __future__ import annotations

import os
import platform
import shutil
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import unquote, urlsplit

from transactional.db.location import Databases, locate_databases
from transactional.settings import Settings, load_settings
from transactional.telemetry import OFF
from transactional.vocabulary.errors import CountroomError

_MESSAGES = """
select count(*) filter (where undelivered_at is null), count(*) filter (where undelivered_at is not null)
from derived.reporting__alert_messages where delivered_at is null
"""
OK, ATTENTION, BROKEN = "ok", "attention", "broken"


@dataclass(frozen=True, slots=True)
class Check:
    """One thing looked at. `state` is ok, attention (exit 1) or broken (exit 2)."""

    name: str
    state: str
    detail: str


def examine() -> list[Check]:
    """Every check, in the order a person fixes things."""
    checks = [Check("python", OK if sys.version_info >= (3, 11) else BROKEN, f"{platform.python_version()} at {sys.executable}")]
    try:
        settings = load_settings()
    except CountroomError as error:
        return [*checks, Check("settings", BROKEN, str(error))]
    checks += _settings(settings)
    if settings.database_url is None:
        checks += [_guarded("postgres programs", lambda: _programs(settings)), _guarded("postgres server", lambda: _server(settings))]
    try:
        databases = locate_databases(settings)
    except CountroomError as error:
        return [*checks, Check("database", BROKEN, str(error))]
    checks += databases_seen(databases)
    checks += [_guarded("object store", lambda: _object_store(settings)), _dbt(), _telemetry()]
    return checks


def exit_code(checks: list[Check]) -> int:
    """0 all well, 1 something needs attention, 2 the installation cannot work."""
    states = {check.state for check in checks}
    return 2 if BROKEN in states else 1 if ATTENTION in states else 0


def _guarded(name: str, look: Callable[[], Check]) -> Check:
    try:
        return look()
    except CountroomError as error:
        return Check(name, BROKEN, str(error))
    except Exception as error:  # noqa: BLE001 - a doctor reports what it did not foresee, by kind; messages may hold secrets
        return Check(name, ATTENTION, f"could not be looked at: {type(error).__name__}")


def _settings(settings: Settings) -> Iterator[Check]:
    yield Check("home", OK, str(settings.home))
    shown = {name: value for name, value in settings.model_dump().items() if name != "home" and value not in {None, ""}}
    yield Check("settings", OK, ", ".join(f"{name}={value}" for name, value in shown.items()))
    if not settings.api_keys.get_secret_value():
        yield Check("api keys", OK, "none: the API answers /health only (COUNTROOM_API_KEYS)")


def _programs(settings: Settings) -> Check:
    from transactional.db.local_server.binaries import find_binaries

    found = find_binaries(settings.pg_bin)
    return Check("postgres programs", OK, f"PostgreSQL {found.version} from {found.source}: {found.folder}")


def _server(settings: Settings) -> Check:
    from transactional.db import local_server

    seen = local_server.status(settings.home)
    if seen.state == "absent":
        return Check("postgres server", OK, "no data yet; made and started on demand")
    size = f"{seen.data_bytes / 1e6:.0f} MB in {seen.data}"
    if seen.state == "stopped":
        return Check("postgres server", OK, f"stopped (starts on demand), version {seen.version}, {size}")
    users = "unknown number of" if seen.leases is None else seen.leases
    return Check("postgres server", OK, f"running on 127.0.0.1:{seen.port}, version {seen.version}, used by {users} processes, {size}")


def databases_seen(databases: Databases) -> Iterator[Check]:
    """Each database: reached, its version, its revision; and of the warehouse what could not be told to anybody."""
    from transactional.migrations.runner import revision_state

    for name, url in zip(("system of record", "warehouse"), databases.distinct_urls(), strict=False):
        reached = _guarded(name, lambda name=name, url=url: _reach(name, url))  # type: ignore[misc]
        yield Check(name, OK if reached.state == OK else BROKEN, reached.detail)
        if reached.state == OK:
            state = revision_state(url)
            detail = f"{name} at revision {state.current or 'none'}, newest {state.head}"
            yield Check("migrations", OK if state.at_head else ATTENTION, detail if state.at_head else f"{detail}: run `countroom migrate`")
            if state.at_head and (databases.are_one or url == databases.warehouse_url):
                yield _guarded("alerts", lambda url=url: _alerts(url))  # type: ignore[misc]


def _reach(name: str, url: str) -> Check:
    import psycopg

    try:
        with psycopg.connect(url, connect_timeout=10) as connection:
            version = connection.info.server_version // 10_000
            where = f"{connection.info.host}:{connection.info.port}/{connection.info.dbname}"
    except psycopg.OperationalError as error:  # libpq names host, port and user, never the password
        return Check(name, BROKEN, str(error).strip().splitlines()[0])
    state = OK if version >= 15 else BROKEN
    return Check(name, state, f"PostgreSQL {version} at {where}" + ("" if state == OK else "; countroom needs 15 or newer"))


def _alerts(url: str) -> Check:
    import psycopg

    with psycopg.connect(url, connect_timeout=10) as connection:
        counts = connection.execute(_MESSAGES).fetchone() or (0, 0)
    waiting, given_up = counts
    if given_up:
        return Check("alerts", ATTENTION, f"{given_up} messages were given up: `countroom alerts` says which, --redeliver sends them again")
    return Check("alerts", OK, f"{waiting} messages wait" if waiting else "no message waits")


def _object_store(settings: Settings) -> Check:
    parts = urlsplit(settings.object_store)
    if parts.scheme == "s3":
        import boto3

        boto3.client("s3", endpoint_url=settings.object_store_endpoint_url).head_bucket(Bucket=parts.netloc)
        return Check("object store", OK, f"{settings.object_store} answers")
    folder = Path(unquote(parts.path))
    nearest = next(path for path in (folder, *folder.parents) if path.exists())
    state = OK if os.access(nearest, os.W_OK | os.X_OK) else BROKEN
    return Check("object store", state, f"{folder} " + ("can be written" if state == OK else f"cannot be written ({nearest} is closed to us)"))


def _dbt() -> Check:
    found = shutil.which("dbt") or shutil.which("dbt", path=str(Path(sys.executable).parent))
    return Check("dbt", OK if found else ATTENTION, found or "not on PATH: definitions will not load; use `uv run countroom`")


def _telemetry() -> Check:
    on = [name for name, off in OFF.items() if os.environ.get(name) != off]
    return Check("telemetry", ATTENTION if on else OK, f"not off: {', '.join(on)}" if on else "off (dagster, dbt, great-expectations)")
