"""What does one entry say? For the API and support.

The trap: an entry shown without its reversal looks as if it still counted; both directions of the link are in the answer.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from sqlalchemy import Connection, text

from transactional.ledger.entries import AccountRef
from transactional.vocabulary.errors import Refused

_ENTRY = text(
    """
    select e.entry_id, e.kind, e.effective_at, e.recorded_at, e.reverses_id, e.description, r.entry_id as reversed_by_id
    from app.journal_entries e left join app.journal_entries r on r.reverses_id = e.entry_id
    where e.entry_id = :entry_id
    """
)
_LINES = text(
    """
    select p.line, a.code, a.currency, p.amount_minor, p.intent_id, p.attempt_id, p.psp_reference
    from app.postings p join app.accounts a on a.account_id = p.account_id
    where p.entry_id = :entry_id order by p.line
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
    row = connection.execute(_ENTRY, {"entry_id": entry_id}).one_or_none()
    if row is None:
        raise Refused("there is no such entry", code="not_found")
    lines = tuple(
        BookedLine(line.line, AccountRef(line.code, line.currency), line.amount_minor, line.intent_id, line.attempt_id, line.psp_reference)
        for line in connection.execute(_LINES, {"entry_id": entry_id})
    )
    return BookedEntry(row.entry_id, row.kind, row.effective_at, row.recorded_at, row.reverses_id, row.reversed_by_id, row.description, lines)
