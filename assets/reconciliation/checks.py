"""Does the certificate close, and does the engine's answer agree with itself. Asset checks that stop what is published from a wrong answer."""

from __future__ import annotations

import dagster as dg

from assets.reconciliation.tables import CERTIFICATE, GATES, ITEMS
from pipelines.asset_specs import key_of
from pipelines.resources.clock import Clock
from pipelines.resources.warehouse import Warehouse


@dg.asset_check(
    asset=key_of(CERTIFICATE),
    blocking=True,
    additional_deps=[key_of(ITEMS)],
    description="Per source, currency and day: what went in is matched, broken or ignored with a reason, in count and amount; and all of it went in.",
)
def certificate_closes(warehouse: dg.ResourceParam[Warehouse], clock: dg.ResourceParam[Clock]) -> dg.AssetCheckResult:
    """Adds the certificate up again and compares it with the items themselves: it does not believe the column `closes`.

    The trap: a run as of the past, when some of the items were not known. They are none of its business.
    """
    with warehouse.connect() as connection:
        open_lines, lost_lines, item_count = connection.execute(_OPEN_LINES, {"now": clock.now()}).fetchall()[0]
    counts = {"open_lines": int(open_lines), "lost_lines": int(lost_lines), "item_count": int(item_count)}
    return dg.AssetCheckResult(passed=open_lines == 0 and lost_lines == 0, metadata=counts)


@dg.asset_check(asset=key_of(GATES), description="Every gate of the run passed. One that did not is a break too, with its amount.")
def gates_passed(warehouse: dg.ResourceParam[Warehouse]) -> dg.AssetCheckResult:
    """Fails, as a warning, while a file, batch or statement does not add up on its own."""
    with warehouse.connect() as connection:
        failed = connection.execute(_FAILED_GATES).fetchall()
    lines = [f"{gate} {subject}: {count} failed" for gate, subject, count in failed[:_SHOWN]]
    return dg.AssetCheckResult(
        passed=not failed,
        severity=dg.AssetCheckSeverity.WARN,
        metadata={"failed": len(failed), "gates": dg.MetadataValue.md("\n\n".join(lines) or "none")},
    )


_SHOWN = 50
_FAILED_GATES = "select gate, subject, failed_count from derived.reconciliation__gates where not passed order by gate, subject"
_OPEN_LINES = """
with certified as (
    select source, currency, booked_on, sum(in_count) as in_count, sum(in_minor) as in_minor,
        sum(case when closes and in_count = matched_count + broken_count + ignored_count
                and in_minor = matched_minor + broken_minor + ignored_minor then 0 else 1 end) as open_lines
    from derived.reconciliation__certificate group by source, currency, booked_on
), items as (
    select source, currency, booked_on, count(*) as in_count, sum(amount_minor) as in_minor
    from intermediate.int_reconciliation__items
    where known_at <= coalesce((select max(as_of) from derived.reconciliation__certificate), %(now)s)
    group by source, currency, booked_on
)
select
    coalesce(sum(certified.open_lines), 0)::bigint as open_lines,
    count(*) filter (
        where certified.in_count is distinct from items.in_count or certified.in_minor is distinct from items.in_minor
    )::bigint as lost_lines,
    coalesce(sum(items.in_count), 0)::bigint as item_count
from certified full join items using (source, currency, booked_on)
"""
