"""The light path: facts that became visible since the last look are folded into hour buckets, from which a card is published within seconds. The adapter.

The service's facts are read in one repeatable-read transaction, by transaction snapshot as landing reads them (a clock or an id would lose the row of a
transaction that began early and committed late). Attempts of every payment that has news are read anew; what they had put into their buckets is taken out
and what they are now is put in, in one transaction of the warehouse with the new watermark. Killed in the middle, it leaves nothing half done.

The traps: a counter that adds on every event; two followers that both add (an advisory lock). The full run stays the authority: a check compares the two
definitions over the same snapshot in each run.
Source: reference RT §5.4; docs/decisions/0005.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

import polars as pl
import psycopg
from psycopg import sql

from assets.payments.live.folding import change, differences, hours, outcomes
from assets.payments.scorecards.parameters import Parameters
from assets.payments.scorecards.service import Published, Recipe, publish
from assets.payments.scorecards.tables import OUTCOME_HOUR_KEY, OUTCOME_HOURS_LIVE, OUTCOMES_LIVE
from pipelines.resources.frames import polars_schema
from pipelines.resources.warehouse import append
from transactional.vocabulary.errors import Refused

Connection = psycopg.Connection[Any]

_READER = "outcome_hours"
_LOCK = "select pg_advisory_xact_lock(hashtextextended('payments__outcome_hours_live', 20261128))"
_NEWS = """
select intent_id from app.payment_attempts as x where {new}
union select a.intent_id from app.payment_attempt_contexts as x inner join app.payment_attempts as a using (attempt_id) where {new}
union select a.intent_id from app.payment_events as x inner join app.payment_attempts as a using (attempt_id) where {new}
union select a.intent_id from app.payment_adoptions as x inner join app.payment_attempts as a using (attempt_id) where {new}
union select a.intent_id from app.payment_answers as x inner join app.payment_calls as c using (call_id)
    inner join app.payment_attempts as a using (attempt_id) where {new}
union select intent_id from app.payment_turn_ends as x where {new}
"""
_NEW = "x.txid >= pg_snapshot_xmin({0}::pg_snapshot) and not pg_visible_in_snapshot(x.txid, {0}::pg_snapshot)"
# int_payments__attempts_resolved once more, over the service's own tables, for some attempts
_RESOLVED = """
with attempts as (select * from app.payment_attempts as a where {which} and {seen}),
told as (
    select coalesce(a.attempt_id, o.attempt_id) as attempt_id, a.event_kind in ('authorised', 'captured', 'settled', 'payout_sent') as is_approval
    from app.payment_events as a left join (select * from app.payment_adoptions as a where {seen}) as o using (event_id)
    where a.event_kind in ('authorised', 'captured', 'settled', 'payout_sent', 'failed', 'voided', 'payout_failed', 'payout_cancelled') and {seen}
        and coalesce(a.attempt_id, o.attempt_id) in (select attempt_id from attempts)
    union all
    select c.attempt_id, a.outcome = 'approved' from app.payment_answers as a inner join app.payment_calls as c using (call_id)
    where c.call in ('authorise', 'complete', 'payout', 'status') and a.outcome in ('approved', 'declined') and {seen}
        and c.attempt_id in (select attempt_id from attempts)
    union all
    select c.attempt_id, a.ended_as = 'succeeded' from app.payment_turn_ends as a inner join attempts as t using (intent_id)
    inner join app.payment_attempt_contexts as c on t.attempt_id = c.attempt_id and a.attempt_no = c.attempt_no where {seen}
),
known as (select attempt_id, bool_or(is_approval) as is_approved from told group by attempt_id),
declines as (
    select distinct on (c.attempt_id) c.attempt_id, a.decline_class from app.payment_answers as a inner join app.payment_calls as c using (call_id)
    where a.decline_class is not null and {seen} and c.attempt_id in (select attempt_id from attempts)
    order by c.attempt_id, a.answered_at desc, a.call_id desc
)
select t.attempt_id::text, i.direction, t.psp, coalesce(t.payment_method, '') as method, i.currency, i.amount_minor,
    coalesce(c.country, '') as country, coalesce(c.bin, '') as bin, c.issuer, c.issuer_country,
    coalesce(c.attempt_no, row_number() over (partition by t.intent_id order by t.created_at, t.attempt_id))::integer as attempt_no,
    case when k.is_approved then 'approved' when k.attempt_id is not null then 'failed' else 'pending' end as outcome,
    d.decline_class, t.created_at
