"""What is wrong, in words of two tables: who says what about which key. Pure; for comparison.py.

The engine's own sentences speak of ledgers and PSPs; here the two sides have the names the reader gave them. The amounts told are summed from the rows
of the break, so that the sentence can be checked against the lines below it.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import polars as pl

from assets.reconciliation.breaks import BreakClass
from transactional.vocabulary.currencies import PERIODS
from transactional.vocabulary.money import format_minor

# For the reader of a list of classes: one short line each. {left} and {right} are the sides' names.
GLOSSES: Mapping[str, str] = {
    BreakClass.MISSING_IN_LEDGER: "only in {right}",
    BreakClass.MISSING_IN_SETTLEMENT: "only in {left}",
    BreakClass.MISSING_AT_PSP: "only in {left}",
    BreakClass.TIMING_OPEN: "only in {left}, still inside its waiting time",
    BreakClass.CHARGEBACK_UNPOSTED: "charged back in {right} of a payment that is known, not in {left}",
    BreakClass.ORPHAN_CHARGEBACK: "charged back in {right} of a payment that neither side knows",
    BreakClass.REVERSAL_UNPOSTED: "a chargeback reversed in {right}, not in {left}",
    BreakClass.DUPLICATE_LEDGER: "more often in {left} than in {right}",
    BreakClass.DUPLICATE_PSP: "more often in {right} than in {left}",
    BreakClass.DUPLICATE_FILE: "the same line id again in {right}",
    BreakClass.AMOUNT: "on both sides, another amount",
    BreakClass.EXPONENT: "on both sides, off by a power of ten",
    BreakClass.SIGN: "on both sides, the opposite sign",
    BreakClass.CURRENCY: "on both sides, another currency",
    BreakClass.ROW_ARITHMETIC: "amount less fee is not net in {right}",
    BreakClass.RESTATED: "the same line id with other content in another file",
    BreakClass.UNKNOWN_KIND: "of a kind the map does not know",
    BreakClass.AMBIGUOUS_GROUP: "fits in more than one way, so not matched",
}

_SENTENCES: Mapping[str, str] = {
    BreakClass.MISSING_IN_LEDGER: "{key} of {amount} is in {right}, not in {left}.",
    BreakClass.MISSING_IN_SETTLEMENT: "{key} of {amount} is in {left}, not in {right} by {due}.",
    BreakClass.MISSING_AT_PSP: "{key} of {amount} is in {left}, not in {right} by {due}.",
    BreakClass.TIMING_OPEN: "{key} of {amount} is in {left}; it may come in {right} until {due}.",
    BreakClass.CHARGEBACK_UNPOSTED: "{amount} of {key} was taken back in {right}, of a payment that is known; not so in {left}.",
    BreakClass.ORPHAN_CHARGEBACK: "{amount} of {key} was taken back in {right}, of a payment that is on neither side.",
    BreakClass.REVERSAL_UNPOSTED: "{amount} of the chargeback of {key} was given back in {right}, not so in {left}.",
    BreakClass.DUPLICATE_LEDGER: "{key} is more often in {left} than in {right}: {rows} too many, {amount}.",
    BreakClass.DUPLICATE_PSP: "{key} is more often in {right} than in {left}: {rows} too many, {amount}.",
    BreakClass.DUPLICATE_FILE: "{key} is in {right} again under the same line id: {rows} too many, {amount}.",
    BreakClass.AMOUNT: "{key} differs by {amount}: {both}.",
    BreakClass.EXPONENT: "{key} is off by a power of ten: {both}.",
    BreakClass.SIGN: "{key} has opposite signs: {both}.",
    BreakClass.CURRENCY: "{key} is in different currencies: {both}.",
    BreakClass.ROW_ARITHMETIC: "{key} in {right}: net is {amount} away from amount less fee ({parts}).",
    BreakClass.RESTATED: "{key} is in another file with other content; the difference is {amount}.",
    BreakClass.UNKNOWN_KIND: "{key} of {amount} is of a kind the map does not name.",
    BreakClass.AMBIGUOUS_GROUP: "{rows} around {key} fit each other in more than one way; {amount} was not placed.",
}


@dataclass(frozen=True, slots=True)
class Names:
    """What the sides are called, and whether kinds and dates are worth naming (a map that says nothing about kinds has one)."""

    left: str
    right: str
    tells_kinds: bool = False
    tells_dates: bool = True


def exponent(currency: str) -> int:
    """Decimals of a currency as amounts are shown with; 0 for a code nobody knows."""
    periods = PERIODS.get(currency)
    return periods[-1].exponent if periods else 0


def money(minor: int, currency: str) -> str:
    """An amount as a person reads it: 1,234.50 EUR."""
    whole, mark, fraction = format_minor(abs(minor), exponent(currency)).partition(".")
    return f"{'-' if minor < 0 else ''}{int(whole):,}{mark}{fraction} {currency}"


def gloss(break_class: str, names: Names) -> str:
    """What a class means between these two."""
    return GLOSSES.get(break_class, break_class.replace("_", " ")).format(left=names.left, right=names.right)


def explained(breaks: pl.DataFrame, rows: pl.DataFrame, names: Names) -> pl.DataFrame:
    """The engine's breaks with a sentence of these two tables each, sorted by class, currency, key. Shape: see Comparison.breaks."""
    members: dict[str, list[dict[str, Any]]] = {}
    for row in rows.filter(pl.col("break_id").is_not_null()).iter_rows(named=True):
        members.setdefault(row["break_id"], []).append(row)
    told = [_told(each, members.get(each["break_id"], []), names) for each in breaks.iter_rows(named=True)]
    schema = {
        "break_id": pl.String(),
        "break_class": pl.String(),
        "sub_class": pl.String(),
        "counts_as_break": pl.Boolean(),
        "currency": pl.String(),
        "amount_minor": pl.Int64(),
        "event_date": pl.Date(),
        "due_on": pl.Date(),
        "row_count": pl.Int64(),
        "key": pl.String(),
        "explanation": pl.String(),
    }
    return pl.DataFrame(told, schema=schema).sort("break_class", "currency", "key", "break_id")


