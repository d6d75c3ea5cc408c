"""Does the page say whether players are covered, in every line and in the reader's figures."""

from __future__ import annotations

import json

from assets.ledger.player_funds import SHAPES, prove
from pipelines.console import answer_json
from pipelines.reports.funds_section import frames, section
from pipelines.reports.language import language_of
from pipelines.reports.terminal.funds import told_funds
from pipelines.reports.terminal.voice import voice_of
from pipelines.standing.funds_standing import as_document
from tests.unit.ledger.funds_facts import IBAN, facts, posting, statement

BOOKS = [posting("player_cash", -150_000), posting("jackpot", -25_000), posting("bank", 160_000), posting("house_revenue", 15_000)]
SHORT = prove(facts(BOOKS, [], [statement(160_000, 160_000)]))
COVERED = prove(facts(BOOKS[2:3], [], [statement(160_000, 160_000)]))


def page(language: str) -> str:
    return "".join(section(SHORT, language_of(language))).replace("\N{NO-BREAK SPACE}", " ")


def test_a_shortfall_is_said_first_and_in_full() -> None:
    # the trap: a page of tables that are all there and a verdict that is not
    told = page("en")
    assert '<p class="bad">Shortfall over all currencies: 150.00 EUR.' in told
    assert told.index("Shortfall over all") < told.index("<table>")
    assert ">1,500.00<" in told
    assert ">250.00<" in told
    assert '<p class="good">Surplus over all currencies: 1,600.00' in "".join(section(COVERED, language_of("en"))).replace("\N{NO-BREAK SPACE}", " ")


def test_a_turkish_reader_has_turkish_figures() -> None:
    assert ">1.500,00<" in page("tr")


def test_what_comes_from_a_file_cannot_become_markup() -> None:
    hostile = facts(
        [posting("player_cash", -1) | {"currency": "EUR"}, posting("bank", 1) | {"account": "<script>"}], designated=frozenset({("bank", "<script>")})
    )
    assert "<script>" not in "".join(section(prove(hostile), language_of("en")))


def test_every_table_of_the_proof_goes_into_the_workbook() -> None:
    assert {name.removeprefix("funds_") for name in frames(SHORT)} == set(SHAPES)


def test_the_command_tells_the_same_and_json_has_integers_only(capsys: object) -> None:
    told = "\n".join(told_funds(SHORT, voice_of("en")))
    assert "Shortfall over all currencies: 150.00 EUR" in told
    assert IBAN in told
    answer_json(as_document(SHORT))
    document = json.loads(capsys.readouterr().out, parse_float=lambda text: (_ for _ in ()).throw(AssertionError(f"a float: {text}")))  # type: ignore[attr-defined]
    assert (document["reporting_surplus_minor"], document["is_covered"], document["day"]) == (-15_000, False, "2026-03-31")
