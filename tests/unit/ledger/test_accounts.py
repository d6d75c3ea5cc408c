"""Is every account of the chart, and does a typing error make none."""

from __future__ import annotations

from uuid import UUID

import pytest

from transactional.ledger.accounts import CHART, AccountRef, Side, class_of, house_account, player_account, psp_account
from transactional.vocabulary.errors import InputRejected

PLAYER = UUID(int=7)


def test_codes_are_built_as_the_contract_says() -> None:
    assert player_account(PLAYER, "EUR").code == f"player_cash:{PLAYER.hex}"
    assert player_account(PLAYER, "EUR", "player_pending_withdrawal").code == f"player_pending_withdrawal:{PLAYER.hex}"
    assert psp_account("adyen", "CountroomEU", "EUR", "psp_payout_in_transit").code == "psp_payout_in_transit:adyen:CountroomEU"
    assert house_account("bank", "EUR", "DE89370400440532013000").code == "bank:DE89370400440532013000"
    assert house_account("chargeback_receivable", "EUR").code == "chargeback_receivable"


@pytest.mark.parametrize(
    "code",
    [
        "psp_recievable:adyen:EU",
        "psp_receivable:adyen",
        "psp_receivable:adyen:EU:EUR",
        "player_cash",
        "player_cash:seven",
        f"player_cash:{PLAYER}",  # with dashes: a second account of the same player
        f"player_cash:{'A' * 32}",
        "rake:",
        "rake:x",
        "fee_expense:bribes",
        "bank:",
        "bank:a\nb",
        "",
    ],
)
def test_a_code_outside_the_chart_is_refused(code: str) -> None:
    with pytest.raises(InputRejected) as refusal:
        AccountRef(code, "EUR")
    assert refusal.value.code == "unknown_account"


@pytest.mark.parametrize("currency", ["", "EURO", "eur", "XXX", "BTC"])
def test_a_currency_that_is_none_is_refused(currency: str) -> None:
    with pytest.raises(InputRejected) as refusal:
        house_account("rake", currency)
    assert refusal.value.code == "unknown_currency"


def test_only_players_accounts_have_a_floor_so_the_house_is_never_locked() -> None:
    assert {name for name, each in CHART.items() if each.floor_minor is not None} == {name for name in CHART if name.startswith("player_")}
    assert all(each.normal_side is Side.CREDIT for each in CHART.values() if each.floor_minor is not None)
    assert class_of("suspense:adyen") is CHART["suspense"]