def _told(found: dict[str, Any], members: list[dict[str, Any]], names: Names) -> dict[str, Any]:
    key = min((row["key"] for row in members), default="")  # the same whichever side is called left
    kind = members[0]["kind"].replace("_", " ") + " " if members and names.tells_kinds else ""
    words = {
        "left": names.left,
        "right": names.right,
        "key": f"{kind}{key}",
        "amount": money(found["amount_minor"], found["currency"]),
        "due": str(found["due_on"] or ""),
        "rows": f"{len(members)} {'row' if len(members) == 1 else 'rows'}",
        "both": f"{names.left} {_sum_of(members, 'left')}, {names.right} {_sum_of(members, 'right')}",
        "parts": _parts(members),
    }
    sentence = _SENTENCES.get(found["break_class"], "").replace(" by {due}", " by {due}" if names.tells_dates else "")
    wanted = ("break_id", "break_class", "sub_class", "counts_as_break", "currency", "amount_minor", "event_date", "due_on")
    explanation = sentence.format(**words) if sentence else found["explanation"]
    return {name: found[name] for name in wanted} | {"row_count": len(members), "key": key, "explanation": explanation}


def _sum_of(members: list[dict[str, Any]], side: str) -> str:
    sums: dict[str, int] = {}
    for row in members:
        if row["side"] == side:
            sums[row["currency"]] = sums.get(row["currency"], 0) + row["amount_minor"]
    return " and ".join(money(minor, currency) for currency, minor in sorted(sums.items())) or "nothing"


def _parts(members: list[dict[str, Any]]) -> str:
    printed = [row for row in members if row["net_minor"] is not None]
    return "; ".join(
        f"amount {money(row['amount_minor'], row['currency'])}, fee {money(row['fee_minor'], row['currency'])}, net {money(row['net_minor'], row['currency'])}"
        for row in printed
    )