from attempts as t inner join app.payment_intents as i using (intent_id)
left join (select * from app.payment_attempt_contexts as a where {seen}) as c using (attempt_id)
left join known as k using (attempt_id) left join declines as d using (attempt_id)
"""
_TOLD = {name: pl.String() for name in ("attempt_id", "direction", "psp", "method", "currency")} | {
    "amount_minor": pl.Int64(),
    **{name: pl.String() for name in ("country", "bin", "issuer", "issuer_country")},
    "attempt_no": pl.Int32(),
    **{name: pl.String() for name in ("outcome", "decline_class")},
    "created_at": pl.Datetime("us", "UTC"),
}
_MERGE = """
insert into derived.payments__outcome_hours_live as kept select * from {changed}
on conflict ({key}) do update set {sums}
"""


@dataclass(frozen=True, slots=True)
class Folded:
    """One look. `attempts`: how many were read anew; `read_at`: the service's clock, before the snapshot."""

    attempts: int
    buckets: int
    read_at: datetime


def fold(app: Connection, warehouse: Connection, parameters: Parameters) -> Folded:
    """Fold what became visible since the last look. Both connections must be idle; they may be of two databases."""
    with warehouse.transaction(), app.transaction():
        warehouse.execute(_LOCK)
        app.execute("set transaction isolation level repeatable read, read only")
        clock = app.execute("select clock_timestamp()").fetchone()
        snapshot = app.execute("select pg_current_snapshot()::text").fetchone()
        assert clock is not None
        assert snapshot is not None
        kept_from = clock[0] - 2 * timedelta(seconds=parameters.window_seconds())
        read = outcomes(_resolved(app, _changed_since(_watermark(warehouse))))
        ids, after = read["attempt_id"].to_list(), read.filter(pl.col("bucket_at") >= kept_from)
        before = _rows(warehouse, "select * from derived.payments__outcomes_live where attempt_id = any(%s::uuid[])", [ids])
        changed = change(before, after, parameters.half_life_seconds)
        warehouse.execute("delete from derived.payments__outcomes_live where attempt_id = any(%s::uuid[])", [ids])
        append(warehouse, OUTCOMES_LIVE, after)
        _merge(warehouse, changed)
        # what no card counts any more goes from both tables at once: an attempt that is known better after that is put in whole, and goes again
        for table in ("payments__outcomes_live", "payments__outcome_hours_live"):
            warehouse.execute(sql.SQL("delete from derived.{} where bucket_at < %s").format(sql.Identifier(table)), [kept_from])
        warehouse.execute(
            """insert into derived.payments__live_watermark (reader, snapshot, read_at) values (%s, %s, %s)
               on conflict (reader) do update set snapshot = excluded.snapshot, read_at = excluded.read_at""",
            [_READER, snapshot[0], clock[0]],
        )
    return Folded(len(ids), changed.height, clock[0])


def publish_live(warehouse: Connection, folded: Folded, parameters: Parameters, now: datetime) -> Published | None:
    """The card of the buckets as they were last folded; None where there is no attempt in the window."""
    oldest = folded.read_at - timedelta(seconds=parameters.window_seconds())
    query = "select * from derived.payments__outcome_hours_live where bucket_at > %s"
    with warehouse.transaction():
        buckets = pl.DataFrame(warehouse.execute(query, [oldest]).fetchall(), schema=polars_schema(OUTCOME_HOURS_LIVE), orient="row")
        try:
            return publish(warehouse, buckets, Recipe(folded.read_at, parameters, origin="follow", by="follow"), now)
        except Refused as error:
            if error.code != "nothing_to_score":
                raise
            return None


