"""What players win and lose between their payments, half a day at a time. Pure; for the casino's own books.

Players win and lose so that a payout asked for is there to be paid: before a shortage the player has won, after a deposit part of it is lost. Some of
what is lost is an open bet for half a day, and a part of each such bet is put into a jackpot, which somebody wins now and then.
The trap: a player's balance guessed too high; disputes, returns and jackpots are therefore counted as if they never gave anything back.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from random import Random
from uuid import UUID

from transactional.ledger import game_templates as games
from transactional.ledger.accounts import house_account, player_account
from transactional.ledger.entries import Entry, KeyedEntry, Posting
from transactional.payments.facts import FactKind, NewAttempt, NewIntent, PaymentFact
from transactional.simulation.movements import Payment
from transactional.vocabulary.ids import uuid7
from transactional.vocabulary.money import Money

CHUNK = timedelta(hours=12)
JACKPOT = "grand"
_BET_SHARE, _JACKPOT_CHANCE = 0.33, 0.01
_NEEDS_FUNDS = frozenset({FactKind.PAYOUT_REQUESTED, FactKind.REFUNDED, FactKind.CHARGEBACK, FactKind.SECOND_CHARGEBACK})


@dataclass(slots=True)
class Chunk:
    """Half a day of the casino, in the order in which it is written: intents, attempts, winnings (and bets that end), facts, losses (and new bets)."""

    recorded_at: datetime
    intents: list[NewIntent] = field(default_factory=list)
    attempts: list[NewAttempt] = field(default_factory=list)
    winnings: list[KeyedEntry] = field(default_factory=list)
    facts: list[PaymentFact] = field(default_factory=list)
    losses: list[KeyedEntry] = field(default_factory=list)


class Purses:
    """At least how much each player has, by (player, currency)."""

    def __init__(self) -> None:
        self._minor: dict[tuple[UUID, str], int] = defaultdict(int)

    def play(self, rng: Random, chunk: Chunk, facts: Sequence[tuple[PaymentFact, Payment]], *, short: bool) -> None:
        """Winnings before the facts of a chunk, as far as somebody needs them (`short`: only for payouts asked for); losses after it."""
        now: dict[tuple[UUID, str], int] = {}
        lowest: dict[tuple[UUID, str], int] = {}
        for fact, payment in facts:
            if fact.amount is None:
                continue
            purse = (payment.player_id, fact.amount.currency)
            now[purse] = now.get(purse, self._minor[purse]) + self._effect(fact)
            if fact.kind is FactKind.PAYOUT_REQUESTED or (fact.kind in _NEEDS_FUNDS and not short):
                lowest[purse] = min(lowest.get(purse, 0), now[purse])
        at = chunk.recorded_at
        for purse, running in sorted(now.items()):
            lacking = -lowest.get(purse, 0)
            won = lacking + lacking * rng.randint(0, 60) // 100
            left = max(running + won, 0)
            lost = left * rng.randint(20, 95) // 100 if rng.random() < 0.5 else 0
            if won:
                chunk.winnings.append(_game(rng, "game_won", purse, -won, at - CHUNK))
            if lost:
                chunk.losses.append(_game(rng, "game_lost", purse, lost, at))
            self._minor[purse] = left - lost

    @staticmethod
    def _effect(fact: PaymentFact) -> int:
        minor = fact.amount.minor if fact.amount else 0
        if fact.kind is FactKind.CAPTURED:
            return minor
        return -minor if fact.kind in _NEEDS_FUNDS else 0


class Bets:
    """Some of what a half day loses is not lost yet: it stays an open bet until the next one."""

    def __init__(self, rng: Random) -> None:
        self.rng = rng
        self.open: list[tuple[UUID, Money]] = []
        self.pools: dict[str, int] = defaultdict(int)
        self.under_review: list[tuple[UUID, Money]] = []

    def place(self, chunk: Chunk) -> None:
        """Turn a third of the losses into bets."""
        for number, keyed in enumerate(chunk.losses):
            if self.rng.random() < _BET_SHARE:
                lost = keyed.entry.postings[0]
                player, stake = UUID(lost.account.code.removeprefix("player_cash:")), Money(lost.account.currency, lost.amount_minor)
                self.open.append((player, stake))
                chunk.losses[number] = self._keyed(games.bet_placed(player, stake, chunk.recorded_at), player, stake.currency, chunk.recorded_at)

    def settle(self, chunk: Chunk) -> None:
        """What was open ends as lost, with its part for the jackpot; the jackpot is won by one of the losers, and paid out half a day later.

        They end when the half day does: a bet of noon is open at midnight, which is when a day of funds is looked at.
        """
        at, ended = chunk.recorded_at, []
        for player, won in self.under_review:
            ended.append(self._keyed(games.winnings_cleared(player, won, at), player, won.currency, chunk.recorded_at))
        self.under_review.clear()
        for player, stake in self.open:
            share = stake.minor // 100
            self.pools[stake.currency] += share
            entry = games.bet_lost(player, stake, at, jackpot=JACKPOT, contribution_minor=share)
            ended.append(self._keyed(entry, player, stake.currency, chunk.recorded_at))
        for player, stake in self.open:
            if self.pools[stake.currency] and self.rng.random() < _JACKPOT_CHANCE:
                won = Money(stake.currency, self.pools.pop(stake.currency))
                self.under_review.append((player, won))
                ended.append(self._keyed(games.jackpot_won(player, JACKPOT, won, at), player, won.currency, chunk.recorded_at))
        self.open.clear()
        chunk.winnings.extend(ended)

    def _keyed(self, entry: Entry, player: UUID, currency: str, at: datetime) -> KeyedEntry:
        return KeyedEntry(entry, f"{entry.kind}:{player.hex}:{currency}:{at:%Y%m%dT%H%M}", uuid7(at, self.rng), at)


def _game(rng: Random, kind: str, purse: tuple[UUID, str], debit_minor: int, at: datetime) -> KeyedEntry:
    player, currency = purse
    postings = (Posting(player_account(player, currency), debit_minor), Posting(house_account("house_revenue", currency), -debit_minor))
    return KeyedEntry(Entry(kind, at, postings), f"{kind}:{player.hex}:{currency}:{at:%Y%m%dT%H%M}", uuid7(at, rng), at)
