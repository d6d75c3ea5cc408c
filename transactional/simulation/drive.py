"""Telling the casino's services what happened, in bulk: the only part of the simulation that touches a database.

Nothing is committed here: the caller's transaction holds the whole world or nothing. Times and ids are given, so the same world writes the
same facts. The trap: facts written around the service; every row here went through Payments and Ledger.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

from sqlalchemy import Connection

from transactional.ledger.entries import KeyedEntry
from transactional.ledger.service import Ledger
from transactional.payments.service import Payments
from transactional.simulation.books import Chunk


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
