"""Is each line of the proof of player funds what it says, on a few rows made by hand; and does a shortfall show, with its cause."""

from __future__ import annotations

from datetime import timedelta

import pytest

from assets.ledger.player_funds import COMPONENTS, FundsProof, prove
from tests.unit.ledger.funds_facts import DAY, IBAN, SHOP, facts, item, posting, statement
from transactional.reconciliation.designations import Designation, designated_on


def causes(proof: FundsProof) -> dict[tuple[str, str], int]:
    return {(row["component"], row["cause"]): row["amount_minor"] for row in proof.differences.iter_rows(named=True)}


def covering(proof: FundsProof) -> dict[tuple[str, str], tuple[int, int]]:
    return {(row["component"], row["currency"]): (row["books_minor"], row["statement_minor"]) for row in proof.resources.iter_rows(named=True)}


@pytest.mark.parametrize(
    ("account_class", "component"),
    [
        ("player_cash", "player_cash"),
        ("player_winnings", "winnings"),
        ("player_open_bets", "open_bets"),
        ("player_pending_withdrawal", "pending_withdrawals"),
        ("player_crystallised_bonus", "crystallised_bonus"),
        ("poker_table_escrow", "chips_in_play"),
        ("jackpot", "jackpots"),
    ],
)
def test_what_is_owed_stands_in_its_line_and_every_other_line_is_there_with_a_zero(account_class: str, component: str) -> None:
    # the trap: a stake or a pending withdrawal that is in no line, and a line left out because it is empty
    proof = prove(facts([posting(account_class, -700), posting("house_revenue", 700)]))
    assert dict(proof.liabilities.select("component", "amount_minor").iter_rows()) == dict.fromkeys(COMPONENTS, 0) | {component: 700}
    assert proof.totals["requirement_minor"].to_list() == [700]


def test_a_bonus_is_owed_from_the_moment_it_crystallises_and_not_before() -> None:
    proof = prove(facts([posting("player_bonus", -500), posting("bonus_cost", 500), posting("player_cash", -1), posting("house_revenue", 1)]))
    assert proof.totals["requirement_minor"].to_list() == [1]
    assert dict(proof.house.select("account_class", "amount_minor").iter_rows()) == {"player_bonus": 500, "bonus_cost": -500, "house_revenue": -1}


def test_a_deposit_on_its_way_is_followed_from_the_psp_to_the_bank() -> None:
    # one deposit of 100 less a fee of 3: told, settled and paid out, at the bank; books and statements agree at every station
    told = item("l", "ledger", 10_000, case_id="c"), item("a", "activity", 10_000, case_id="c", net_currency="EUR", net_minor=9_700)
    line = item("s", "settlement", 10_000, case_id="c", net_currency="EUR", net_minor=9_700, batch_id="7", on=DAY + timedelta(days=1))
    paid = item("p", "payout", -9_700, kind="payout", case_id="b", batch_id="7", case_psp="adyen", case_account=SHOP, on=DAY + timedelta(days=1))
    bank = item("x", "bank", 9_700, kind="bank_movement", case_id="b", case_psp="adyen", case_account=SHOP, on=DAY + timedelta(days=2))
    items = [*told, line, paid, bank]
    deposit = [posting("psp_receivable", 10_000), posting("player_cash", -10_000)]
    fee = [posting("fee_expense", 300, batch="7")]
    settled = [posting("psp_receivable", -10_000, batch="7", kind="payout"), posting("psp_payout_in_transit", 9_700, batch="7", kind="payout"), *fee]
    arrived = [posting("psp_payout_in_transit", -9_700, batch="7"), posting("bank", 9_700, batch="7")]
    first = prove(facts(deposit, items))
    assert covering(first) == {("psp_receivable", "EUR"): (10_000, 9_700)}
    assert causes(first) == {("psp_receivable", "fees_of_unpaid_lines"): -300}
    second = prove(facts([*deposit, *settled], items, day=DAY + timedelta(days=1)))
    assert covering(second) == {("psp_receivable", "EUR"): (0, 0), ("payout_in_transit", "EUR"): (9_700, 9_700)}
    statements = [statement(0, 9_700, DAY + timedelta(days=2))]
    third = prove(facts([*deposit, *settled, *arrived], items, statements, day=DAY + timedelta(days=2)))
    assert covering(third) == dict.fromkeys([("psp_receivable", "EUR"), ("payout_in_transit", "EUR")], (0, 0)) | {
        ("segregated_bank", "EUR"): (9_700, 9_700)
    }
    assert causes(second) == causes(third) == {}
    # the house owes the player the fee that the PSP took: that is the whole shortfall, and the line that explains it
    assert (third.totals["statement_surplus_minor"][0], dict(third.house.select("account_class", "amount_minor").iter_rows())) == (
        -300,
        {"fee_expense": -300},
    )
    assert (third.reporting_surplus_minor, third.is_covered) == (-300, False)


