"""The proof of player funds as a part of a day's page, and its tables for workbooks. Only told here; assets/ledger/player_funds.py proves.

The trap: one green word over seven currencies. The total in the reporting currency says whether players are covered; below it every currency stands
with its own surplus or shortfall, every line that makes it up, and every cause by which the books and a bank or PSP part.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from html import escape
from typing import Any

import polars as pl

from assets.ledger.player_funds import SHAPES, FundsProof
from pipelines.reports.language import Language
from pipelines.reports.page import heading, table
from pipelines.reports.words import cause_of_funds, word


def section(proof: FundsProof, language: Language) -> Iterator[str]:
    """The verdict; totals by currency; what is owed, what covers it, why the two sides differ, and what the surplus of the books is made of."""
    known = language("End of {day}, with what was known at {moment}. Only accounts designated for players count.", day=proof.day, moment=proof.moment)
    yield f'<p class="soft">{escape(known)}</p>'
    yield f'<p class="{"good" if proof.is_covered else "bad"}">{escape(verdict(proof, language))}</p>'
    yield _totals(proof, language)
    yield from _converted(proof, language)
    yield heading(language("Owed to players"), "funds-owed", 3) + _owed(proof, language)
    yield heading(language("What covers it"), "funds-cover", 3) + _cover(proof, language)
    yield heading(language("Why books and statements differ"), "funds-differ", 3) + _differences(proof, language)
    yield heading(language("What the surplus of the books is made of"), "funds-house", 3) + _house(proof, language)


def frames(proof: FundsProof) -> Mapping[str, pl.DataFrame]:
    """The tables of the proof by the name of their sheet: integers in minor units beside their currency."""
    return {f"funds_{name}": getattr(proof, name) for name in SHAPES}


def verdict(proof: FundsProof, language: Language) -> str:
    """Whether players are covered, over all currencies, in words."""
    surplus, currency = proof.reporting_surplus_minor, proof.reporting_currency
    if surplus is None:
        text = language("There is no total in {currency}: a currency has no rate.", currency=currency)
    elif surplus < 0:
        text = language("Shortfall over all currencies: {amount}.", amount=language.money(-surplus, currency, proof.day))
    else:
        text = language("Surplus over all currencies: {amount}.", amount=language.money(surplus, currency, proof.day))
    if proof.unexplained_count:
        text += " " + language("Currencies with differences that nothing explains: {count}.", count=proof.unexplained_count)
    return text


def _totals(proof: FundsProof, language: Language) -> str:
    names = ("requirement_minor", "books_minor", "statement_minor", "books_surplus_minor", "statement_surplus_minor", "unexplained_minor")
    head = [language("currency"), language("owed"), language("books"), language("statements")]
    head += [language("surplus by the books"), language("surplus by statements"), language("unexplained")]
    rows = ((row["currency"], *_amounts(row, names, proof, language)) for row in proof.totals.iter_rows(named=True))
    return table(head, rows, figures=6, label=language("Surplus or shortfall by currency"))


def _converted(proof: FundsProof, language: Language) -> Iterator[str]:
    told = language("In {currency}, at the reference rates of the ECB", currency=proof.reporting_currency)
    head = (language("currency"), language("rate"), language("of"), language("owed"), language("statements"), language("surplus by statements"))
    yield heading(told, "funds-converted", 3)
    yield table(head, (_rate(row, proof, language) for row in proof.totals.iter_rows(named=True)), figures=3, label=told)


def _rate(row: Mapping[str, Any], proof: FundsProof, language: Language) -> Sequence[str]:
    if row["rate"] is None:
        return (row["currency"], language("no rate"), "", "", "", "")
    amounts = (row[f"reporting_{name}_minor"] for name in ("requirement", "statement", "surplus"))
    told = (language.amount(minor, proof.reporting_currency, proof.day) for minor in amounts)
    return (row["currency"], language.printed(row["rate"]), language.date(row["rate_date"]), *told)


def _owed(proof: FundsProof, language: Language) -> str:
    head = (language("currency"), language("line"), language("owed"))
    rows = (
        (row["currency"], word("funds line", row["component"], language), *_amounts(row, ("amount_minor",), proof, language))
        for row in proof.liabilities.iter_rows(named=True)
    )
    return table(head, rows, figures=1, label=language("Owed to players"))


def _place(row: Mapping[str, Any], language: Language) -> tuple[str, ...]:
    holder = language("bank") if row["holder"] == "bank" else row["holder"]
    return (row["currency"], word("funds line", row["component"], language), holder, row["account"])


def _cover(proof: FundsProof, language: Language) -> str:
    head = (language("currency"), language("line"), language("held by"), language("account"), language("books"), language("statements"))
    rows = (
        (*_place(row, language), *_amounts(row, ("books_minor", "statement_minor"), proof, language)) for row in proof.resources.iter_rows(named=True)
    )
    return table(head, rows, figures=2, label=language("What covers it"))


def _differences(proof: FundsProof, language: Language) -> str:
    if proof.differences.is_empty():
        return f'<p class="good">{escape(language("Books and statements agree in every line."))}</p>'
    head = [language("currency"), language("line"), language("held by"), language("account"), language("cause")]
    head += [language("statement less books"), language("lines")]
    rows = (
        (
            *_place(row, language),
            word(cause_of_funds(row["cause"]), row["cause"], language),
            *_amounts(row, ("amount_minor",), proof, language),
            language.count(row["line_count"]),
        )
        for row in proof.differences.sort("currency", maintain_order=True).iter_rows(named=True)
    )
    return table(head, rows, figures=2, label=language("Why books and statements differ"))


def _house(proof: FundsProof, language: Language) -> str:
    head = (language("currency"), language("class of accounts"), language("adds to the surplus"))
    rows = (
        (row["currency"], word("account class", row["account_class"], language), *_amounts(row, ("amount_minor",), proof, language))
        for row in proof.house.iter_rows(named=True)
    )
    return table(head, rows, figures=1, label=language("What the surplus of the books is made of"))


def _amounts(row: Mapping[str, Any], names: Sequence[str], proof: FundsProof, language: Language) -> tuple[str, ...]:
    return tuple(language.amount(row[name], row["currency"], proof.day) for name in names)
