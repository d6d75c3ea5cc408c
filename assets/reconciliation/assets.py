"""The matching engine as assets: what it found over everything known, and what each day (so far, or at its end) looked like.

Shells; the engine is matching.py.
"""

# no postponed annotations here: dagster reads the type of `context` as it stands
import json
from collections.abc import Iterator
from dataclasses import replace as changed
from datetime import date, datetime
from typing import TYPE_CHECKING

import dagster as dg
import polars as pl
from pydantic import Field

from assets.reconciliation.breaks import EXPOSURE_SIGN, SENTENCES, BreakClass
from assets.reconciliation.day_ends import day_end, days_of, known_before
from assets.reconciliation.plots import cases_by_day, picture, sketch
from assets.reconciliation.suggestions.confirmed import CONFIRMED, as_accepted
from assets.reconciliation.suggestions.confirmed import told as told_of_confirmed
from assets.reconciliation.suggestions.search import suggested
from assets.reconciliation.suggestions.tables import ACCEPTED_MATCHES, SUGGESTIONS
from assets.reconciliation.tables import BREAK_CLASSES, BREAK_THREADS, BREAKS, CERTIFICATE, DAY_ENDS, DERIVED_TABLES, ITEMS, THREAD_MEMBERS
from pipelines.asset_specs import key_of, spec_of
from pipelines.failures import told_to_dagster
from pipelines.partitions import end_of
from pipelines.resources.clock import Clock
from pipelines.resources.close_desk import CloseDesk
from pipelines.resources.object_store import ObjectStore
from pipelines.resources.warehouse import Warehouse, replace
from pipelines.totals import totals_of
from transactional.reconciliation.service_levels import REPORTING_CURRENCY

if TYPE_CHECKING:
    from assets.reconciliation.matching import Outcome
    from assets.reconciliation.threads import Threads

_INPUTS = (key_of(ITEMS), *(dg.AssetKey(["raw", name]) for name in ("fx__rates", "bank__statements", "app__close_events", "app__match_events")))
_RATES = "select rate_date, base_currency, currency, rate::text as rate from staging.stg_fx__rates"
_STATEMENTS = """
select bank_account, currency, statement_id, opening_minor, closing_minor, moves_minor, opening_date, closing_date, _loaded_at as known_at
from staging.stg_bank__statements where opening_minor is not null and closing_minor is not null
"""


# Closes with two signatures that nobody re-opened, as far as was recorded by then: closes.closed_days in SQL.
_CLOSED = """
select psp, business_date, watermark_at from raw.app__close_events as frozen
where kind = 'frozen' and recorded_at <= $1::timestamptz
    and 2 <= (select count(*) from raw.app__close_events as s where s.close_id = frozen.close_id and s.kind = 'signed' and s.recorded_at <= $1::timestamptz)
    and not exists (
        select from raw.app__close_events as r where r.close_id = frozen.close_id and r.kind = 'reopened' and r.recorded_at <= $1::timestamptz)
order by psp, business_date, watermark_at
"""
_WRITTEN = (*DERIVED_TABLES, DAY_ENDS, BREAK_THREADS, THREAD_MEMBERS, SUGGESTIONS, ACCEPTED_MATCHES)


@dg.multi_asset(specs=[spec_of(table, deps=_INPUTS) for table in _WRITTEN])
def reconciled(
    context: dg.AssetExecutionContext,
    warehouse: dg.ResourceParam[Warehouse],
    object_store: dg.ResourceParam[ObjectStore],
    clock: dg.ResourceParam[Clock],
) -> Iterator[dg.MaterializeResult[None]]:
    """Every item in one group, one break, or ignored with a reason; the certificate that none was lost; and the day as it stands so far."""
    with told_to_dagster("reconciling", context.retry_number):
        items = warehouse.read(ITEMS)
        as_of = clock.now()
        outcome = _reconcile(warehouse, items, as_of)
        so_far = _day_so_far(warehouse, items, as_of, outcome)
        followed = _followed(warehouse, items, as_of, outcome)
        suggestions = suggested(items, outcome.dispositions, outcome.breaks)
        confirmed = told_of_confirmed(warehouse.read(CONFIRMED, [as_of.isoformat()]), outcome.dispositions, outcome.groups)
        with warehouse.transaction() as connection:
            for table in DERIVED_TABLES:
                replace(connection, table, getattr(outcome, table.name.removeprefix("reconciliation__")))
            replace(connection, DAY_ENDS, so_far, partition=as_of.date())
            replace(connection, BREAK_THREADS, followed.threads)
            replace(connection, THREAD_MEMBERS, followed.members)
            replace(connection, SUGGESTIONS, suggestions)
            replace(connection, ACCEPTED_MATCHES, confirmed)
            totals = {table.name: totals_of(connection, table.schema, table.name, table.column_names()).as_metadata() for table in _WRITTEN}
        by_day = cases_by_day(outcome.groups, outcome.breaks)
        totals[BREAKS.name] |= {"cases by day": dg.MetadataValue.md(sketch(by_day)), "cases by day, large": dg.MetadataValue.md(picture(by_day))}
        totals[CERTIFICATE.name] |= _keep(outcome.certificate, object_store)
        totals[DAY_ENDS.name] = {"dagster/row_count": dg.MetadataValue.int(so_far.height), "day": dg.MetadataValue.text(as_of.date().isoformat())}
        for table in _WRITTEN:
            yield dg.MaterializeResult(asset_key=key_of(table), metadata=totals[table.name])


