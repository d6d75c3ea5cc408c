"""Files small enough to read in a test, and everything a landing may change."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

from assets.landing.doors import LandedFile
from pipelines.resources.warehouse import Warehouse

NOW = datetime(2026, 3, 3, 6, tzinfo=UTC)
Land = Callable[..., LandedFile]

HISTORY = b"Date,USD,JPY,\n2026-03-03,1.0842,161.55,\n2026-03-02,1.0810,161.2,\n"
STATEMENT = (
    b":20:START\n:25:DE89370400440532013000\n:28C:7/1\n:60F:C260301EUR100,00\n:61:2603020302C12,50NTRFREF//BANK-1\n:86:payout TX1XT batch 7\n"
    b":61:2602300302C1,00NTRFNONREF\n:62F:C260302EUR113,50\n-\n"
)
"""One entry that lands, one with an impossible date: 1.00 is missing from the moves, so the statement does not tie."""


def totals(warehouse: Warehouse) -> dict[str, list[tuple[Any, ...]]]:
    """Everything a landing may change, in comparable form (without when)."""
    queries: dict[str, Any] = {
        "files": """select sha256, name, source, report, account, version, state, rows_in, rows_landed, rows_rejected, rows_duplicate, refusal
                    from raw.source_files order by sha256""",
        "lines": "select _file_sha256, _source_line, amount_minor, description from raw.bank__statement_lines order by 1, 2",
        "statements": "select _file_sha256, _source_line, difference_minor from raw.bank__statements order by 1, 2",
        "settlement": "select _file_sha256, _source_line, kind, net_minor from raw.psp__settlement_lines order by 1, 2",
        "rates": "select rate_date, currency, rate::text, _file_sha256 from raw.fx__rates order by 1, 2, 4",
        "rejected": "select file_id::text, rejection_no, line, code from raw.rejected_rows order by 1, 2",
    }
    return {name: warehouse.read(query).rows() for name, query in queries.items()}
