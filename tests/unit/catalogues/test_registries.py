"""Do the catalogues say what the registries say, in values every database can hold."""

from __future__ import annotations

from datetime import date

import polars as pl
import pytest

from assets.catalogues import tables
from assets.catalogues.registries import catalogue
from pipelines.resources.frames import conform
from transactional.payments.money_kinds import MoneyKind
from transactional.payments.psps.registry import SPECS
from transactional.vocabulary.tables import Table


@pytest.mark.parametrize("table", tables.CATALOGUES, ids=lambda table: table.name)
def test_each_catalogue_keeps_its_contract(table: Table) -> None:
    assert conform(table, catalogue(table)).height > 0


def test_every_psp_and_every_kind_has_its_row() -> None:
    assert catalogue(tables.PSPS)["psp"].to_list() == list(SPECS)
    assert set(catalogue(tables.MONEY_KINDS)["kind"]) == {kind.value for kind in MoneyKind}


def test_an_unlimited_period_is_a_date_that_databases_know() -> None:
    # the trap: date.min is year 1, which some engines read as a date before Christ
    currencies = catalogue(tables.CURRENCIES)
    assert currencies.select(pl.col("valid_from").min()).item() == date(1900, 1, 1)
    assert currencies.select(pl.col("valid_until").max()).item() == date(9999, 12, 31)


def test_a_currency_whose_decimals_changed_has_two_periods_that_meet() -> None:
    isk = catalogue(tables.CURRENCIES).filter(pl.col("currency") == "ISK").sort("valid_from")
    assert isk["exponent"].to_list() == [2, 0]
    assert isk["valid_until"][0] == isk["valid_from"][1]


def test_a_payout_is_no_players_movement() -> None:
    families = dict(catalogue(tables.MONEY_KINDS).select("kind", "family").iter_rows())
    assert (families["payout"], families["deposit"], families["fee"], families["unknown"]) == ("payout", "player", "account", "other")