class DayRange(dg.Config):
    """Which day ends to tell again."""

    first_day: str = Field(description="ISO date. Days before the first known item are told as empty, which costs a second each.")
    last_day: str = Field(description="ISO date, inclusive. A day that is not over is refused: nothing could be known yet of what is left of it.")


@dg.op(description="What each day's end looked like, with what was known by then: replaces those days and no other.")
def tell_day_ends(context: dg.OpExecutionContext, config: DayRange, warehouse: dg.ResourceParam[Warehouse], clock: dg.ResourceParam[Clock]) -> None:
    """The engine's answer at the end of each day of the range. One run may tell many days: reading is paid once."""
    with told_to_dagster("looking back at day ends", context.retry_number):
        days, written = days_of(config.first_day, config.last_day, clock.now()), 0
        items = warehouse.read(ITEMS)
        for day in days:
            outcome = _reconcile(warehouse, known_before(items, end_of(day)), end_of(day))
            written += warehouse.replace(DAY_ENDS, day_end(day, end_of(day), outcome.groups, outcome.breaks), partition=day)
            context.log.info(f"{day}: done")
    told = f"{config.first_day} to {config.last_day}" if len(days) > 1 else config.first_day
    context.log_event(dg.AssetMaterialization(key_of(DAY_ENDS), metadata={"dagster/row_count": written, "day": told, "days": len(days)}))


@dg.op(description="Freezes the days that were asked for over HTTP, and says of each request what came of it.")
def carry_out_closes(context: dg.OpExecutionContext, close_desk: dg.ResourceParam[CloseDesk]) -> None:
    """A day that cannot be frozen fails nothing: its request says why."""
    with told_to_dagster("closing days that were asked for", context.retry_number):
        for told in close_desk.carry_out(context.log.info):
            context.log.info(told)


@dg.multi_asset(specs=[spec_of(BREAK_CLASSES)])
def break_classes(warehouse: dg.ResourceParam[Warehouse]) -> dg.MaterializeResult[None]:
    """The engine's words for what can be wrong, as SQL may use them."""
    rows = [(each.value, EXPOSURE_SIGN[each], SENTENCES[each]) for each in BreakClass]
    schema = {"break_class": pl.String(), "exposure_sign": pl.Int32(), "sentence": pl.String()}
    written = warehouse.replace(BREAK_CLASSES, pl.DataFrame(rows, schema=schema, orient="row"))
    return dg.MaterializeResult(asset_key=key_of(BREAK_CLASSES), metadata={"dagster/row_count": written})


def _reconcile(warehouse: Warehouse, items: pl.DataFrame, as_of: datetime) -> "Outcome":
    from assets.reconciliation.matching import reconcile
    from assets.reconciliation.terms import run_context

    closed: dict[str, tuple[tuple[date, datetime], ...]] = {}
    for psp, day, watermark in warehouse.read(_CLOSED, [as_of.isoformat()]).iter_rows():
        closed[psp] = (*closed.get(psp, ()), (day, watermark))
    context = run_context(as_of, warehouse.read(_RATES), warehouse.read(_STATEMENTS), closed)
    return reconcile(items, changed(context, accepted=as_accepted(warehouse.read(CONFIRMED, [as_of.isoformat()]))))


def _day_so_far(warehouse: Warehouse, items: pl.DataFrame, as_of: datetime, outcome: "Outcome") -> pl.DataFrame:
    """The day the run is in, as it stands. A run as of an earlier day knows more than that day could: the engine is asked again."""
    known = known_before(items, end_of(as_of.date()))
    told = outcome if known.height == items.height else _reconcile(warehouse, known, as_of)
    return day_end(as_of.date(), as_of, told.groups, told.breaks)


def _followed(warehouse: Warehouse, items: pl.DataFrame, as_of: datetime, outcome: "Outcome") -> "Threads":
    """The breaks of this run as the threads people work on: continued, opened, or ended with the line that healed them."""
    from assets.reconciliation.healing import told_by_lines, with_reporting_amounts
    from assets.reconciliation.threads import Threads, follow

    run_id = "" if outcome.certificate.is_empty() else str(outcome.certificate["run_id"][0])
    before = Threads(warehouse.read(BREAK_THREADS), warehouse.read(THREAD_MEMBERS))
    followed = follow(before, outcome.breaks, outcome.dispositions, as_of, run_id, REPORTING_CURRENCY)
    told = told_by_lines(followed, outcome.dispositions, items, run_id)
    return with_reporting_amounts(told, warehouse.read(_RATES), REPORTING_CURRENCY)


def _keep(certificate: pl.DataFrame, store: ObjectStore) -> dict[str, dg.MetadataValue]:
    """The certificate as JSON in the object store, once per run of the engine: the same inputs give the same run id and the same bytes."""
    if certificate.is_empty():
        return {"closes": dg.MetadataValue.bool(True)}
    run_id = str(certificate["run_id"][0])
    body = {"run_id": run_id, "as_of": certificate["as_of"][0].isoformat(), "lines": certificate.drop("run_id", "as_of").to_dicts()}
    key = f"certificates/{run_id}.json"
    store.put_new(key, json.dumps(body, default=str, indent=1).encode())
    totals = certificate.select(pl.col("in_count", "matched_count", "broken_count", "ignored_count").sum()).row(0, named=True)
    return {
        "closes": dg.MetadataValue.bool(bool(certificate["closes"].all())),
        "run id": dg.MetadataValue.text(run_id),
        "kept as": dg.MetadataValue.text(key),
        # numbers, so that the asset's page plots them over the runs
        **{name.removesuffix("_count"): dg.MetadataValue.int(int(value)) for name, value in totals.items()},
    }
