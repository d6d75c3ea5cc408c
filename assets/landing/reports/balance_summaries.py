"""A PSP's summary of our balance over some days, as statements: opening, moves, closing. For the door; gate G6 and the PSP wallets follow them.

Such a file has no lines of money, only one row per category and currency, and says nowhere of which days it is: its name does. The traps: a summary of a
month taken for the day on which it was downloaded (a name without a day is refused), and a category that nobody expects, which would be left out of the
moves and make the summary look wrong, or right by accident (refused, by name).

Raises: ContractBroken naming the file, the line and what was expected.
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Mapping
from datetime import date

from assets.landing.bank.entries import frame_of
from assets.landing.parsed import LandingFrame, row_hash
from assets.landing.tables import STATEMENTS
from assets.landing.tabular import Sheet
from transactional.payments.psps.spec import BalanceSummary, PspSpec
from transactional.vocabulary.errors import ContractBroken, InputRejected, Place
from transactional.vocabulary.money import parse_minor

_DAYS = re.compile(r"(\d{4}-\d{2}-\d{2})(?:[_.-]+(?:to[_.-]+)?(\d{4}-\d{2}-\d{2}))?(?=\D*$)")


def is_summary(sheet: Sheet, summary: BalanceSummary) -> bool:
    """Whether the header is that of the summary, and of nothing more."""
    return set(sheet.headers) == summary.required


def summaries_of(sheet: Sheet, spec: PspSpec, summary: BalanceSummary, account: str, name: str) -> LandingFrame:
    """One statement per currency, under `<psp> <account>`. Its opening date is the first day of the interval, its closing date the last."""
    first, last = interval_of(name)
    amounts: dict[str, dict[str, int]] = defaultdict(dict)
    places: dict[str, int] = {}
    for line, category, text, printed in _rows(sheet, summary):
        place = Place(name, line, summary.category)
        currency = printed.upper()
        if category not in summary.categories:
            raise ContractBroken(f"'{category}' is no category of a {summary.name}", code="unknown_category", place=place)
        if category in amounts[currency]:
            raise ContractBroken(f"'{category}' stands twice in {currency}", code="repeated_category", place=place)
        amounts[currency][category] = _minor(text, currency, spec, last, Place(name, line, summary.amount))
        places.setdefault(currency, line)
    rows = []
    for currency, told in sorted(amounts.items()):
        if not {summary.opening, summary.closing} <= told.keys():
            message = f"{currency} lacks its {summary.opening} or its {summary.closing}"
            raise ContractBroken(message, code="incomplete_summary", place=Place(name, places[currency], summary.category))
        rows.append(_statement(f"{spec.psp} {account}", summary, currency, told, (first, last), places[currency]))
    return frame_of(STATEMENTS, rows)


def _rows(sheet: Sheet, summary: BalanceSummary) -> list[tuple[int, str, str, str]]:
    columns = (sheet.column(header) for header in (summary.category, summary.amount, summary.currency))
    return list(zip(sheet.lines, *columns, strict=True))


def interval_of(name: str) -> tuple[date, date]:
    """The days a report of a balance is of, by its name: one day, or the first and the last. Raises: ContractBroken (`no_interval`)."""
    found = _DAYS.search(name)
    try:
        first, last = (date.fromisoformat(text or found.group(1)) for text in found.groups()) if found else (date.max, date.min)
    except ValueError:
        first, last = date.max, date.min
    if last < first:
        message = "a report of a balance says of which days it is by its name only, as balance_summary_2026-01-31.csv"
        raise ContractBroken(message, code="no_interval", place=Place(name))
    return first, last


def _minor(text: str, currency: str, spec: PspSpec, on: date, place: Place) -> int:
    try:
        return spec.house_minor(parse_minor(text, spec.exponent(currency, on)), currency, on)
    except InputRejected as error:
        raise ContractBroken(error.message, code=error.code, place=place) from error


def _statement(
    account: str, summary: BalanceSummary, currency: str, told: Mapping[str, int], days: tuple[date, date], line: int
) -> dict[str, object]:
    opening, closing = told[summary.opening], told[summary.closing]
    moves = sum(minor for category, minor in told.items() if category not in (summary.opening, summary.closing))
    first, last = days
    name = f"{currency} {first}" if first == last else f"{currency} {first} to {last}"
    return {
        "bank_account": account,
        "currency": currency,
        "report": summary.name,
        "statement_id": name,
        "sequence": None,
        "opening_minor": opening,
        "closing_minor": closing,
        "opening_date": first,
        "closing_date": last,
        "entry_count": len(told) - 2,
        "moves_minor": moves,
        "difference_minor": closing - opening - moves,
        "line_no": line,
        "row_hash": row_hash([account, name, str(opening), str(closing), str(moves)]),
    }
