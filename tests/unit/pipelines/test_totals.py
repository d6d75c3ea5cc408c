"""Which sums does a materialisation tell, and never: one over several currencies."""

from __future__ import annotations

from pipelines.totals import Totals, measures_of


def test_an_amount_is_added_up_in_its_own_currency() -> None:
    assert measures_of(["item_key", "currency", "amount_minor", "net_currency", "net_minor"]) == (("amount_minor",), "currency")
    assert measures_of(["gross_currency", "gross_minor", "net_currency", "net_minor"]) == (("net_minor",), "net_currency")


def test_measures_without_a_currency_are_not_added_up() -> None:
    assert measures_of(["psp", "moved_minor"]) == ((), None)
    assert measures_of(["psp", "zone"]) == ((), None)


def test_the_table_has_a_line_per_currency() -> None:
    told = Totals(3, ("amount_minor",), (("EUR", 2, (1_234_567,)), ("JPY", 1, (-5,)))).as_metadata()
    assert told["dagster/row_count"].value == 3
    assert "| EUR | 2 | 1,234,567 |" in str(told["money (minor units)"].value)
    assert "| JPY | 1 | -5 |" in str(told["money (minor units)"].value)


def test_no_money_no_table() -> None:
    assert set(Totals(7).as_metadata()) == {"dagster/row_count"}
