"""Does each event of the house touch the accounts it should, with the sign the reconciliation expects."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime
from uuid import UUID

import pytest

from transactional.ledger import posting_templates as templates
from transactional.ledger.entries import Entry, sums_by_currency
from transactional.ledger.settlement_templates import BatchTotals, PayoutBatch, payout_received, payout_returned, settlement_booked
from transactional.payments.money_kinds import EXPECTED_SIGN, PLAYER_KINDS, MoneyKind
from transactional.vocabulary.errors import InputRejected, Refused
from transactional.vocabulary.money import Money

NOON = datetime(2026, 3, 1, 12, tzinfo=UTC)
PLAYER = UUID(int=7)
PAYMENT = templates.Payment("adyen", "EU", PLAYER, UUID(int=1), UUID(int=2), "PSP1", "MOD1")
BATCH = PayoutBatch("adyen", "EU", "380", "EUR")
CASH, PENDING, RECEIVABLE = f"player_cash:{PLAYER.hex}", f"player_pending_withdrawal:{PLAYER.hex}", "psp_receivable:adyen:EU"
CHARGEBACKS, SUSPENSE, IN_TRANSIT = "chargeback_receivable", "suspense:adyen", "psp_payout_in_transit:adyen:EU"

Template = Callable[[templates.Payment, Money, datetime], Entry]
EVENTS: list[tuple[Template, str, str, str, str | None]] = [
    (templates.deposit_captured, "deposit", RECEIVABLE, CASH, None),
    (templates.deposit_reversed, "deposit_reversed", CASH, RECEIVABLE, CHARGEBACKS),
    (templates.refund_sent, "refund", CASH, RECEIVABLE, CHARGEBACKS),
    (templates.refund_failed, "refund_reversed", RECEIVABLE, CASH, CHARGEBACKS),
    (templates.chargeback_received, "chargeback", CASH, RECEIVABLE, CHARGEBACKS),
    (templates.chargeback_reversed, "chargeback_reversed", RECEIVABLE, CASH, CHARGEBACKS),
    (templates.second_chargeback_received, "second_chargeback", CASH, RECEIVABLE, CHARGEBACKS),
    (templates.withdrawal_sent, "withdrawal", PENDING, RECEIVABLE, SUSPENSE),
    (templates.withdrawal_returned, "withdrawal_returned", RECEIVABLE, CASH, SUSPENSE),
    (templates.withdrawal_requested, "withdrawal_requested", CASH, PENDING, None),
    (templates.withdrawal_cancelled, "withdrawal_cancelled", PENDING, CASH, None),
]
KINDS = [event[1] for event in EVENTS]


def lines(entry: Entry) -> dict[str, int]:
    return {f"{posting.account.code} {posting.account.currency}": posting.amount_minor for posting in entry.postings}


@pytest.mark.parametrize(("template", "kind", "debit", "credit", "backing"), EVENTS, ids=KINDS)
def test_an_event_debits_and_credits_its_two_accounts(template: Template, kind: str, debit: str, credit: str, backing: str | None) -> None:
    entry = template(PAYMENT, Money("JPY", 500), NOON)
    assert entry.kind == kind
    assert lines(entry) == {f"{debit} JPY": 500, f"{credit} JPY": -500}
    for posting in entry.postings:
        references = (posting.intent_id, posting.attempt_id, posting.psp_reference, posting.modification_reference)
        assert references == (UUID(int=1), UUID(int=2), "PSP1", "MOD1")
        is_players = posting.account.code.startswith("player_")
        assert (posting.backed_by and posting.backed_by.code) == (backing if is_players else None)


@pytest.mark.parametrize(("template", "kind"), [event[:2] for event in EVENTS], ids=KINDS)
def test_a_template_takes_no_sign_from_its_caller(template: Template, kind: str) -> None:
    for minor in (0, -500):
        with pytest.raises(InputRejected) as refusal:
            template(PAYMENT, Money("EUR", minor), NOON)
        assert refusal.value.code == "amount_not_positive"


def test_what_the_psp_owes_us_moves_with_the_sign_of_the_reconciliation() -> None:
    signs = {
        MoneyKind(entry.kind): posting.amount_minor
        for template, *_ in EVENTS
        for entry in [template(PAYMENT, Money("EUR", 1), NOON)]
        for posting in entry.postings
        if posting.account.code == RECEIVABLE
    }
    assert signs == EXPECTED_SIGN
    assert set(signs) == PLAYER_KINDS


def test_money_of_an_unknown_player_rests_in_suspense() -> None:
    stranger = replace(PAYMENT, player_id=None)
    assert lines(templates.deposit_captured(stranger, Money("EUR", 9), NOON)) == {f"{RECEIVABLE} EUR": 9, f"{SUSPENSE} EUR": -9}
    assert lines(templates.withdrawal_sent(stranger, Money("EUR", 9), NOON)) == {f"{SUSPENSE} EUR": 9, f"{RECEIVABLE} EUR": -9}
    for template in (templates.withdrawal_requested, templates.withdrawal_cancelled):
        with pytest.raises(InputRejected):
            template(stranger, Money("EUR", 9), NOON)


def test_a_chargeback_and_its_reversal_are_inverse() -> None:
    there, back = (template(PAYMENT, Money("EUR", 40), NOON) for template in (templates.chargeback_received, templates.chargeback_reversed))
    assert lines(back) == {account: -minor for account, minor in lines(there).items()}


def test_a_settled_batch_shows_payout_fees_reserve_and_gross() -> None:
    totals = BatchTotals(9_000, {"EUR": 10_000}, {"markup": 300, "interchange": 200}, reserve_minor=500)
    entry = settlement_booked(BATCH, totals, NOON)
    assert lines(entry) == {
        f"{IN_TRANSIT} EUR": 9_000,
        "fee_expense:markup EUR": 300,
        "fee_expense:interchange EUR": 200,
        "psp_reserve:adyen:EU EUR": 500,
        f"{RECEIVABLE} EUR": -10_000,
    }
    assert (entry.kind, {posting.psp_reference for posting in entry.postings}) == ("payout", {"380"})


def test_foreign_gross_is_exchanged_and_the_residue_has_its_own_line() -> None:
    entry = settlement_booked(BATCH, BatchTotals(2_989, {"EUR": 1_000, "JPY": 330_000}, {"commission": 10}), NOON)
    assert lines(entry) == {
        f"{IN_TRANSIT} EUR": 2_989,
        "fee_expense:commission EUR": 10,
        f"{RECEIVABLE} EUR": -1_000,
        f"{RECEIVABLE} JPY": -330_000,
        "fx_gain_loss JPY": 330_000,
        "fx_gain_loss EUR": -1_999,
    }
    assert sums_by_currency(entry.postings) == {"EUR": 0, "JPY": 0}


def test_a_residue_without_any_exchange_is_no_exchange_gain() -> None:
    entry = settlement_booked(BATCH, BatchTotals(95, {"EUR": 100}), NOON)
    assert lines(entry) == {f"{IN_TRANSIT} EUR": 95, f"{RECEIVABLE} EUR": -100, f"{SUSPENSE} EUR": 5}


def test_a_payout_may_be_negative_and_a_batch_may_pay_nothing() -> None:
    assert lines(settlement_booked(BATCH, BatchTotals(-40, {"EUR": -40}), NOON)) == {f"{IN_TRANSIT} EUR": -40, f"{RECEIVABLE} EUR": 40}
    assert lines(settlement_booked(BATCH, BatchTotals(0, {"EUR": 7}, {"other": 7}), NOON)) == {"fee_expense:other EUR": 7, f"{RECEIVABLE} EUR": -7}
    with pytest.raises(Refused):
        settlement_booked(BATCH, BatchTotals(0, {}), NOON)


def test_the_bank_and_the_return_clear_what_is_in_transit() -> None:
    received = payout_received(BATCH, "DE89370400440532013000", 9_000, NOON)
    assert (received.kind, lines(received)) == ("payout_received", {"bank:DE89370400440532013000 EUR": 9_000, f"{IN_TRANSIT} EUR": -9_000})
    returned = payout_returned(BATCH, 9_000, NOON)
    assert (returned.kind, lines(returned)) == ("payout_returned", {f"{RECEIVABLE} EUR": 9_000, f"{IN_TRANSIT} EUR": -9_000})
    for minor in (0, -1):
        with pytest.raises(InputRejected):
            payout_returned(BATCH, minor, NOON)
