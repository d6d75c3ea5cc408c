"""Which of our accounts hold players' money, and since when? The one register of it, dated. For the proof of player funds, and as a catalogue for dbt.

The trap: every bank balance counted as cover, the one that pays the salaries included. Only an account designated for players on the day counts
(UKGC LCCP 4.1.1: separate client accounts; MGA: player-designated bank and PSP balances). An account is never taken off the list: its period ends.
Here stands the demo casino; a real operator edits this file. `holder` is `bank`, or the PSP that holds the money.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

BANK = "bank"
_START = date(2025, 1, 1)


@dataclass(frozen=True, slots=True)
class Designation:
    """An account (an IBAN at a bank, a merchant account at a PSP) that is for players' money from `since` (inclusive) to `until` (exclusive)."""

    holder: str
    account: str
    since: date = _START
    until: date = date.max


DESIGNATIONS: tuple[Designation, ...] = (
    Designation(BANK, "DE89370400440532013000"),
    Designation(BANK, "GB29NWBK60161331926819"),
    Designation(BANK, "US64SVBKUS6S3300958879"),
    Designation(BANK, "JP1200090001234567"),
    Designation("adyen", "CountroomEU"),
    Designation("adyen", "CountroomTR"),
    Designation("stripe", "acct_countroom_us"),
)


def designated_on(day: date, designations: tuple[Designation, ...] = DESIGNATIONS) -> frozenset[tuple[str, str]]:
    """The accounts designated on a day, as (holder, account)."""
    return frozenset((each.holder, each.account) for each in designations if each.since <= day < each.until)
