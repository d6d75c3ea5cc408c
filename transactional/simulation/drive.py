"""Telling the casino's services what happened, in bulk: the only part of the simulation that touches a database.

Nothing is committed here: the caller's transaction holds the whole world or nothing. Times and ids are given, so the same world writes the
same facts. The trap: facts written around the service; every row here went through Payments and Ledger.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from uuid import UUID

from sqlalchemy import Connection, text

from transactional.ledger.entries import KeyedEntry
from transactional.ledger.service import Ledger
from transactional.payments.service import Payments
from transactional.simulation.books import Chunk

_LINES = """
    select p.entry_id, p.line
    from app.postings p join app.accounts a on a.account_id = p.account_id join app.journal_entries e on e.entry_id = p.entry_id
    where (a.account_class = 'psp_receivable' and e.kind in ('deposit', 'deposit_reversed', 'refund', 'refund_reversed', 'chargeback',
            'chargeback_reversed', 'second_chargeback', 'withdrawal', 'withdrawal_returned'))
        or (a.account_class = 'psp_payout_in_transit' and e.kind in ('payout', 'payout_returned'))
"""


def write_books(connection: Connection, chunks: Sequence[Chunk], payouts: Sequence[KeyedEntry], progress: Callable[[str, int, int], None]) -> None:
    """Write a casino's own side through its services, oldest first. `progress(what, done, total)` is called after each half day."""
    ledger = Ledger(connection)
    payments = Payments(connection, ledger)
    for index, chunk in enumerate(chunks, start=1):
        payments.create_intents(chunk.intents)
        payments.create_attempts(chunk.attempts)
        ledger.post_batch(chunk.winnings)
        payments.record(chunk.facts, recorded_at=chunk.recorded_at)
        ledger.post_batch(chunk.losses)
        progress("half days of the casino", index, len(chunks))
    ledger.post_batch(sorted(payouts, key=lambda keyed: (str(keyed.recorded_at), keyed.idempotency_key)))


def item_lines(connection: Connection) -> dict[UUID, int]:
    """Which line of each ledger entry is the one reconciliation reads."""
    return {row[0]: row[1] for row in connection.execute(text(_LINES))}
