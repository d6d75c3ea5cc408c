"""Do the suites promise things about columns that exist, and does every suite run."""

from __future__ import annotations

from expectations.registry import suites
from expectations.suite import Edge
from transactional.migrations.target import table_contracts

CONTRACTS = {table.address: set(table.column_names()) for table in table_contracts()}


def test_inbound_suites_name_columns_of_their_table() -> None:
    inbound = [suite for suite in suites() if suite.at is Edge.INBOUND]
    assert inbound
    for suite in inbound:
        assert set(suite.columns()) <= CONTRACTS[f"{suite.schema}.{suite.table}"], suite.name


def test_catalogues_that_suites_name_exist_with_their_word() -> None:
    for suite in suites():
        for catalogue in suite.in_catalogue.values():
            table, _, word = catalogue.partition(".")
            assert word in CONTRACTS[f"derived.{table}"], suite.name


def test_both_edges_are_watched_and_names_are_unique() -> None:
    found = suites()
    assert {suite.at for suite in found} == set(Edge)
    assert len({suite.name for suite in found}) == len(found)


def test_a_suite_says_why_it_is_there() -> None:
    assert [suite.name for suite in suites() if len(suite.why) < 30] == []


def test_catalogue_words_take_the_place_of_their_name() -> None:
    suite = next(suite for suite in suites() if suite.name == "psp_settlement_lines")
    concrete = suite.with_words({"psp": ("adyen",), "kind": ("deposit",)})
    assert concrete.in_catalogue == {}
    assert concrete.one_of["psp"] == ("adyen",)
    assert concrete.columns() != ()
