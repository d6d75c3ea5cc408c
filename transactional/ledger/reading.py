"""What does an entry say, and which entries has an account? For the API and support.

The trap: an entry shown without its reversal looks as if it still counted; both directions of the link are in the answer.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from sqlalchemy import Connection, text

from transactional.ledger.entries import AccountRef
from transactional.vocabulary.errors import Refused

_ENTRIES = text(
    """
    select e.entry_id, e.kind, e.effective_at, e.recorded_at, e.reverses_id, e.description, r.entry_id as reversed_by_id
    from app.journal_entries e left join app.journal_entries r on r.reverses_id = e.entry_id
    where e.entry_id = any(:ids) order by e.entry_id desc
    """
)
_LINES = text(
    """
    select p.entry_id, p.line, a.code, a.currency, p.amount_minor, p.intent_id, p.attempt_id, p.psp_reference
    from app.postings p join app.accounts a on a.account_id = p.account_id
    where p.entry_id = any(:ids) order by p.line
    """
)
_OF_ACCOUNT = text(
    """
    select distinct p.entry_id from app.postings p
    where p.account_id = (select a.account_id from app.accounts a where a.code = :code and a.currency = :currency)
      and (cast(:before as uuid) is null or p.entry_id < cast(:before as uuid))
    order by p.entry_id desc limit :limit
    """
)


@dataclass(frozen=True, slots=True)
class BookedLine:
    """One posting as booked. Units: minor units of the account's currency, positive is a debit."""

    line: int
    account: AccountRef
    amount_minor: int
    intent_id: UUID | None
    attempt_id: UUID | None
    psp_reference: str | None


@dataclass(frozen=True, slots=True)
class BookedEntry:
    """One entry as booked, with its place in a chain of reversals."""

    entry_id: UUID
    kind: str
    effective_at: datetime
    recorded_at: datetime
    reverses_id: UUID | None
    reversed_by_id: UUID | None
    description: str | None
    lines: tuple[BookedLine, ...]


def booked_entry(connection: Connection, entry_id: UUID) -> BookedEntry:
    """Raises: Refused (`not_found`)."""
    found = _booked(connection, [entry_id])
    if not found:
        raise Refused("there is no such entry", code="not_found")
    return found[0]


def entries_of_account(connection: Connection, account: AccountRef, *, before: UUID | None, limit: int) -> list[BookedEntry]:
    """The newest `limit` entries that touch an account, by id (which has the time in it), those before the id `before` if given.

    Entries are never changed, so a page once read stays as it was; what is booked meanwhile comes before the first page.
    """
    asked = {"code": account.code, "currency": account.currency, "before": before, "limit": limit}
    return _booked(connection, list(connection.execute(_OF_ACCOUNT, asked).scalars()))


def _booked(connection: Connection, ids: list[UUID]) -> list[BookedEntry]:
    lines: dict[UUID, list[BookedLine]] = {entry_id: [] for entry_id in ids}
    for line in connection.execute(_LINES, {"ids": ids}):
        account = AccountRef(line.code, line.currency)
        lines[line.entry_id].append(BookedLine(line.line, account, line.amount_minor, line.intent_id, line.attempt_id, line.psp_reference))
    return [
        BookedEntry(
            row.entry_id,
            row.kind,
            row.effective_at,
            row.recorded_at,
            row.reverses_id,
            row.reversed_by_id,
            row.description,
            tuple(lines[row.entry_id]),
        )
        for row in connection.execute(_ENTRIES, {"ids": ids})
    ]
