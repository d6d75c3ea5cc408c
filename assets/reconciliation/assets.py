"""The matching engine as assets: what it found over everything known, and what each day's end looked like. Shells; the engine is matching.py."""

# no postponed annotations here: dagster reads the type of `context` as it stands
import json
from collections.abc import Iterator
from datetime import date, datetime
from typing import TYPE_CHECKING

import dagster as dg
import polars as pl

from assets.reconciliation.breaks import EXPOSURE_SIGN, SENTENCES, BreakClass
from assets.reconciliation.day_ends import day_end, known_before
from assets.reconciliation.plots import cases_by_day, picture
from assets.reconciliation.tables import BREAK_CLASSES, BREAKS, CERTIFICATE, DAY_ENDS, DERIVED_TABLES, ITEMS
from pipelines.asset_specs import key_of, spec_of
from pipelines.failures import told_to_dagster
from pipelines.partitions import DAYS, end_of
from pipelines.resources.clock import Clock
from pipelines.resources.object_store import ObjectStore
from pipelines.resources.warehouse import Warehouse, replace
from pipelines.totals import totals_of

if TYPE_CHECKING:
    from assets.reconciliation.matching import Outcome

_INPUTS = (key_of(ITEMS), dg.AssetKey(["raw", "fx__rates"]), dg.AssetKey(["raw", "bank__statements"]))
_RATES = "select rate_date, base_currency, currency, rate::text as rate from staging.stg_fx__rates"
_STATEMENTS = """
select bank_account, currency, statement_id, opening_minor, closing_minor, moves_minor, opening_date, closing_date, _loaded_at as known_at
from staging.stg_bank__statements where opening_minor is not null and closing_minor is not null
"""


@dg.multi_asset(specs=[spec_of(table, deps=_INPUTS) for table in DERIVED_TABLES])
def reconciled(
    context: dg.AssetExecutionContext,
    warehouse: dg.ResourceParam[Warehouse],
    object_store: dg.ResourceParam[ObjectStore],
    clock: dg.ResourceParam[Clock],
) -> Iterator[dg.MaterializeResult[None]]:
    """Every item in one group, one break, or ignored with a reason; and the certificate that none was lost."""
    with told_to_dagster("reconciling", context.retry_number):
        outcome = _reconcile(warehouse, warehouse.read(ITEMS), clock.now())
        with warehouse.transaction() as connection:
            for table in DERIVED_TABLES:
                replace(connection, table, getattr(outcome, table.name.removeprefix("reconciliation__")))
            totals = {table.name: totals_of(connection, table.schema, table.name, table.column_names()).as_metadata() for table in DERIVED_TABLES}
        totals[BREAKS.name]["cases by day"] = dg.MetadataValue.md(picture(cases_by_day(outcome.groups, outcome.breaks)))
        totals[CERTIFICATE.name] |= _keep(outcome.certificate, object_store)
        for table in DERIVED_TABLES:
            yield dg.MaterializeResult(asset_key=key_of(table), metadata=totals[table.name])


@dg.asset(
    key=key_of(DAY_ENDS),
    partitions_def=DAYS,
    backfill_policy=dg.BackfillPolicy.single_run(),
    group_name="reconciliation",
    owners=list(spec_of(DAY_ENDS).owners),
    kinds={"python", "postgres"},
    description=spec_of(DAY_ENDS).description,
    metadata=spec_of(DAY_ENDS).metadata,
    deps=list(_INPUTS),
)
def reconciliation__day_ends(context: dg.AssetExecutionContext, warehouse: dg.ResourceParam[Warehouse]) -> dg.MaterializeResult[None]:
    """The engine's answer at the end of each day of the partition range, over what was known by then."""
    with told_to_dagster("looking back at day ends", context.retry_number):
        items, written = warehouse.read(ITEMS), 0
        for key in context.partition_keys:
            day = date.fromisoformat(key)
            outcome = _reconcile(warehouse, known_before(items, end_of(day)), end_of(day))
            written += warehouse.replace(DAY_ENDS, day_end(day, end_of(day), outcome.groups, outcome.breaks), partition=day)
            context.log.info(f"{key}: done")
        return dg.MaterializeResult(metadata={"dagster/row_count": written, "days": len(context.partition_keys)})


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

    return reconcile(items, run_context(as_of, warehouse.read(_RATES), warehouse.read(_STATEMENTS)))


def _keep(certificate: pl.DataFrame, store: ObjectStore) -> dict[str, dg.MetadataValue]:
    """The certificate as JSON in the object store, once per run of the engine: the same inputs give the same run id and the same bytes."""
    if certificate.is_empty():
        return {"closes": dg.MetadataValue.bool(True)}
    run_id = str(certificate["run_id"][0])
    body = {"run_id": run_id, "as_of": certificate["as_of"][0].isoformat(), "lines": certificate.drop("run_id", "as_of").to_dicts()}
    key = f"certificates/{run_id}.json"
    store.put_new(key, json.dumps(body, default=str, indent=1).encode())
    totals = certificate.select(pl.col("in_count", "matched_count", "broken_count", "ignored_count").sum()).row(0, named=True)
    facts = {"run id": run_id, "kept as": key, **{name.removesuffix("_count"): value for name, value in totals.items()}}
    return {
        "closes": dg.MetadataValue.bool(bool(certificate["closes"].all())),
        **{name: dg.MetadataValue.text(str(value)) for name, value in facts.items()},
    }
