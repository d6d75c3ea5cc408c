"""What stands beside a day's standing in its report, read from the warehouse: trend, player funds, whose the breaks are.
For `countroom report` and the schedule.

The trap: a day printed as it was signed, with the work of the week after in it. A report of a signed day carries what was known then, and no threads: who
works on what is a matter of today.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, datetime

import polars as pl

from assets.reconciliation.standing.day import Standing
from pipelines.reports.day_report import DayReport
from pipelines.resources.warehouse import Warehouse
from pipelines.standing.funds_standing import funds_as_known_at
from transactional.reconciliation.closes import Close

_TREND = """
select day_end_date, sum(matched_count)::bigint as matched_count, sum(broken_count)::bigint as broken_count, sum(open_count)::bigint as open_count
from reconciliation.agg_day_end_status
where day_end_date <= $1::date and as_of <= $2::timestamptz and ($3::text is null or psp = $3)
group by day_end_date order by day_end_date
"""
_THREADS = """
select break_id, state, owner, root_cause, note_count, evidence_count, due_at, is_overdue
from reconciliation.fct_break_threads where is_open and ($1::text is null or psp = $1) order by break_id
"""


def gathered(warehouse: Warehouse, standing: Standing, close: Close | None = None, changed: Mapping[str, pl.DataFrame] | None = None) -> DayReport:
    """The report of a standing. `close` without `changed`: the day as it was signed.

    Player funds ask the engine a second time, so this is not for a line of text.
    """
    facts, is_signed = standing.facts, close is not None and changed is None
    trend = warehouse.read(_TREND, [facts["day"], facts["as_of"], facts["psp"]])
    threads = None if is_signed else warehouse.read(_THREADS, [facts["psp"]])
    funds = funds_as_known_at(warehouse, date.fromisoformat(str(facts["day"])), datetime.fromisoformat(str(facts["as_of"])))
    return DayReport(standing, close, changed, funds, trend, threads)
