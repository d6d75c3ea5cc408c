"""A file of a casino that has run, as its PSP sends it again with one corrected amount. For the tests of closed days."""

from __future__ import annotations

import csv
import io
from datetime import date
from decimal import Decimal
from pathlib import Path
from typing import Any

from pipelines.resources.warehouse import Warehouse

AMOUNTS = ("Main Amount", "Captured (PC)")
_LINE = """
select file_name, line_no, event_date, cases.account, cases.currency from reconciliation.fct_item_dispositions as items
inner join reconciliation.fct_cases as cases on items.case_id = cases.case_id
where items.source = 'activity' and cases.psp = 'adyen' and cases.status = 'matched' and cases.hops = 'ledger+attempt+activity+settlement'
    and items.kind = 'deposit' and cases.currency = 'EUR' and cases.event_date <= $1::date
    and items.file_name in (select file_name from reconciliation.fct_item_dispositions where source = 'activity' group by 1 having max(file_version) = 1)
order by cases.event_date desc, items.item_key limit 1
"""


def line_by(warehouse: Warehouse, day: date) -> dict[str, Any]:
    """The last deposit up to a day that agrees in every hop, in a file that came once."""
    (line,) = warehouse.read(_LINE, [day.isoformat()]).to_dicts()
    return line


def restated(path: Path, line_no: int) -> bytes:
    """The file as the PSP sends it again: one captured amount is one unit higher."""
    rows = list(csv.reader(io.StringIO(path.read_text())))
    for column in map(rows[0].index, AMOUNTS):
        rows[line_no - 1][column] = f"{Decimal(rows[line_no - 1][column]) + 1}"
    out = io.StringIO()
    csv.writer(out, lineterminator="\n").writerows(rows)
    return out.getvalue().encode()
