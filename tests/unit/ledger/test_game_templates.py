"""Is a stake the player's until its bet is settled, and a bonus a promise until it crystallises."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime
from uuid import UUID

import pytest

from transactional.ledger import game_templates as games
from transactional.ledger.entries import Entry
from transactional.vocabulary.errors import InputRejected
from transactional.vocabulary.money import Money

NOON = datetime(2026, 3, 1, 12, tzinfo=UTC)
PLAYER = UUID(int=7)
CASH, BETS, WINNINGS, BONUS, OWED = (f"player_{name}:{PLAYER.hex}" for name in ("cash", "open_bets", "winnings", "bonus", "crystallised_bonus"))
FIVE = Money("JPY", 500)


def lines(entry: Entry) -> dict[str, int]:
    return {posting.account.code: posting.amount_minor for posting in entry.postings}


MOVES: list[tuple[Callable[[UUID, Money, datetime], Entry], str, str]] = [
    (games.bet_placed, CASH, BETS),
    (games.bet_voided, BETS, CASH),
    (games.winnings_cleared, WINNINGS, CASH),
    (games.bonus_granted, "bonus_cost", BONUS),
    (games.bonus_forfeited, BONUS, "bonus_cost"),
    (games.bonus_crystallised, BONUS, OWED),
    (games.bonus_paid, OWED, CASH),
]


@pytest.mark.parametrize(("template", "debit", "credit"), MOVES, ids=[move[0].__name__ for move in MOVES])
def test_an_event_debits_and_credits_its_two_accounts_and_is_called_as_its_template(
    template: Callable[[UUID, Money, datetime], Entry], debit: str, credit: str
) -> None:
    entry = template(PLAYER, FIVE, NOON)
    assert (entry.kind, lines(entry)) == (template.__name__, {debit: 500, credit: -500})
    with pytest.raises(InputRejected):
        template(PLAYER, Money("JPY", -500), NOON)


def test_a_lost_stake_is_revenue_less_what_the_jackpot_gets() -> None:
    # the trap: a contribution taken from the stake twice, or kept as revenue while the jackpot on the screen grows
    assert lines(games.bet_lost(PLAYER, FIVE, NOON, jackpot="grand", contribution_minor=7)) == {BETS: 500, "jackpot:grand": -7, "house_revenue": -493}
    assert lines(games.bet_lost(PLAYER, FIVE, NOON)) == {BETS: 500, "house_revenue": -500}
    assert lines(games.bet_lost(PLAYER, FIVE, NOON, jackpot="grand", contribution_minor=500)) == {BETS: 500, "jackpot:grand": -500}


@pytest.mark.parametrize(("jackpot", "contribution"), [(None, 1), ("grand", 501), ("grand", -1)])
def test_an_impossible_contribution_is_refused(jackpot: str | None, contribution: int) -> None:
    with pytest.raises(InputRejected) as refusal:
        games.bet_lost(PLAYER, FIVE, NOON, jackpot=jackpot, contribution_minor=contribution)
    assert refusal.value.code == "bad_contribution"


@pytest.mark.parametrize(("payout", "revenue"), [(1_700, 1_200), (500, 0), (200, -300)])
def test_a_win_pays_the_stake_back_and_the_house_the_rest(payout: int, revenue: int) -> None:
    # a payout below the stake (a partial cash-out) leaves the rest with the house
    expected = {BETS: 500, "house_revenue": revenue, CASH: -payout}
    assert lines(games.bet_won(PLAYER, FIVE, Money("JPY", payout), NOON)) == {code: minor for code, minor in expected.items() if minor}


def test_a_win_under_review_is_owed_and_cannot_be_spent() -> None:
    # the trap: a win that is in no account while somebody looks at it, so that a month end does not show it
    assert lines(games.bet_won(PLAYER, FIVE, Money("JPY", 900), NOON, cleared=False))[WINNINGS] == -900
    assert lines(games.jackpot_won(PLAYER, "grand", FIVE, NOON)) == {"jackpot:grand": 500, WINNINGS: -500}
    assert lines(games.jackpot_won(PLAYER, "grand", FIVE, NOON, cleared=True)) == {"jackpot:grand": 500, CASH: -500}
