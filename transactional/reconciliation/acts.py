"""What a person may do with a break, as a value: who asks in which words is decided before the database is asked. Pure; for the service's callers.

The trap: a proposal whose accounts or currency the ledger will refuse on the day it is posted, weeks after it was approved. It is checked here.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Mapping
from dataclasses import dataclass

import orjson

from transactional.ledger.accounts import AccountRef
from transactional.ledger.entries import Entry, Posting
from transactional.payments.money_kinds import PLAYER_KINDS, MoneyKind
from transactional.reconciliation.work import BreakEvent, EventKind, ProposalKind
from transactional.vocabulary.errors import InputRejected, Refused
from transactional.vocabulary.money import INT64_MAX

ACTOR_PATTERN = r"^[a-z0-9._@-]{1,64}$"
THREAD_PATTERN = r"^brk_[0-9a-f]{32}$"
ROOT_CAUSE_PATTERN = r"^[a-z0-9_]{1,40}$"
LONGEST_WORDS = 2_000


@dataclass(frozen=True, slots=True)
class Proposal:
    """What would be booked: `amount_minor` (positive) from `credit_code` to `debit_code`.

    `books` names the movement at the PSP that our books lack (a MoneyKind of a player, with the PSP's references): the entry then takes part in
    matching. Without it the entry is one the reconciliation does not look at. Raises: InputRejected, Refused (`same_account`).
    """

    kind: ProposalKind
    currency: str
    amount_minor: int
    debit_code: str
    credit_code: str
    books: MoneyKind | None = None
    psp_reference: str | None = None
    modification_reference: str | None = None

    def __post_init__(self) -> None:
        if type(self.amount_minor) is not int or not 0 < self.amount_minor <= INT64_MAX:
            raise InputRejected("a proposal is over a positive integer of minor units", code="amount_not_positive")
        if self.debit_code == self.credit_code:
            raise Refused("a proposal moves money between two different accounts", code="same_account")
        AccountRef(self.debit_code, self.currency), AccountRef(self.credit_code, self.currency)
        if self.books is not None and (self.books not in PLAYER_KINDS or not self.psp_reference):
            raise InputRejected("an entry that takes part in matching needs a player's kind of money and the PSP's reference", code="wrong_kind")

    def body(self) -> dict[str, object]:
        """What of it has no column of its own."""
        rest = {"books": self.books and self.books.value, "psp_reference": self.psp_reference, "modification_reference": self.modification_reference}
        codes: dict[str, object] = {"debit_code": self.debit_code, "credit_code": self.credit_code}
        return codes | {name: value for name, value in rest.items() if value}


@dataclass(frozen=True, slots=True)
class Act:
    """One thing done to one break. Which fields belong to which kind is checked when it is made. Raises: InputRejected (`wrong_act`)."""

    kind: EventKind
    words: str | None = None
    owner: str | None = None
    root_cause: str | None = None
    proposal: Proposal | None = None
    evidence_key: str | None = None
    evidence: Mapping[str, object] | None = None

    def __post_init__(self) -> None:
        needed = {
            EventKind.ASSIGNED: ("owner", self.owner),
            EventKind.COMMENTED: ("words", self.words),
            EventKind.EVIDENCE_ATTACHED: ("evidence_key", self.evidence_key),
            EventKind.EXPLAINED: ("root_cause", self.root_cause),
            EventKind.PROPOSED: ("proposal", self.proposal),
            EventKind.REJECTED: ("words", self.words),
            EventKind.REOPENED: ("words", self.words),
        }
        name, value = needed.get(self.kind, ("", True))
        if not value:
            raise InputRejected(f"what is {self.kind.value.replace('_', ' ')} needs its {name.replace('_', ' ')}", code="wrong_act")
        if self.owner is not None:
            check_person(self.owner)
        if self.root_cause is not None and not re.fullmatch(ROOT_CAUSE_PATTERN, self.root_cause):
            raise InputRejected("a root cause is a word of a-z, 0-9 and _, as late_file", code="wrong_act")
        if self.words is not None and (len(self.words) > LONGEST_WORDS or "\x00" in self.words):
            raise InputRejected(f"words are at most {LONGEST_WORDS} characters", code="wrong_act")

    def fingerprint(self, thread_id: str, actor: str) -> str:
        """A hash of everything said: the same request id with another one is a conflict."""
        said = [thread_id, actor, self.kind, self.words, self.owner, self.root_cause, self.proposal, self.evidence_key, self.evidence]
        return hashlib.sha256(orjson.dumps(said, default=str)).hexdigest()


def check_person(name: str) -> str:
    """The name of an actor or owner. Raises: InputRejected (`wrong_actor`)."""
    if not re.fullmatch(ACTOR_PATTERN, name):
        raise InputRejected("a person is named by 1 to 64 characters of a-z, 0-9 and . _ @ -", code="wrong_actor")
    return name


def check_thread(thread_id: str) -> str:
    """The id of a break's thread. Raises: InputRejected (`wrong_id`)."""
    if not re.fullmatch(THREAD_PATTERN, thread_id):
        raise InputRejected("a break has an id like brk_<32 hex digits>", code="wrong_id")
    return thread_id


def booking_key(proposal: BreakEvent) -> str:
    """The ledger's idempotency key of a proposal: one entry, however often it is posted."""
    return f"break:{proposal.thread_id}:{proposal.event_id}"


def entry_of(proposal: BreakEvent) -> Entry:
    """The entry an approved proposal books. It takes effect when it was proposed, so that a second try says the same to the ledger."""
    body, currency, minor = {name: str(value) for name, value in proposal.body.items()}, str(proposal.currency), int(proposal.amount_minor or 0)
    references = (body.get("psp_reference"), body.get("modification_reference"))
    lines = ((body["debit_code"], minor), (body["credit_code"], -minor))
    kind = body.get("books") or ("write_off" if proposal.proposal_kind is ProposalKind.WRITE_OFF else "adjustment")
    postings = tuple(_posting(AccountRef(code, currency), amount, *references) for code, amount in lines)
    return Entry(kind, proposal.recorded_at, postings, description=f"break {proposal.thread_id}")


def _posting(account: AccountRef, minor: int, psp_reference: str | None, modification_reference: str | None) -> Posting:
    return Posting(account, minor, psp_reference=psp_reference, modification_reference=modification_reference)