def test_money_missing_at_the_bank_is_a_shortfall_with_the_class_of_its_break() -> None:
    # the trap: books that look covered while the payout never arrived
    paid = item("p", "payout", -5_000, kind="payout", case_id="b", batch_id="7", break_class="missing_at_bank", case_psp="adyen", case_account=SHOP)
    books = [posting("player_cash", -5_000), posting("bank", 5_000, batch="7")]
    proof = prove(facts(books, [paid], [statement(0, 0)]))
    assert (proof.totals["books_surplus_minor"][0], proof.totals["statement_surplus_minor"][0]) == (0, 0)  # still in transit, says the PSP
    assert causes(proof) == {("payout_in_transit", "missing_at_bank"): 5_000, ("segregated_bank", "missing_at_bank"): -5_000}
    lost = prove(facts(books, [], [statement(0, 0)]))
    assert (lost.totals["statement_surplus_minor"][0], lost.is_covered) == (-5_000, False)


def test_what_the_engine_cannot_place_keeps_its_own_line() -> None:
    # the trap: a plug that makes everything agree. A closing balance that no line makes, and no gap of statements, is unexplained
    proof = prove(facts([], [], [statement(100, 250)]))
    assert causes(proof) == {("segregated_bank", "opening_balance"): 100, ("segregated_bank", "unexplained"): 150}
    assert (proof.unexplained_count, proof.is_covered) == (1, False)
    known = prove(facts([], [], [statement(100, 250)], [{"account": IBAN, "currency": "EUR", "amount_minor": 150, "event_date": DAY}]))
    assert causes(known) == {("segregated_bank", "opening_balance"): 100, ("segregated_bank", "statement_gap"): 150}
    assert known.is_covered


def test_a_deposit_settled_in_another_currency_is_told_in_both() -> None:
    # the trap: 100 dollars that are in no currency between the books (USD) and the settlement (EUR)
    told = item("l", "ledger", 12_500, currency="USD", case_id="c")
    line = item("a", "activity", 12_500, currency="USD", net_currency="EUR", net_minor=9_900, case_id="c")
    proof = prove(facts([posting("psp_receivable", 12_500, "USD"), posting("player_cash", -12_500, "USD")], [told, line]))
    assert covering(proof) == {("psp_receivable", "USD"): (12_500, 0), ("psp_receivable", "EUR"): (0, 9_900)}
    assert [row[:1] + row[4:6] for row in proof.differences.sort("currency").iter_rows()] == [
        ("psp_receivable", "to_be_converted", 9_900),
        ("psp_receivable", "to_be_converted", -12_500),
    ]
    # at the rate of the day before, which is the last one known on the day: 125.00 / 1.25 = 100.00, and not the one of tomorrow
    assert (proof.reporting_surplus_minor, proof.totals.filter(currency="USD")["rate_date"][0]) == (9_900 - 10_000, DAY - timedelta(days=1))


def test_money_on_an_account_for_other_things_covers_nobody() -> None:
    books = [posting("player_cash", -900), posting("bank", 900)]
    proof = prove(facts(books, [], [statement(0, 900)], designated=frozenset()))
    assert proof.resources.is_empty()
    assert proof.totals["books_surplus_minor"].to_list() == [-900]
    assert proof.house.rows() == [("EUR", "bank", -900)]


def test_an_account_counts_in_its_period_only() -> None:
    register = (Designation("bank", IBAN, DAY, DAY + timedelta(days=2)),)
    assert [bool(designated_on(DAY + timedelta(days=shift), register)) for shift in (-1, 0, 1, 2)] == [False, True, True, False]


def test_a_currency_that_nobody_quotes_leaves_no_total_to_be_proud_of() -> None:
    proof = prove(facts([posting("player_cash", -1, "TRY"), posting("player_cash", -1), posting("bank", 10)], [], [statement(0, 10)]))
    assert (proof.reporting_surplus_minor, proof.is_covered) == (None, False)
    assert proof.totals.filter(currency="TRY").select("rate", "reporting_surplus_minor").rows() == [(None, None)]


def test_a_line_that_two_reports_tell_is_one_line_and_a_second_print_is_none() -> None:
    both = [item(name, name, 800, case_id="c", net_currency="EUR", net_minor=800) for name in ("activity", "settlement")]
    again = [item("r", "settlement", 800, case_id="d", break_class="duplicate_file", disposition="broken", net_currency="EUR", net_minor=800)]
    old = [item("o", "settlement", 700, disposition="ignored", reason="superseded", net_currency="EUR", net_minor=700)]
    assert covering(prove(facts([], [*both, *again, *old]))) == {("psp_receivable", "EUR"): (0, 800)}


def test_a_reserve_is_held_by_the_psp_and_not_lost() -> None:
    held = item("r", "settlement", -300, kind="reserve", batch_id="7", net_currency="EUR", net_minor=-300)
    waiting = prove(facts([], [held]))
    assert covering(waiting) == {("psp_receivable", "EUR"): (0, -300), ("psp_reserve", "EUR"): (0, 300)}
    paid = item("p", "payout", -1, kind="payout", batch_id="7")
    taken = prove(facts([posting("psp_reserve", 300, batch="7", kind="payout")], [held, paid]))
    assert covering(taken)["psp_reserve", "EUR"] == (300, 300)


def test_an_entry_by_hand_is_told_as_one() -> None:
    assert causes(prove(facts([posting("psp_receivable", 40)]))) == {("psp_receivable", "entries_outside_the_comparison"): -40}
