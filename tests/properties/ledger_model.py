"""The ledger as plain Python lists: slow, obvious, and sharing no code with the SQL it judges."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime

from transactional.ledger.accounts import AccountRef
from transactional.ledger.entries import Entry, KeyedEntry


class ModelRefusal(Exception):
    """The model says no, with the code the ledger should give."""


@dataclass(frozen=True)
class Line:
    """One booked line with everything its entry says about time."""

    account: AccountRef
    minor: int
    intent: object
    effective_at: datetime
    recorded_at: datetime


@dataclass
class HeldFunds:
    """A hold: what it is on, what is left, how it ended."""

    account: AccountRef
    left: int
    expires_at: datetime
    ended: str | None = None


@dataclass
class LedgerModel:
    """Everything that was booked. Players' accounts may not go below zero funds, today or at any effective time."""

    entries: dict[str, Entry] = field(default_factory=dict)
    lines: dict[str, list[Line]] = field(default_factory=dict)
    reversed_keys: set[str] = field(default_factory=set)
    holds: dict[str, HeldFunds] = field(default_factory=dict)

    def copy(self) -> LedgerModel:
        holds = {key: HeldFunds(**vars(hold)) for key, hold in self.holds.items()}
        return LedgerModel(dict(self.entries), dict(self.lines), set(self.reversed_keys), holds)

    def all_lines(self) -> list[Line]:
        return [line for lines in self.lines.values() for line in lines]

    def balance(self, account: AccountRef, known_by: datetime | None = None, until: datetime | None = None) -> int:
        return sum(
            line.minor
            for line in self.all_lines()
            if line.account == account and (known_by is None or line.recorded_at <= known_by) and (until is None or line.effective_at < until)
        )

    def available(self, account: AccountRef) -> int:
        return -self.balance(account) - sum(hold.left for hold in self.holds.values() if hold.account == account and hold.ended is None)

    def funds_at(self, account: AccountRef, moment: datetime) -> int:
        return -sum(line.minor for line in self.all_lines() if line.account == account and line.effective_at <= moment)

    def room(self, account: AccountRef, since: datetime) -> int:
        """What a debit that takes effect at `since` may take: the least there is from then on, and no more than is free now."""
        moments = {since} | {line.effective_at for line in self.all_lines() if line.account == account and line.effective_at > since}
        return max(0, min(self.available(account), *(self.funds_at(account, moment) for moment in moments)))

    def post(self, keyed: KeyedEntry, recorded_at: datetime) -> bool:
        """Whether it was there already. Raises: ModelRefusal, changing nothing."""
        known = self.entries.get(keyed.idempotency_key)
        if known is not None:
            if known != keyed.entry:
                raise ModelRefusal("idempotency_conflict")
            return True
        tried = self.copy()
        tried.lines[keyed.idempotency_key] = []
        for credits_first in (True, False):
            for posting in keyed.entry.postings:
                if (posting.amount_minor < 0) is credits_first:
                    tried._book(keyed, posting.account, posting.amount_minor, recorded_at)
        self.lines[keyed.idempotency_key] = tried.lines[keyed.idempotency_key]
        self.entries[keyed.idempotency_key] = keyed.entry
        return False

    def _book(self, keyed: KeyedEntry, account: AccountRef, minor: int, recorded_at: datetime) -> None:
        entry = keyed.entry
        posting = next(each for each in entry.postings if (each.account, each.amount_minor) == (account, minor))
        kept = minor
        if account.code.startswith("player_") and minor > 0:
            room = self.room(account, entry.effective_at)
            if minor > room and posting.backed_by is None:
                raise ModelRefusal("insufficient_funds")
            kept = min(minor, room)
        elif account.code.startswith("player_") and posting.backed_by is not None:
            owed = sum(line.minor for line in self.all_lines() if (line.account, line.intent) == (posting.backed_by, posting.intent_id))
            kept = min(0, minor + max(0, owed))
        parts = [(account, kept), (posting.backed_by, minor - kept)]
        self.lines[keyed.idempotency_key] += [
            Line(where, part, posting.intent_id, entry.effective_at, recorded_at) for where, part in parts if where is not None and part
        ]

    def reverse(self, original: str, key: str, effective_at: datetime, recorded_at: datetime) -> None:
        """The inverse of every booked line. Raises: ModelRefusal."""
        if original in self.reversed_keys:
            raise ModelRefusal("already_reversed")
        if effective_at < self.entries[original].effective_at:
            raise ModelRefusal("reversal_too_early")
        inverse = [Line(line.account, -line.minor, line.intent, effective_at, recorded_at) for line in self.lines[original]]
        for line in inverse:
            if line.account.code.startswith("player_") and 0 < line.minor > self.room(line.account, effective_at):
                raise ModelRefusal("insufficient_funds")
        self.lines[key] = inverse
        self.reversed_keys.add(original)

    def place(self, key: str, account: AccountRef, minor: int, expires_at: datetime) -> None:
        if self.available(account) < minor:
            raise ModelRefusal("insufficient_funds")
        self.holds[key] = HeldFunds(account, minor, expires_at)

    def capture(self, hold_key: str, keyed: KeyedEntry, minor: int, recorded_at: datetime) -> None:
        hold = self.holds[hold_key]
        if hold.ended or hold.expires_at <= recorded_at:
            raise ModelRefusal("closed_hold")
        if minor > hold.left:
            raise ModelRefusal("hold_exceeded")
        hold.left -= minor
        try:
            self.post(keyed, recorded_at)
        except ModelRefusal:
            hold.left += minor
            raise
        hold.ended = None if hold.left else "captured"

    def release(self, hold_key: str) -> None:
        hold = self.holds[hold_key]
        if hold.ended in {"captured", "expired"}:
            raise ModelRefusal("closed_hold")
        hold.left, hold.ended = 0, "released"

    def expire(self, now: datetime) -> set[str]:
        due = {key for key, hold in self.holds.items() if hold.ended is None and hold.expires_at <= now}
        for key in due:
            self.holds[key].left, self.holds[key].ended = 0, "expired"
        return due
