"""Publishing: a card becomes a version in one transaction, leads if every gate is open, and everybody who listens is told its number. The adapter.

For the run, the light path and the command line. One publisher at a time (an advisory lock), so that versions are consecutive and the card before is the card
before. What is published is never changed: statuses are events, and a roll-back is an older content under a new version.

The traps: publishing the same card of the same moment twice (it is given back, not made again); shares that move twice because a run was repeated (the card
before is one of an earlier watermark); NOTIFY with a payload (it carries the number only; the table is the truth).
Source: reference RT §5.3, §5.5.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

import polars as pl

from assets.payments.scorecards.card_rows import CardRows, card_rows
from assets.payments.scorecards.gates import Gate, closed_gates
from assets.payments.scorecards.parameters import Parameters
from assets.payments.scorecards.reading import ROLLED_BACK, Connection, Kept, champion, compared_with, measures_before, shares_before, version
from assets.payments.scorecards.tables import SCORECARD_ROWS, SCORECARD_STATUSES, SCORECARD_VERSIONS
from pipelines.resources.frames import polars_schema
from pipelines.resources.warehouse import Warehouse, append
from transactional.payments.scorecards.document import SCHEMA_VERSION, Status, content, content_hash
from transactional.payments.scorecards.rows import row_of
from transactional.vocabulary.errors import Refused
from transactional.vocabulary.tables import Table

POLICY = "shrunk-greedy-1"
EXPIRES_AFTER = timedelta(hours=1)
CHANNEL = "scorecard"
_LOCK = "select pg_advisory_xact_lock(hashtextextended('payments__scorecards', 20261128))"
_FROM_MARTS = "select * from payments.agg_outcome_hours"
_COPY_ROWS = """
insert into derived.payments__scorecard_rows
select (jsonb_populate_record(r, jsonb_build_object('version', %s::bigint))).* from derived.payments__scorecard_rows as r where r.version = %s
"""


@dataclass(frozen=True, slots=True)
class Recipe:
    """What a card is made of, and by whom. `origin`: run, follow or person; `release`: a person lets it replace a card that is held."""

    as_of: datetime
    parameters: Parameters = field(default_factory=Parameters)
    policy_id: str = POLICY
    origin: str = "run"
    by: str = "run"
    release: bool = False
    git_commit: str | None = None
    ope: Mapping[str, object] | None = None


@dataclass(frozen=True, slots=True)
class Published:
    """A version, and why it does not lead when it does not. `is_new` False: the same card of the same moment was there."""

    version: int
    content_sha256: str
    status: Status
    rows: int
    closed: tuple[Gate, ...]
    is_new: bool


def publish(connection: Connection, buckets: pl.DataFrame, recipe: Recipe, now: datetime) -> Published:
    """Make the card of a moment out of hour buckets and publish it, in the caller's transaction.

    Raises: ContractBroken when a row is not as the contract says; Refused (`nothing_to_score`) when there is no attempt in the window.
    """
    connection.execute(_LOCK)
    as_of = recipe.as_of.replace(microsecond=0)
    measures = measures_before(connection, as_of, recipe.parameters.window_seconds())
    made = card_rows(buckets, as_of, recipe.parameters, shares_before(connection, as_of), measures)
    if made.rows.is_empty():
        raise Refused("no attempt lies in the window: there is nothing to score", code="nothing_to_score")
    body = content(row_of(values) for values in made.rows.iter_rows())
    sha, leading = content_hash(body), champion(connection)
    if leading is not None and (leading.stated["content_sha256"], leading.stated["data_watermark"]) == (sha, as_of):
        return Published(leading.version, sha, Status.CHAMPION, made.rows.height, (), is_new=False)
    gates = closed_gates(made.rows, recipe.policy_id, _as_kept(recipe.parameters), compared_with(connection, leading), recipe.ope)
    closed = tuple(gate for gate in gates if not (recipe.release and gate.code == "HELD"))
    number = _next(connection, "select coalesce(max(version), 0) + 1 from derived.payments__scorecard_versions")
    _write(connection, made, body, _stated(number, sha, made, recipe, as_of, now, leading))
    status, reason = (Status.SHADOW, ", ".join(gate.code for gate in closed)) if closed else (Status.CHAMPION, "every gate is open")
    if status is Status.CHAMPION and leading is not None:
        _decide(connection, leading.version, Status.SHADOW, f"replaced by {number}", recipe.by, now)
    _decide(connection, number, status, reason, recipe.by, now)
    return Published(number, sha, status, made.rows.height, closed, is_new=True)


def publish_from_marts(warehouse: Warehouse, now: datetime, **stated: Any) -> Published | None:
    """The card of what the marts hold; None where they hold no attempt of the window.

    Its watermark is when the service's facts landed, however late it is published: a card of old facts is old. A run as of a past moment scores that one.
    """
    with warehouse.transaction() as connection:
        landed = connection.execute("select max(landed_at) from raw.app_watermarks where table_name = 'payment_events'").fetchone()
        as_of = now if landed is None or landed[0] is None else min(now, landed[0])
        try:
            return publish(connection, warehouse.read(_FROM_MARTS), Recipe(as_of, **stated), now)
        except Refused as error:
            if error.code != "nothing_to_score":
                raise
            return None


def roll_back(connection: Connection, number: int, by: str, reason: str, now: datetime) -> int:
    """The content of an older version under a new number. It leads, and is held: only a person's publication replaces it. Its data are as old as they are.

    Raises: Refused (`unknown_version`; `same_content` when the champion has that very content).
    """
    connection.execute(_LOCK)
    old, leading = version(connection, number), champion(connection)
    if leading is not None and leading.stated["content_sha256"] == old.stated["content_sha256"]:
        raise Refused(f"version {leading.version} leads with that very content", code="same_content")
    new = _next(connection, "select max(version) + 1 from derived.payments__scorecard_versions")
    stated = {"version": new, "published_at": now, "parent_version": number, "origin": ROLLED_BACK, "expires_at": now + EXPIRES_AFTER}
    append(connection, SCORECARD_VERSIONS, _frame(SCORECARD_VERSIONS, old.stated | stated))
    connection.execute(_COPY_ROWS, [new, number])
    if leading is not None:
        _decide(connection, leading.version, Status.WITHDRAWN, f"rolled back to {number}: {reason}", by, now)
    _decide(connection, new, Status.CHAMPION, f"content of {number}: {reason}", by, now)
    return new


def _write(connection: Connection, made: CardRows, body: bytes, stated: dict[str, Any]) -> None:
    connection.execute(
        "insert into derived.payments__scorecard_contents (content_sha256, content) values (%s, %s) on conflict do nothing",
        [stated["content_sha256"], body.decode()],
    )
    append(connection, SCORECARD_VERSIONS, _frame(SCORECARD_VERSIONS, stated))
    instants = [
        pl.col(name).str.to_datetime("%Y-%m-%dT%H:%M:%S%.fZ", time_unit="us", time_zone="UTC") for name in ("data_from", "data_to", "health_since")
    ]
    rows = made.rows.with_columns(pl.lit(stated["version"]).alias("version"), pl.col("reason").list.join(","), *instants)
    append(connection, SCORECARD_ROWS, rows)


def _stated(number: int, sha: str, made: CardRows, recipe: Recipe, as_of: datetime, now: datetime, leading: Kept | None) -> dict[str, Any]:
    params = _as_kept(recipe.parameters) | {"kappas": made.kappas}
    interval = timedelta(seconds=recipe.parameters.interval_seconds)
    return {
        "version": number,
        "schema_version": SCHEMA_VERSION,
        "content_sha256": sha,
        "policy_id": recipe.policy_id,
        "params": json.dumps(params, sort_keys=True),
        "data_watermark": as_of,
        "published_at": now,
        "valid_until": as_of + 2 * interval,
        "expires_at": as_of + max(EXPIRES_AFTER, 2 * interval),
        "interval_seconds": recipe.parameters.interval_seconds,
        "row_count": made.rows.height,
        "parent_version": None if leading is None else leading.version,
        "git_commit": recipe.git_commit,
        "ope": None if recipe.ope is None else json.dumps(recipe.ope, sort_keys=True),
        "origin": recipe.origin,
    }


def _decide(connection: Connection, number: int, status: Status, reason: str, by: str, now: datetime) -> None:
    """An event of a version's status. A new champion's number is told to whoever listens, at commit."""
    event = _next(connection, "select coalesce(max(event_no), 0) + 1 from derived.payments__scorecard_statuses")
    decided = {"event_no": event, "version": number, "status": status.value, "reason": reason, "decided_by": by, "decided_at": now}
    append(connection, SCORECARD_STATUSES, _frame(SCORECARD_STATUSES, decided))
    if status is Status.CHAMPION:
        connection.execute("select pg_notify(%s, %s)", [CHANNEL, str(number)])


def _next(connection: Connection, query: str) -> int:
    row = connection.execute(query).fetchone()
    assert row is not None
    return int(row[0])


def _as_kept(parameters: Parameters) -> dict[str, Any]:
    """As they come back from the database."""
    kept: dict[str, Any] = json.loads(json.dumps(parameters.published()))
    return kept


def _frame(table: Table, values: dict[str, Any]) -> pl.DataFrame:
    return pl.DataFrame([values], schema=polars_schema(table), orient="row")
