"""The simulation writes the contracts down a second time, so that the fee check is not tested against itself. Both must say the same."""

from __future__ import annotations

from datetime import date

import pytest

from transactional.payments.fee_schedules import expected_fees
from transactional.payments.merchant_accounts import BANK_ACCOUNTS, MERCHANT_ACCOUNTS
from transactional.payments.money_kinds import MoneyKind
from transactional.payments.psps.registry import SPECS
from transactional.simulation.casino import BANKS, EXPONENTS, MERCHANTS, Merchant
from transactional.simulation.charges import charge_for
from transactional.vocabulary.currencies import exponent_of

ON = date(2026, 1, 15)
KINDS = (MoneyKind.DEPOSIT, MoneyKind.REFUND, MoneyKind.CHARGEBACK, MoneyKind.WITHDRAWAL)


def test_accounts_zones_currencies_and_banks_are_the_registered_ones() -> None:
    ours = {(one.psp, one.account, one.zone): {lane.currency: lane.settles_in for lane in one.lanes} for one in MERCHANTS}
    registered = {(one.psp, one.account, one.zone): dict(one.settlement_currency) for one in MERCHANT_ACCOUNTS}
    assert ours.items() <= registered.items()  # an operator registers more than we simulate
    banks = {(one.iban, one.currency, one.zone, one.bic, one.statement_format) for one in BANK_ACCOUNTS}
    assert {(one.iban, one.currency, one.zone, one.bic, one.form) for one in BANKS} <= banks


@pytest.mark.parametrize("merchant", MERCHANTS, ids=lambda one: one.account)
@pytest.mark.parametrize("kind", KINDS)
def test_what_the_psp_charges_is_what_the_contract_says(merchant: Merchant, kind: MoneyKind) -> None:
    rules = next(one.fees for one in MERCHANT_ACCOUNTS if one.account == merchant.account)
    for variant in ("visastandarddebit", "mcstandardcredit"):
        method = variant if merchant.psp == "adyen" else "card"
        for lane in merchant.lanes:
            for basis in (1, 49, 250, 5_050, 99_999):
                expected = expected_fees(rules, kind, method, ON, basis, lane.settles_in)
                charged = charge_for(kind, merchant.terms, basis, variant=variant, settled_in=lane.settles_in)
                if expected is not None:
                    assert charged.total == expected.total_minor, (lane.currency, basis)


@pytest.mark.parametrize("merchant", MERCHANTS, ids=lambda one: one.account)
def test_a_quiet_psp_is_never_later_than_its_spec_allows(merchant: Merchant) -> None:
    spec = SPECS[merchant.psp]
    assert merchant.settles_after_days <= spec.settles_after_days
    assert spec.bank_lag_days >= 1
    assert merchant.terms.fx_markup_bps == spec.fx_markup_bps
    if merchant.psp == "adyen":
        for label in (merchant.winter_label, merchant.summer_label):
            assert merchant.zone in spec.zone_labels[label]


def test_the_casinos_currencies_have_the_decimals_of_iso() -> None:
    assert {currency: EXPONENTS[currency] for one in MERCHANTS for lane in one.lanes for currency in (lane.currency, lane.settles_in)} == {
        currency: exponent_of(currency, ON) for one in MERCHANTS for lane in one.lanes for currency in (lane.currency, lane.settles_in)
    }
