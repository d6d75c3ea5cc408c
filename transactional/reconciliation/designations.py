"""Which of our accounts hold players' money, and since when? Read from the register of accounts; for the proof of player funds, and as a catalogue.

The trap: every bank balance counted as cover, the one that pays the salaries included. Only an account designated for players on the day counts
(UKGC LCCP 4.1.1: separate client accounts; MGA: player-designated bank and PSP balances). A designation is never taken back: its period ends.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date

from transactional.payments.merchant_accounts import BANK_ACCOUNTS, MERCHANT_ACCOUNTS

BANK = "bank"


@dataclass(frozen=True, slots=True)
class Designation:
    """An account (an IBAN at a bank, a merchant account at a PSP) that is for players' money from `since` (inclusive) to `until` (exclusive).

    `holder` is `bank`, or the PSP that holds the money.
    """

    holder: str
    account: str
    since: date
    until: date = date.max


def _designations() -> Iterator[Designation]:
    for bank in BANK_ACCOUNTS:
        if bank.players_since is not None:
            yield Designation(BANK, bank.iban, bank.players_since, bank.players_until)
    for mine in MERCHANT_ACCOUNTS:
        if mine.players_since is not None:
            yield Designation(mine.psp, mine.account, mine.players_since, mine.players_until)


DESIGNATIONS: tuple[Designation, ...] = tuple(dict.fromkeys(_designations()))


def designated_on(day: date, designations: tuple[Designation, ...] = DESIGNATIONS) -> frozenset[tuple[str, str]]:
    """The accounts designated on a day, as (holder, account)."""
    return frozenset((each.holder, each.account) for each in designations if each.since <= day < each.until)
