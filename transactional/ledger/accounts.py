"""Where money can be: the chart of accounts. For posting templates, the service and everyone who reads account codes.

The trap: an account name typed by hand in two places (`psp_receivable:adyen` here, `psp_recievable:adyen:EU` there) silently becomes two
accounts, and a player account created without a floor can be overdrawn. Codes are built and checked here; floors belong to the class.

Sign in the ledger: positive is a debit. A player's cash is a liability, so its balance is negative while we owe the player.
Source: reference LR §2.5 (account classes).
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from uuid import UUID

from transactional.vocabulary.currencies import PERIODS
from transactional.vocabulary.errors import InputRejected


class Side(StrEnum):
    """The side on which an account of a class grows."""

    DEBIT = "debit"
    CREDIT = "credit"


class Subject(StrEnum):
    """Whose account it is: what stands after the class in the code."""

    NOBODY = "nobody"
    PLAYER = "player"
    PSP = "psp"
    MERCHANT_ACCOUNT = "merchant_account"
    TABLE = "table"
    JACKPOT = "jackpot"
    IBAN = "iban"
    FEE_KIND = "fee_kind"


class FundsSide(StrEnum):
    """What an account is in the proof of player funds: money owed to players, or money that covers it. Everything else is the house's."""

    LIABILITY = "liability"
    RESOURCE = "resource"


_PARTS = {Subject.NOBODY: 0, Subject.MERCHANT_ACCOUNT: 2}
FEE_KINDS = ("commission", "markup", "scheme_fee", "interchange", "other")
_PART = re.compile(r"[^:\x00-\x1f\x7f]{1,100}")


@dataclass(frozen=True, slots=True)
class AccountClass:
    """A class of accounts. `floor_minor`: its accounts are cached and locked, and their available funds never go below it; None: never locked.

    `funds_side` and `funds_component`: the line of the proof of player funds that its balance is part of (docs/decisions/0010).
    """

    name: str
    normal_side: Side
    subject: Subject
    floor_minor: int | None = None
    funds_side: FundsSide | None = None
    funds_component: str | None = None


def _owed(name: str, component: str, subject: Subject = Subject.PLAYER) -> AccountClass:
    floor = 0 if subject is Subject.PLAYER else None
    return AccountClass(name, Side.CREDIT, subject, floor, FundsSide.LIABILITY, component)


def _covering(name: str, component: str, subject: Subject = Subject.MERCHANT_ACCOUNT) -> AccountClass:
    return AccountClass(name, Side.DEBIT, subject, None, FundsSide.RESOURCE, component)


_CLASSES = (
    _owed("player_cash", "player_cash"),
    # a promise under conditions: no money of the player until it crystallises
    AccountClass("player_bonus", Side.CREDIT, Subject.PLAYER, floor_minor=0),
    _owed("player_pending_withdrawal", "pending_withdrawals"),
    _owed("player_open_bets", "open_bets"),
    _owed("player_winnings", "winnings"),
    _owed("player_crystallised_bonus", "crystallised_bonus"),
    _owed("poker_table_escrow", "chips_in_play", Subject.TABLE),
    _owed("jackpot", "jackpots", Subject.JACKPOT),
    AccountClass("house_revenue", Side.CREDIT, Subject.NOBODY),
    AccountClass("rake", Side.CREDIT, Subject.NOBODY),
    AccountClass("bonus_cost", Side.DEBIT, Subject.NOBODY),
    _covering("psp_receivable", "psp_receivable"),
    _covering("psp_reserve", "psp_reserve"),
    _covering("psp_payout_in_transit", "payout_in_transit"),
    _covering("bank", "segregated_bank", Subject.IBAN),
    AccountClass("fee_expense", Side.DEBIT, Subject.FEE_KIND),
    AccountClass("fx_gain_loss", Side.CREDIT, Subject.NOBODY),
    AccountClass("chargeback_receivable", Side.DEBIT, Subject.NOBODY),
    AccountClass("suspense", Side.CREDIT, Subject.PSP),
)
CHART: Mapping[str, AccountClass] = {each.name: each for each in _CLASSES}

_SUBJECT_PATTERNS = {Subject.PLAYER: "[0-9a-f]{32}", Subject.FEE_KIND: "|".join(FEE_KINDS)}


def _code_pattern(one: AccountClass) -> str:
    part = _SUBJECT_PATTERNS.get(one.subject, _PART.pattern)
    return one.name + f":({part})" * _PARTS.get(one.subject, 1)


CODE_PATTERN = f"^({'|'.join(_code_pattern(each) for each in _CLASSES)})$"
"""What an account code looks like, as one regular expression: for documents that others read."""


@dataclass(frozen=True, slots=True)
class AccountRef:
    """One account: a code of the chart in one currency. Raises: InputRejected (`unknown_account` or `unknown_currency`)."""

    code: str
    currency: str

    def __post_init__(self) -> None:
        if self.currency not in PERIODS:
            raise InputRejected(f"currency '{self.currency}' is not an ISO 4217 code", code="unknown_currency")
        class_of(self.code)


def class_of(code: str) -> AccountClass:
    """The class an account code belongs to. Raises: InputRejected (`unknown_account`) when the code does not follow the chart."""
    name, *parts = code.split(":")
    found = CHART.get(name)
    if found is None:
        raise InputRejected(f"'{name}' is not an account class; known: {', '.join(CHART)}", code="unknown_account")
    if len(parts) != _PARTS.get(found.subject, 1) or not all(_PART.fullmatch(part) for part in parts):
        raise InputRejected(f"account code '{code[:120]}' does not name its {found.subject.value}", code="unknown_account")
    if found.subject is Subject.PLAYER and not re.fullmatch(r"[0-9a-f]{32}", parts[0]):
        raise InputRejected(f"account code '{code[:120]}' needs a player id of 32 hex digits", code="unknown_account")
    if found.subject is Subject.FEE_KIND and parts[0] not in FEE_KINDS:
        raise InputRejected(f"'{parts[0]}' is not a kind of fee; known: {', '.join(FEE_KINDS)}", code="unknown_account")
    return found


def player_account(player_id: UUID, currency: str, class_name: str = "player_cash") -> AccountRef:
    """A player's cash, winnings, open bets, bonus or pending withdrawals."""
    return AccountRef(f"{class_name}:{player_id.hex}", currency)


def psp_account(psp: str, merchant_account: str, currency: str, class_name: str = "psp_receivable") -> AccountRef:
    """What a PSP owes us at one merchant account: receivable, reserve, or payouts in transit."""
    return AccountRef(f"{class_name}:{psp}:{merchant_account}", currency)


def house_account(class_name: str, currency: str, subject: str | None = None) -> AccountRef:
    """Any other account: `house_account("rake", "EUR")`, `house_account("fee_expense", "EUR", "markup")`, `house_account("bank", "EUR", iban)`."""
    return AccountRef(class_name if subject is None else f"{class_name}:{subject}", currency)
