"""The movements of money the ledger tests make, in one line each."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from uuid import UUID

from sqlalchemy import Connection, text

from transactional.ledger.accounts import AccountRef, house_account, player_account, psp_account
from transactional.ledger.entries import Entry, KeyedEntry, Posting
from transactional.ledger.posting_templates import Payment

NOON = datetime(2026, 3, 1, 12, tzinfo=UTC)
DAY = timedelta(days=1)
PLAYER = UUID(int=7)
CASH = player_account(PLAYER, "EUR")
REVENUE = house_account("house_revenue", "EUR")
RECEIVABLE = psp_account("adyen", "CountroomEU", "EUR")
CHARGEBACKS = house_account("chargeback_receivable", "EUR")


def payment(intent: int = 1, player_id: UUID = PLAYER) -> Payment:
    return Payment("adyen", "CountroomEU", player_id, UUID(int=intent), UUID(int=1000 + intent), f"PSP{intent}", f"MOD{intent}")


def move(
    minor: int, key: str, *, at: datetime = NOON, account: AccountRef = CASH, kind: str = "move", recorded_at: datetime | None = None
) -> KeyedEntry:
    """The player gets `minor` from the house (negative: pays it)."""
    entry = Entry(kind, at, (Posting(REVENUE, minor), Posting(account, -minor)))
    return KeyedEntry(entry, key, recorded_at=recorded_at)


def facts_count(connection: Connection) -> tuple[int, ...]:
    """How many rows each table of the ledger has: what a rejection must not change."""
    tables = ("accounts", "journal_entries", "postings", "balances", "holds", "hold_events", "open_holds")
    return tuple(connection.execute(text(f"select count(*) from app.{table}")).scalar_one() for table in tables)
