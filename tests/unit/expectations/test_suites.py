"""Do the suites promise things about columns that exist, and does every suite run."""

from __future__ import annotations

from assets.landing.tables import FILE_TABLES
from expectations.registry import suites
from expectations.suite import IN_FILE, Edge
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


def test_every_table_a_file_lands_in_is_watched_and_a_broken_promise_names_file_and_line() -> None:
    # the trap: a new kind of file whose rows nobody looks at
    by_table = {f"{suite.schema}.{suite.table}": suite for suite in suites()}
    with_lines = {table.address for table in FILE_TABLES if "_source_line" in table.column_names()}
    assert with_lines <= set(by_table)
    assert {address: by_table[address].places() for address in with_lines} == dict.fromkeys(with_lines, IN_FILE)


def test_the_facts_of_the_service_and_what_is_published_are_watched() -> None:
    tables = {suite.table for suite in suites()}
    assert {"app__postings", "app__payment_events"} <= tables
    assert {"fct_postings", "fct_payment_attempts", "fct_breaks", "fct_certificate", "fct_item_dispositions"} <= tables


def test_every_suite_says_where_a_row_is() -> None:
    assert [suite.name for suite in suites() if not suite.places()] == []
