"""Property 18: what is owed is the sum of what each player has, tables and jackpots; what covers it less what is owed is explained line by line.

The oracle is plain Python over the entries themselves: it knows players, tables and jackpots by their account codes, and shares no code with the proof.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from uuid import UUID

from hypothesis import given, settings
from hypothesis import strategies as st

from assets.ledger.player_funds import FundsFacts, FundsProof, prove
from tests.unit.ledger.funds_facts import DAY, IBAN, SHOP, facts, item, posting, statement
from transactional.ledger import game_templates as games
from transactional.ledger import posting_templates as payments
from transactional.ledger.accounts import house_account, player_account
from transactional.ledger.entries import Entry, Posting
from transactional.vocabulary.money import Money

NOON = datetime(2026, 3, 31, 12, tzinfo=UTC)
OWED = ("player_cash", "player_winnings", "player_open_bets", "player_pending_withdrawal", "player_crystallised_bonus")


def _sit_down(player: UUID, amount: Money, at: datetime) -> Entry:
    cash, table = player_account(player, amount.currency), house_account("poker_table_escrow", amount.currency, "t1")
    return Entry("sat_down", at, (Posting(cash, amount.minor), Posting(table, -amount.minor)))


def _payment(player: UUID) -> payments.Payment:
    return payments.Payment("adyen", SHOP, player)


EVENTS = (
    lambda player, amount: payments.deposit_captured(_payment(player), amount, NOON),
    lambda player, amount: payments.withdrawal_requested(_payment(player), amount, NOON),
    lambda player, amount: payments.withdrawal_sent(_payment(player), amount, NOON),
    lambda player, amount: payments.chargeback_received(_payment(player), amount, NOON),
    lambda player, amount: games.bet_placed(player, amount, NOON),
    lambda player, amount: games.bet_lost(player, amount, NOON, jackpot="grand", contribution_minor=amount.minor // 3),
    lambda player, amount: games.bet_won(player, amount, Money(amount.currency, 2 * amount.minor), NOON, cleared=False),
    lambda player, amount: games.jackpot_won(player, "grand", amount, NOON),
    lambda player, amount: games.bonus_granted(player, amount, NOON),
    lambda player, amount: games.bonus_crystallised(player, amount, NOON),
    lambda player, amount: games.bonus_paid(player, amount, NOON),
    lambda player, amount: _sit_down(player, amount, NOON),
)
events = st.tuples(st.sampled_from(EVENTS), st.integers(1, 3), st.integers(1, 10_000), st.sampled_from(["EUR", "USD", "JPY"]))
entries = st.lists(events.map(lambda drawn: drawn[0](UUID(int=drawn[1]), Money(drawn[3], drawn[2]))), max_size=25)


def books_of(booked: Sequence[Entry]) -> list[dict[str, object]]:
    lines = [line for entry in booked for line in entry.postings]
    return [posting(line.account.code.partition(":")[0], line.amount_minor, line.account.currency) for line in lines]


@settings(max_examples=25, deadline=None)
@given(entries)
def test_what_is_owed_is_what_each_player_has_and_the_rest_is_the_houses(booked: list[Entry]) -> None:
    per_player: dict[tuple[str, str], int] = defaultdict(int)
    tables_and_jackpots: dict[str, int] = defaultdict(int)
    shop: dict[str, int] = defaultdict(int)
    for line in (line for entry in booked for line in entry.postings):
        code, currency = line.account.code, line.account.currency
        if code.partition(":")[0] in OWED:
            per_player[code.partition(":")[2], currency] -= line.amount_minor
        elif code in ("poker_table_escrow:t1", "jackpot:grand"):
            tables_and_jackpots[currency] -= line.amount_minor
        elif code == f"psp_receivable:adyen:{SHOP}":
            shop[currency] += line.amount_minor
    proof = prove(facts(books_of(booked)))
    for currency in {line.account.currency for entry in booked for line in entry.postings}:
        owed = sum(minor for (_, mine), minor in per_player.items() if mine == currency) + tables_and_jackpots[currency]
        row = proof.totals.filter(currency=currency).row(0, named=True) if currency in proof.totals["currency"] else defaultdict(int)
        assert (row["requirement_minor"], row["books_minor"]) == (owed, shop[currency])
        assert row["books_surplus_minor"] == proof.house.filter(currency=currency)["amount_minor"].sum(), "the house's accounts are the whole surplus"


ends = st.sampled_from([("matched", None), ("broken", "amount"), ("broken", "timing_open"), ("broken", "missing_at_bank")])
line = st.tuples(
    st.sampled_from(["ledger", "activity", "settlement", "payout", "bank", "fee", "reserve", "balance_transfer"]),
    st.integers(-5_000, 5_000),
    st.integers(0, 4),  # which case
    st.integers(-2, 2),  # how many days off
    st.sampled_from(["1", "2", None]),  # which batch
)


def items_of(drawn: Sequence[tuple[str, int, int, int, str | None]], ended: Sequence[tuple[str, str | None]]) -> list[dict[str, object]]:
    found = []
    for number, (name, minor, case, shift, batch) in enumerate(drawn):
        source = "settlement" if name in ("fee", "reserve", "balance_transfer") else name
        kind = {"payout": "payout", "bank": "bank_movement", "settlement": "deposit"}.get(name, name if source == "settlement" else "deposit")
        disposition, break_class = ended[case]
        other = {"case_id": f"c{case}", "disposition": disposition, "break_class": break_class, "case_psp": "adyen", "case_account": SHOP}
        other |= {"net_currency": "EUR", "net_minor": minor - 7 if kind == "deposit" else minor} if source in ("activity", "settlement") else {}
        other |= {"batch_id": batch} if source in ("settlement", "payout") else {}
        found.append(item(f"i{number}", source, minor, kind=kind, on=DAY + timedelta(days=shift), **other))
    return found


def balances(proof: FundsProof) -> dict[str, int]:
    return {row["component"]: row["statement_minor"] for row in proof.resources.iter_rows(named=True)}


def told_by(drawn: Sequence[dict[str, object]]) -> dict[str, int]:
    """What bank and PSP say by the day, counted line by line."""
    paid: dict[object, object] = {}
    for row in drawn:
        if row["kind"] == "payout" and row["batch_id"] is not None:
            paid[row["batch_id"]] = min(paid.get(row["batch_id"], row["booked_on"]), row["booked_on"])  # type: ignore[type-var]
    told: dict[str, int] = defaultdict(int)
    of_case: dict[object, dict[str, list[dict[str, object]]]] = defaultdict(lambda: {"activity": [], "settlement": []})
    for row in sorted(drawn, key=lambda row: (str(row["occurred_at"]), str(row["item_key"]))):
        if row["source"] in ("activity", "settlement"):
            own = row["case_id"] if row["family"] == "player" else row["item_key"]
            of_case[own][str(row["source"])].append(row)
        elif row["booked_on"] <= DAY:  # type: ignore[operator]
            minor = int(row["amount_minor"])  # type: ignore[call-overload]
            if row["source"] in ("payout", "bank"):
                told["payout_in_transit"] -= minor
    for pair in of_case.values():
        for number in range(max(len(pair["activity"]), len(pair["settlement"]))):
            both = [pair[source][number] for source in ("settlement", "activity") if number < len(pair[source])]
            begins, best = min(row["booked_on"] for row in both), both[0]  # type: ignore[type-var]
            leaves = paid.get(best.get("batch_id")) if best["source"] == "settlement" else None
            if begins <= DAY and (leaves is None or leaves > DAY):  # type: ignore[operator]
                told["psp_receivable"] += int(best["net_minor"])  # type: ignore[call-overload]
            if begins <= DAY and best["kind"] == "reserve":  # type: ignore[operator]
                told["psp_reserve"] -= int(best["net_minor"])  # type: ignore[call-overload]
    return told


@settings(max_examples=25, deadline=None)
@given(st.lists(line, max_size=20), st.lists(ends, min_size=5, max_size=5), st.integers(0, 5_000), st.randoms(use_true_random=False))
def test_every_difference_has_its_line_whatever_the_order(drawn: list, ended: list, opening: int, dice: object) -> None:  # type: ignore[type-arg]
    items = items_of(drawn, ended)
    moved = sum(int(row["amount_minor"]) for row in items if row["source"] == "bank" and row["booked_on"] <= DAY)  # type: ignore[call-overload, operator]
    given_facts = facts([posting("psp_receivable", 17), posting("bank", 5, batch="1")], items, [statement(opening, opening + moved)])
    proof = prove(given_facts)
    told = told_by(items)
    assert {name: minor for name, minor in balances(proof).items() if minor} == {
        name: minor for name, minor in (told | {"segregated_bank": opening + moved}).items() if minor
    }
    off = proof.resources["statement_minor"].sum() - proof.resources["books_minor"].sum()
    assert proof.differences["amount_minor"].sum() == off, "nothing between the two sides is without its line"
    assert proof.unexplained_count == 0
    dice.shuffle(items)  # type: ignore[attr-defined]
    again = prove(replace(given_facts, items=facts([], items).items))
    assert (again.resources.rows(), again.differences.rows()) == (proof.resources.rows(), proof.differences.rows())


def test_a_fact_of_tomorrow_changes_nothing_of_today() -> None:
    today: FundsFacts = facts([], [item("a", "activity", 5, net_currency="EUR", net_minor=5)])
    tomorrow = facts([], [item("a", "activity", 5, net_currency="EUR", net_minor=5), item("b", "activity", 9, on=DAY + timedelta(days=1))])
    assert prove(today).resources.rows() == prove(tomorrow).resources.rows()
    assert prove(today).resources.height == 1
    assert IBAN not in prove(today).resources["account"]
