"""Facts of a proof of player funds, made by hand: a few postings, lines and statements in the shapes the warehouse gives."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import UTC, date, datetime, timedelta
from typing import Any

import polars as pl

from assets.ledger.player_funds import BOOKS, FundsFacts
from assets.ledger.resource_differences import GAPS, ITEMS, STATEMENTS

DAY = date(2026, 3, 31)
NOON = datetime(2026, 3, 31, 12, tzinfo=UTC)
MOMENT = datetime(2026, 4, 1, 6, tzinfo=UTC)
IBAN, SHOP = "DE89", "EU"
RATES = pl.DataFrame(
    [(date(2026, 3, 30), "EUR", "USD", "1.25"), (date(2026, 4, 1), "EUR", "USD", "2")],
    schema={"rate_date": pl.Date(), "base_currency": pl.String(), "currency": pl.String(), "rate": pl.String()},
    orient="row",
)


def posting(account_class: str, minor: int, currency: str = "EUR", *, batch: str | None = None, kind: str = "any") -> dict[str, Any]:
    """Postings of one account, summed; resources lie at Adyen's shop, or on the one bank account."""
    holder, account = ("bank", IBAN) if account_class == "bank" else ("adyen", SHOP) if account_class.startswith("psp_") else ("", "")
    named = f"adyen:{SHOP}:{batch}" if batch else None
    found = {"account_class": account_class, "holder": holder, "account": account, "currency": currency}
    return found | {"batch_id": named, "kind": kind, "amount_minor": minor}


def item(key: str, source: str, minor: int, *, kind: str = "deposit", on: date = DAY, **other: Any) -> dict[str, Any]:
    """One item with where it ended. Account lines and payouts name their kind; a bank line is on the one bank account."""
    family = "player" if kind in ("deposit", "refund", "withdrawal") else "bank" if source == "bank" else "account"
    place = {"psp": None, "account": IBAN} if source == "bank" else {"psp": "adyen", "account": SHOP}
    base = {"item_key": key, "source": source, "kind": kind, "family": family, "currency": "EUR", "amount_minor": minor, **place}
    base |= {"disposition": "matched", "booked_on": on, "occurred_at": datetime(on.year, on.month, on.day, 12, tzinfo=UTC)}
    return base | other


def statement(opening: int, closing: int, on: date = DAY) -> dict[str, Any]:
    """A day's statement of the one bank account."""
    return {
        "bank_account": IBAN,
        "currency": "EUR",
        "statement_id": f"S{on}",
        "opening_minor": opening,
        "closing_minor": closing,
        "opening_date": on,
        "closing_date": on,
        "known_at": NOON + timedelta(hours=1),
    }


def facts(
    books: Sequence[Mapping[str, Any]],
    items: Sequence[Mapping[str, Any]] = (),
    statements: Sequence[Mapping[str, Any]] = (),
    gaps: Sequence[Mapping[str, Any]] = (),
    *,
    designated: frozenset[tuple[str, str]] = frozenset({("bank", IBAN), ("adyen", SHOP)}),
    day: date = DAY,
) -> FundsFacts:
    """What a proof is made from."""

    def frame(rows: Sequence[Mapping[str, Any]], shape: Mapping[str, pl.DataType]) -> pl.DataFrame:
        return pl.DataFrame([{name: row.get(name) for name in shape} for row in rows], schema=dict(shape))

    return FundsFacts(
        day=day,
        moment=MOMENT,
        reporting_currency="EUR",
        books=frame(books, BOOKS),
        items=frame(items, ITEMS),
        statements=frame(statements, STATEMENTS),
        gaps=frame(gaps, GAPS),
        designated=designated,
        rates=RATES,
    )
