"""A report that prints the account's balance after each row, as statements: opening, moves, closing. For the door; gate G6 then follows them.

The PSP's own account is an account like one at a bank, so it lands as raw.bank__statements does: one statement a currency, and another one from every
row on whose balance does not follow from the row before. The traps: a row lost in the middle that no total of the file would show, a download printed
newest first, and a row that could not be read (its money is in the next balance, so the jump names it).
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from typing import NamedTuple

import polars as pl

from assets.landing.bank.entries import frame_of
from assets.landing.parsed import LandingFrame, row_hash
from assets.landing.tables import STATEMENTS
from transactional.payments.money_kinds import MoneyKind

BALANCE = "_balance_minor"
"""The column of a report's lines that holds the balance after the row; it is not landed with them."""


class _Row(NamedTuple):
    line: int
    on: date
    moved: int
    balance: int


def statements_of(lines: pl.DataFrame) -> LandingFrame:
    """The statements of a report's usable lines, in file order. A line that moved nothing (information) adds nothing."""
    moved = pl.when(pl.col("kind") == MoneyKind.INFORMATION.value).then(0).otherwise(pl.col("net_minor").fill_null(0))
    told = lines.filter(pl.col(BALANCE).is_not_null()).select(
        "psp", "account", "report", "net_currency", "line_no", "booked_on", moved.alias("moved"), BALANCE
    )
    rows: list[dict[str, object]] = []
    for (psp, account, report, currency), part in told.group_by(["psp", "account", "report", "net_currency"], maintain_order=True):
        chain = _oldest_first([_Row(*row) for row in part.select("line_no", "booked_on", "moved", BALANCE).iter_rows()])
        opening = chain[0].balance - chain[0].moved
        for page in _pages(chain):
            rows.append(_statement(f"{psp} {account}", str(report), str(currency), opening, page, len(rows) + 1))
            opening = page[-1].balance
    return frame_of(STATEMENTS, rows)


def _oldest_first(rows: list[_Row]) -> list[_Row]:
    """The order in which the balances follow each other best: as printed, else the other way round."""
    other = rows[::-1]
    return other if len(_pages(other)) < len(_pages(rows)) else rows


def _pages(rows: Sequence[_Row]) -> list[list[_Row]]:
    """Stretches in which every balance follows from the one before."""
    pages: list[list[_Row]] = []
    for row in rows:
        if pages and pages[-1][-1].balance + row.moved == row.balance:
            pages[-1].append(row)
        else:
            pages.append([row])
    return pages


def _statement(account: str, report: str, currency: str, opening: int, page: list[_Row], number: int) -> dict[str, object]:
    closing, moves = page[-1].balance, sum(row.moved for row in page)
    name = f"{currency} from line {page[0].line:07}"
    return {
        "bank_account": account,
        "currency": currency,
        "report": report,
        "statement_id": name,
        "sequence": None,
        "opening_minor": opening,
        "closing_minor": closing,
        "opening_date": min(row.on for row in page),
        "closing_date": max(row.on for row in page),
        "entry_count": len(page),
        "moves_minor": moves,
        "difference_minor": closing - opening - moves,
        "line_no": number,
        "row_hash": row_hash([account, name, str(opening), str(closing), str(moves)]),
    }