def differences_to_marts(app: Connection, warehouse: Connection, parameters: Parameters) -> pl.DataFrame:
    """Where the light path, over the very snapshot that landed, has other hour buckets than the marts; and where its own buckets are not its attempts'."""
    row = warehouse.execute("select snapshot, landed_at from raw.app_watermarks where table_name = 'payment_attempts'").fetchone()
    if row is None:
        return pl.DataFrame()
    since = row[1] - timedelta(seconds=parameters.window_seconds())
    since = since.replace(minute=0, second=0, microsecond=0)
    which = sql.SQL("a.intent_id in (select intent_id from app.payment_attempts where created_at >= {})").format(sql.Literal(since.isoformat()))
    told = outcomes(_resolved(app, which, row[0])).filter(pl.col("bucket_at") >= since)
    light = hours(told, parameters.half_life_seconds)
    marts = _hours(warehouse, "select * from payments.agg_outcome_hours where bucket_at >= %s", since)
    kept = _hours(warehouse, "select * from derived.payments__outcome_hours_live where bucket_at >= %s", since)
    counted = hours(_rows(warehouse, "select * from derived.payments__outcomes_live where bucket_at >= %s", [since]), parameters.half_life_seconds)
    return pl.concat([differences(light, marts), differences(kept, counted)])


def _changed_since(snapshot: str | None) -> sql.Composed:
    if snapshot is None:
        return sql.Composed([sql.SQL("true")])
    new = sql.SQL(_NEW).format(sql.Literal(snapshot))
    return sql.SQL("a.intent_id in ({})").format(sql.SQL(_NEWS).format(new=new))


def _resolved(app: Connection, which: sql.Composed, snapshot: str | None = None) -> pl.DataFrame:
    """What the service says of attempts; with a snapshot, what was visible in it."""
    seen = sql.SQL("true") if snapshot is None else sql.SQL("pg_visible_in_snapshot(a.txid, {}::pg_snapshot)").format(sql.Literal(snapshot))
    rows = app.execute(sql.SQL(_RESOLVED).format(which=which, seen=seen)).fetchall()
    return pl.DataFrame(rows, schema=_TOLD, orient="row")


def _merge(warehouse: Connection, changed: pl.DataFrame) -> None:
    """Add the changes to the buckets; one that counts nobody any more is gone."""
    if changed.is_empty():
        return
    warehouse.execute("create temporary table changed_hours (like derived.payments__outcome_hours_live) on commit drop")
    columns = OUTCOME_HOURS_LIVE.column_names()
    with warehouse.cursor() as cursor, cursor.copy("copy changed_hours from stdin") as copy:
        for row in changed.select(columns).iter_rows():
            copy.write_row(row)
    figures = [name for name in columns if name not in OUTCOME_HOUR_KEY]
    sums = sql.SQL(", ").join(sql.SQL("{0} = kept.{0} + excluded.{0}").format(sql.Identifier(name)) for name in figures)
    key = sql.SQL(", ").join(map(sql.Identifier, OUTCOME_HOUR_KEY))
    warehouse.execute(sql.SQL(_MERGE).format(changed=sql.Identifier("changed_hours"), key=key, sums=sums))
    emptied = "delete from derived.payments__outcome_hours_live where n_attempts = 0 and bucket_at in (select bucket_at from changed_hours)"
    warehouse.execute(emptied)
    warehouse.execute("drop table changed_hours")


def _watermark(warehouse: Connection) -> str | None:
    row = warehouse.execute("select snapshot from derived.payments__live_watermark where reader = %s", [_READER]).fetchone()
    return None if row is None else str(row[0])


def _rows(warehouse: Connection, query: str, parameters: list[Any]) -> pl.DataFrame:
    rows = [(str(row[0]), *row[1:]) for row in warehouse.execute(sql.SQL(query), parameters).fetchall()]
    return pl.DataFrame(rows, schema=polars_schema(OUTCOMES_LIVE), orient="row")


def _hours(warehouse: Connection, query: str, since: datetime) -> pl.DataFrame:
    return pl.DataFrame(warehouse.execute(sql.SQL(query), [since]).fetchall(), schema=polars_schema(OUTCOME_HOURS_LIVE), orient="row")
