"""Telling the casino's services what happened, in bulk: the only part of the simulation that touches a database.

Nothing is committed here: the caller's transaction holds the whole world or nothing. Times and ids are given, so the same world writes the
same facts. The trap: facts written around the service; every row here went through Payments and Ledger.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

from sqlalchemy import Connection, text

from transactional.ledger.entries import KeyedEntry
from transactional.ledger.service import Ledger
from transactional.payments.service import Payments
from transactional.simulation.games import Chunk

# Half days after which the planner is told how large the tables have grown. Nobody else can: what one transaction has written is invisible to
# autovacuum, and with the statistics of empty tables every posting scans all earlier ones (measured: 127 s instead of 15 s for 2,000 players).
_ANALYSED_AFTER = frozenset({1, 3, 9, 27})
_GROWING = ("accounts", "balances", "journal_entries", "postings", "payment_intents", "payment_attempts", "payment_events")


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
        if index in _ANALYSED_AFTER:
            _analyse(connection)
        progress("half days of the casino", index, len(chunks))
    ledger.post_batch(sorted(payouts, key=lambda keyed: (str(keyed.recorded_at), keyed.idempotency_key)))


def _analyse(connection: Connection) -> None:
    for table in _GROWING:
        connection.execute(text(f"analyze app.{table}"))
