"""Which days are closed, by whom, and what stands in the way of the others: the calendar of closes, read from its mart. For `countroom close --calendar`."""

from __future__ import annotations

from datetime import date
from typing import Any

from pipelines.resources.warehouse import Warehouse
from pipelines.standing.state import nothing_published

_KNOWN = "select to_regclass('reconciliation.agg_close_calendar') is not null as known"
_DAYS = """
select calendar.psp, calendar.business_date, calendar.state, calendar.is_blocked, calendar.missing_file_count, calendar.open_gate_count,
    calendar.break_above_limit_count, calendar.close_id, calendar.watermark_at, closes.frozen_by, closes.first_signer, closes.second_signer
from reconciliation.agg_close_calendar as calendar
left join reconciliation.fct_closes as closes on closes.close_id = calendar.close_id
where ($1::text is null or calendar.psp = $1) and ($2::date is null or calendar.business_date <= $2::date)
order by calendar.business_date desc, calendar.psp
"""


def calendar(warehouse: Warehouse, psp: str | None = None, until: date | None = None) -> list[dict[str, Any]]:
    """Days of PSPs, newest first, with what blocks each. Raises: Refused (`nothing_published`) before the first run."""
    if not warehouse.read(_KNOWN)["known"][0]:
        raise nothing_published()
    return warehouse.read(_DAYS, [psp, until.isoformat() if until else None]).to_dicts()
