"""Which accounts do games, jackpots and bonuses touch? Pure functions, one per event, each returning a balanced Entry. For games and the simulator.

Payments are in posting_templates, payout batches in settlement_templates. The trap: a stake booked as revenue when the bet is placed. Until the bet is
settled the money is the player's, and a month end must show it; so it rests in player_open_bets. In the same way a win that is still under review
rests in player_winnings, and a bonus becomes money owed only when it crystallises (docs/decisions/0010).

Amounts are positive; the template gives the sign. Source: reference LR, regulatory requirements (UKGC LCCP 4.1.1, MGA month-end report).
"""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from transactional.ledger.accounts import AccountRef, house_account, player_account
from transactional.ledger.entries import Entry, Posting
from transactional.vocabulary.errors import InputRejected
from transactional.vocabulary.money import Money


def bet_placed(player_id: UUID, stake: Money, effective_at: datetime) -> Entry:
    """DR player_cash (refused when it is not there), CR player_open_bets."""
    return _moved("bet_placed", stake, effective_at, _players(player_id, stake), _players(player_id, stake, "player_open_bets"))


def bet_voided(player_id: UUID, stake: Money, effective_at: datetime) -> Entry:
    """DR player_open_bets (refused when it is not there), CR player_cash."""
    return _moved("bet_voided", stake, effective_at, _players(player_id, stake, "player_open_bets"), _players(player_id, stake))


def bet_lost(player_id: UUID, stake: Money, effective_at: datetime, *, jackpot: str | None = None, contribution_minor: int = 0) -> Entry:
    """DR player_open_bets the stake, CR jackpot its contribution, CR house_revenue the rest.

    Raises: InputRejected (`bad_contribution`) for a contribution that names no jackpot, or is more than the stake.
    """
    if not 0 <= contribution_minor <= stake.minor or (contribution_minor and jackpot is None):
        raise InputRejected(f"a stake of {stake.minor} cannot put {contribution_minor} into jackpot {jackpot}", code="bad_contribution")
    lines = [(_players(player_id, stake, "player_open_bets"), stake.minor)]
    if jackpot is not None:
        lines.append((house_account("jackpot", stake.currency, jackpot), -contribution_minor))
    lines.append((house_account("house_revenue", stake.currency), contribution_minor - stake.minor))
    return _entry("bet_lost", effective_at, lines, stake)


def bet_won(player_id: UUID, stake: Money, payout: Money, effective_at: datetime, *, cleared: bool = True) -> Entry:
    """DR player_open_bets the stake, DR house_revenue what is paid beyond it, CR player_cash the payout (not `cleared`: player_winnings)."""
    account = _players(player_id, payout, "player_cash" if cleared else "player_winnings")
    stake_line = (_players(player_id, stake, "player_open_bets"), stake.minor)
    lines = [stake_line, (house_account("house_revenue", stake.currency), payout.minor - stake.minor), (account, -payout.minor)]
    return _entry("bet_won", effective_at, lines, stake, payout)


def jackpot_won(player_id: UUID, jackpot: str, amount: Money, effective_at: datetime, *, cleared: bool = False) -> Entry:
    """DR jackpot, CR player_winnings (`cleared`: player_cash). Large wins are looked at before they may be spent."""
    account = _players(player_id, amount, "player_cash" if cleared else "player_winnings")
    return _moved("jackpot_won", amount, effective_at, house_account("jackpot", amount.currency, jackpot), account)


def winnings_cleared(player_id: UUID, amount: Money, effective_at: datetime) -> Entry:
    """DR player_winnings (refused when it is not there), CR player_cash."""
    return _moved("winnings_cleared", amount, effective_at, _players(player_id, amount, "player_winnings"), _players(player_id, amount))


def bonus_granted(player_id: UUID, amount: Money, effective_at: datetime) -> Entry:
    """DR bonus_cost, CR player_bonus: a promise under conditions, no money of the player yet."""
    return _moved("bonus_granted", amount, effective_at, house_account("bonus_cost", amount.currency), _players(player_id, amount, "player_bonus"))


def bonus_forfeited(player_id: UUID, amount: Money, effective_at: datetime) -> Entry:
    """DR player_bonus (refused when it is not there), CR bonus_cost."""
    return _moved("bonus_forfeited", amount, effective_at, _players(player_id, amount, "player_bonus"), house_account("bonus_cost", amount.currency))


def bonus_crystallised(player_id: UUID, amount: Money, effective_at: datetime) -> Entry:
    """DR player_bonus (refused when it is not there), CR player_crystallised_bonus: its conditions are met, from now on it is owed."""
    owed = _players(player_id, amount, "player_crystallised_bonus")
    return _moved("bonus_crystallised", amount, effective_at, _players(player_id, amount, "player_bonus"), owed)


def bonus_paid(player_id: UUID, amount: Money, effective_at: datetime) -> Entry:
    """DR player_crystallised_bonus (refused when it is not there), CR player_cash."""
    return _moved("bonus_paid", amount, effective_at, _players(player_id, amount, "player_crystallised_bonus"), _players(player_id, amount))


def _players(player_id: UUID, amount: Money, class_name: str = "player_cash") -> AccountRef:
    return player_account(player_id, amount.currency, class_name)


def _moved(kind: str, amount: Money, effective_at: datetime, debit: AccountRef, credit: AccountRef) -> Entry:
    return _entry(kind, effective_at, [(debit, amount.minor), (credit, -amount.minor)], amount)


def _entry(kind: str, effective_at: datetime, lines: list[tuple[AccountRef, int]], *amounts: Money) -> Entry:
    for amount in amounts:
        if amount.minor <= 0:
            raise InputRejected(f"a template takes a positive amount and gives the sign itself, got {amount.minor}", code="amount_not_positive")
    return Entry(kind, effective_at, tuple(Posting(account, minor) for account, minor in lines if minor))
