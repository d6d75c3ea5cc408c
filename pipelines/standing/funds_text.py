"""How is the proof of player funds told on the command line: aligned text, amounts in major units. For `countroom funds`."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

from assets.ledger.player_funds import SHAPES, FundsProof
from pipelines.standing.text import aligned
from transactional.vocabulary.currencies import exponent_of
from transactional.vocabulary.money import format_minor

Cells = Sequence[str]


def told_funds(proof: FundsProof) -> Iterator[str]:
    """The lines: totals by currency, what is owed, what covers it, why the two sides of a resource differ, what explains the surplus of the books."""
    yield f"player funds at the end of {proof.day}, as known at {proof.moment:%Y-%m-%d %H:%M:%S} UTC"
    yield from _block(proof, "totals", _TOTALS, "surplus and shortfall (-) by currency; statements are what banks and PSPs say")
    yield from _rates(proof)
    yield from _block(proof, "liabilities", _LIABILITIES, "owed to players (books)")
    yield from _block(proof, "resources", _RESOURCES, "what covers it: designated accounts only")
    yield from _block(proof, "differences", _DIFFERENCES, "why statements and books differ (statement less books)")
    yield from _block(proof, "house", _HOUSE, "what the surplus of the books is made of: all other accounts")
    yield ""
    yield _verdict(proof)


def as_document(proof: FundsProof) -> dict[str, Any]:
    """For JSON: everything, amounts as integers of minor units beside their currency."""
    facts = {"day": proof.day, "moment": proof.moment, "reporting_currency": proof.reporting_currency}
    verdict = {"reporting_surplus_minor": proof.reporting_surplus_minor, "is_covered": proof.is_covered}
    return {**facts, **verdict, **{name: getattr(proof, name).to_dicts() for name in SHAPES}}


_TOTALS = {
    "ccy": "currency",
    "owed": "requirement_minor",
    "books": "books_minor",
    "statements": "statement_minor",
    "books surplus": "books_surplus_minor",
    "statement surplus": "statement_surplus_minor",
    "unexplained": "unexplained_minor",
}
_LIABILITIES = {"ccy": "currency", "component": "component", "owed": "amount_minor"}
_RESOURCES = {
    "ccy": "currency",
    "component": "component",
    "held by": "holder",
    "account": "account",
    "books": "books_minor",
    "statement": "statement_minor",
}
_DIFFERENCES = {
    "ccy": "currency",
    "component": "component",
    "held by": "holder",
    "account": "account",
    "cause": "cause",
    "difference": "amount_minor",
    "lines": "line_count",
}
_HOUSE = {"ccy": "currency", "class of account": "account_class", "adds": "amount_minor"}


def _block(proof: FundsProof, name: str, columns: dict[str, str], title: str) -> Iterator[str]:
    yield ""
    yield title
    frame = getattr(proof, name)
    if frame.is_empty():
        yield "none"
        return
    rows: list[Cells] = [tuple(columns)]
    for row in frame.sort("currency", maintain_order=True).iter_rows(named=True):
        rows.append(tuple(_cell(proof, row, column) for column in columns.values()))
    yield from aligned(rows, left=sum(not column.endswith(("_minor", "_count")) for column in columns.values()))


def _cell(proof: FundsProof, row: dict[str, Any], column: str) -> str:
    value = row[column]
    if not column.endswith("_minor"):
        return f"{value:,}" if isinstance(value, int) else str(value)
    return _amount(value, row["currency"], proof)


def _amount(minor: int, currency: str, proof: FundsProof) -> str:
    whole, mark, fraction = format_minor(abs(minor), exponent_of(currency, proof.day)).partition(".")
    return f"{'-' if minor < 0 else ''}{int(whole):,}{mark}{fraction}"


def _rates(proof: FundsProof) -> Iterator[str]:
    yield ""
    yield f"in {proof.reporting_currency}, at the ECB's reference rates"
    names = ("requirement", "statement", "surplus")
    rows: list[Cells] = [("ccy", "rate", "of", "owed", "statements", "surplus")]
    for row in proof.totals.iter_rows(named=True):
        amounts = [row[f"reporting_{name}_minor"] for name in names]
        told = ("no rate" if minor is None else _amount(minor, proof.reporting_currency, proof) for minor in amounts)
        rows.append((row["currency"], row["rate"] or "none", str(row["rate_date"] or "never"), *told))
    yield from aligned(rows)


def _verdict(proof: FundsProof) -> str:
    surplus = proof.reporting_surplus_minor
    open_points = f"; {proof.unexplained_count} currencies have unexplained differences" if proof.unexplained_count else ""
    if surplus is None:
        return f"no total in {proof.reporting_currency}: a currency has no rate{open_points}"
    word = "shortfall" if surplus < 0 else "surplus"
    return f"{word} over all currencies: {_amount(abs(surplus), proof.reporting_currency, proof)} {proof.reporting_currency}{open_points}"
