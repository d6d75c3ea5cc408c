"""How is the proof of player funds told on a terminal: aligned text, amounts in major units. For `countroom funds`.

The trap: a second verdict beside that of the page. The sentence is the same one (funds_section.verdict).
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from assets.ledger.player_funds import FundsProof
from pipelines.reports.funds_section import verdict
from pipelines.reports.terminal.voice import Voice
from pipelines.reports.words import cause_of_funds, context_of
from pipelines.standing.text import Cells, aligned


def told_funds(proof: FundsProof, spoken: Voice) -> Iterator[str]:
    """The lines: totals by currency, what is owed, what covers it, why the two sides of a resource differ, what explains the surplus of the books."""
    yield spoken("player funds at the end of {day}, as known at {moment}", day=proof.day, moment=proof.moment)
    for name, title in (
        ("totals", spoken("surplus and shortfall (-) by currency; statements are what banks and PSPs say")),
        ("rates", spoken("In {currency}, at the reference rates of the ECB", currency=proof.reporting_currency)),
        ("liabilities", spoken("owed to players (books)")),
        ("resources", spoken("what covers it: designated accounts only")),
        ("differences", spoken("why statements and books differ (statement less books)")),
        ("house", spoken("what the surplus of the books is made of: all other accounts")),
    ):
        yield ""
        yield title
        yield from _rates(proof, spoken) if name == "rates" else _block(proof, name, spoken)
    yield ""
    yield spoken.plain(verdict(proof, spoken.language))


def _columns(name: str, spoken: Voice) -> Mapping[str, str]:
    """Of a table of the proof: column → what stands above it."""
    currency, books, statements = spoken("currency"), spoken("books"), spoken("statements")
    place = {"currency": currency, "component": spoken("line"), "holder": spoken("held by"), "account": spoken("account")}
    match name:
        case "totals":
            owed = {"currency": currency, "requirement_minor": spoken("owed"), "books_minor": books, "statement_minor": statements}
            surplus = {"books_surplus_minor": spoken("surplus by the books"), "statement_surplus_minor": spoken("surplus by statements")}
            return owed | surplus | {"unexplained_minor": spoken("unexplained")}
        case "liabilities":
            return {"currency": currency, "component": spoken("line"), "amount_minor": spoken("owed")}
        case "resources":
            return place | {"books_minor": books, "statement_minor": statements}
        case "differences":
            return place | {"cause": spoken("cause"), "amount_minor": spoken("statement less books"), "line_count": spoken("lines")}
        case _:
            return {"currency": currency, "account_class": spoken("class of accounts"), "amount_minor": spoken("adds to the surplus")}


def _block(proof: FundsProof, name: str, spoken: Voice) -> Iterator[str]:
    frame, columns = getattr(proof, name), _columns(name, spoken)
    if frame.is_empty():
        yield spoken("none")
        return
    rows: list[Cells] = [tuple(columns.values())]
    for row in frame.sort("currency", maintain_order=True).iter_rows(named=True):
        rows.append(tuple(_cell(proof, row, column, spoken) for column in columns))
    yield from aligned(rows, left=sum(not column.endswith(("_minor", "_count")) for column in columns))


def _cell(proof: FundsProof, row: Mapping[str, Any], column: str, spoken: Voice) -> str:
    value = row[column]
    if column.endswith("_minor"):
        return spoken.amount(value, row["currency"], proof.day)
    if column == "holder":
        return spoken("bank") if value == "bank" else str(value)
    context = cause_of_funds(value) if column == "cause" else context_of(column)
    return spoken.word(context, value) if context else spoken.count(value) if isinstance(value, int) else str(value)


def _rates(proof: FundsProof, spoken: Voice) -> Iterator[str]:
    head = (spoken("currency"), spoken("rate"), spoken("of"), spoken("owed"), spoken("statements"), spoken("surplus by statements"))
    yield from aligned([head, *(_rate(proof, row, spoken) for row in proof.totals.iter_rows(named=True))])


def _rate(proof: FundsProof, row: Mapping[str, Any], spoken: Voice) -> Sequence[str]:
    if row["rate"] is None:
        return (row["currency"], spoken("no rate"), "", "", "", "")
    amounts = (row[f"reporting_{name}_minor"] for name in ("requirement", "statement", "surplus"))
    told = (spoken.amount(minor, proof.reporting_currency, proof.day) for minor in amounts)
    return (row["currency"], spoken.language.printed(row["rate"]), spoken.day(row["rate_date"]), *told)
