"""Which facts of the service land, which of their columns, and how none is lost. For the door, staging and the daily run.

A run remembers the app database's transaction snapshot; the next run takes the rows whose transaction is visible now and was not visible then.
The traps: `where id > last` and `where recorded_at > last`, which lose the row of a transaction that began early and committed late; `select *`,
which lands a payload hash or a webhook body the day somebody adds the column. To land another app table, add its contract to APP_TABLES.
Source: docs/decisions/0005; PostgreSQL documentation, "Transaction ID and Snapshot Information Functions".
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

import psycopg
from psycopg import sql

from assets.landing.app.driving import ANSWER_COLUMNS, ATTEMPT_CONTEXT_COLUMNS, AUTHENTICATION_COLUMNS, CALL_COLUMNS, EVENT_COLUMNS, TURN_END_COLUMNS
from assets.landing.app.routing import CHOICE_COLUMNS, DECISION_COLUMNS
from assets.landing.app.work import BREAK_EVENT_COLUMNS, CLOSE_EVENT_COLUMNS, MATCH_EVENT_COLUMNS
from transactional.vocabulary.errors import ContractBroken, InvariantBroken
from transactional.vocabulary.ids import uuid7
from transactional.vocabulary.tables import Column, ColumnType, Table

T = ColumnType

_BATCH: tuple[Column, ...] = (
    Column("_batch_id", T.UUID, "The landing that brought the row: raw.app_batches."),
    Column("_loaded_at", T.TIMESTAMPTZ, "When the warehouse knew."),
)


def app_table(name: str, grain: str, columns: tuple[Column, ...], key: tuple[str, ...], indexes: tuple[tuple[str, ...], ...] = ()) -> Table:
    """A raw table fed from the app database: the given columns and the batch that brought them."""
    return Table("raw", name, grain, (*columns, *_BATCH), key=key, indexes=indexes)


ACCOUNTS = app_table(
    "app__accounts",
    "one ledger account",
    (
        Column("account_id", T.UUID, "Id."),
        Column("code", T.TEXT, "Chart of accounts code, e.g. psp_receivable:adyen:CountroomEU."),
        Column("account_class", T.TEXT, "The code before its first colon."),
        Column("currency", T.TEXT, "ISO 4217."),
        Column("player_id", T.UUID, "The player, for player accounts.", nullable=True),
        Column("psp", T.TEXT, "PSP, for PSP accounts.", nullable=True),
        Column("merchant_account", T.TEXT, "Merchant account, for PSP accounts.", nullable=True),
        Column("floor_minor", T.BIGINT, "Lowest available balance allowed; null when there is none.", nullable=True),
        Column("created_at", T.TIMESTAMPTZ, "When it was opened."),
    ),
    key=("account_id",),
)

JOURNAL_ENTRIES = app_table(
    "app__journal_entries",
    "one journal entry",
    (
        Column("entry_id", T.UUID, "Id."),
        Column("idempotency_key", T.TEXT, "Key under which it was posted."),
        Column("kind", T.TEXT, "What happened; a MoneyKind for movements at a PSP."),
        Column("effective_at", T.TIMESTAMPTZ, "When it happened."),
        Column("recorded_at", T.TIMESTAMPTZ, "When the service knew."),
        Column("reverses_id", T.UUID, "The entry it reverses.", nullable=True),
        Column("description", T.TEXT, "Free text.", nullable=True),
    ),
    key=("entry_id",),
    indexes=(("_loaded_at",),),
)

POSTINGS = app_table(
    "app__postings",
    "one line of a journal entry",
    (
        Column("entry_id", T.UUID, "The entry."),
        Column("line", T.INTEGER, "1-based line in the entry."),
        Column("account_id", T.UUID, "The account."),
        Column("currency", T.TEXT, "ISO 4217."),
        Column("amount_minor", T.BIGINT, "Positive = debit, negative = credit (the ledger's own sign)."),
        Column("intent_id", T.UUID, "The payment intent.", nullable=True),
        Column("attempt_id", T.UUID, "The payment attempt.", nullable=True),
        Column("psp_reference", T.TEXT, "The payment at the PSP; the batch for payouts.", nullable=True),
        Column("modification_reference", T.TEXT, "The capture, refund or dispute at the PSP.", nullable=True),
    ),
    key=("entry_id", "line"),
    indexes=(("_loaded_at",),),
)

PAYMENT_INTENTS = app_table(
    "app__payment_intents",
    "one payment intent",
    (
        Column("intent_id", T.UUID, "Id."),
        Column("player_id", T.UUID, "The player."),
        Column("direction", T.TEXT, "deposit or withdrawal."),
        Column("currency", T.TEXT, "ISO 4217."),
        Column("amount_minor", T.BIGINT, "Unsigned."),
        Column("created_at", T.TIMESTAMPTZ, "When the player asked."),
        Column("recorded_at", T.TIMESTAMPTZ, "When the service knew."),
    ),
    key=("intent_id",),
)

PAYMENT_ATTEMPTS = app_table(
    "app__payment_attempts",
    "one payment attempt at one PSP",
    (
        Column("attempt_id", T.UUID, "Id."),
        Column("intent_id", T.UUID, "The intent."),
        Column("psp", T.TEXT, "PSP."),
        Column("merchant_account", T.TEXT, "Merchant account."),
        Column("merchant_reference", T.TEXT, "Our reference at the PSP."),
        Column("payment_method", T.TEXT, "Method.", nullable=True),
        Column("created_at", T.TIMESTAMPTZ, "When it began."),
        Column("recorded_at", T.TIMESTAMPTZ, "When the service knew."),
    ),
    key=("attempt_id",),
)

PAYMENT_EVENTS = app_table(
    "app__payment_events",
    "one fact about a payment",
    EVENT_COLUMNS,
    key=("event_id",),
    indexes=(("_loaded_at",),),
)

PAYMENT_ADOPTIONS = app_table(
    "app__payment_adoptions",
    "one payment event whose attempt became known after it",
    (
        Column("event_id", T.UUID, "The event."),
        Column("attempt_id", T.UUID, "The attempt it belongs to."),
        Column("entry_id", T.UUID, "The entry that moved its money out of suspense.", nullable=True),
        Column("recorded_at", T.TIMESTAMPTZ, "When the service knew."),
    ),
    key=("event_id",),
)

BREAK_EVENTS = app_table(
    "app__break_events",
    "one fact about the work on a break",
    BREAK_EVENT_COLUMNS,
    key=("event_id",),
)

CLOSE_EVENTS = app_table(
    "app__close_events",
    "one fact about the close of a PSP's day",
    CLOSE_EVENT_COLUMNS,
    key=("event_id",),
)

MATCH_EVENTS = app_table(
    "app__match_events",
    "one fact about a suggested match",
    MATCH_EVENT_COLUMNS,
    key=("event_id",),
)

PAYMENT_ATTEMPT_CONTEXTS = app_table(
    "app__payment_attempt_contexts",
    "one driven payment attempt: what was known of payer and card",
    ATTEMPT_CONTEXT_COLUMNS,
    key=("attempt_id",),
    indexes=(("_loaded_at",),),
)
PAYMENT_TURN_ENDS = app_table(
    "app__payment_turn_ends", "how an attempt ended its turn at moving its intent's money", TURN_END_COLUMNS, key=("intent_id", "attempt_no")
)
PAYMENT_CALLS = app_table(
    "app__payment_calls", "one request to a PSP, written before it was sent", CALL_COLUMNS, key=("call_id",), indexes=(("_loaded_at",),)
)
PAYMENT_ANSWERS = app_table(
    "app__payment_answers", "the answer to one request to a PSP", ANSWER_COLUMNS, key=("call_id",), indexes=(("_loaded_at",),)
)
PAYMENT_AUTHENTICATIONS = app_table(
    "app__payment_authentications", "one step of a payer's authentication (3-D Secure)", AUTHENTICATION_COLUMNS, key=("authentication_id",)
)

ROUTING_DECISIONS = app_table("app__routing_decisions", "routing decision: which PSP an attempt went to", DECISION_COLUMNS, key=("decision_id",))
ROUTING_CHOICES = app_table(
    "app__routing_choices", "candidate of a routing decision, eligible or excluded", CHOICE_COLUMNS, key=("decision_id", "psp")
)

WORK_TABLES = (BREAK_EVENTS, CLOSE_EVENTS, MATCH_EVENTS)
DRIVING_TABLES = (PAYMENT_ATTEMPT_CONTEXTS, PAYMENT_TURN_ENDS, PAYMENT_CALLS, PAYMENT_ANSWERS, PAYMENT_AUTHENTICATIONS)
APP_TABLES = (
    ACCOUNTS,
    JOURNAL_ENTRIES,
    POSTINGS,
    PAYMENT_INTENTS,
    PAYMENT_ATTEMPTS,
    PAYMENT_EVENTS,
    PAYMENT_ADOPTIONS,
    *WORK_TABLES,
    *DRIVING_TABLES,
    ROUTING_DECISIONS,
    ROUTING_CHOICES,
)
"""All landed from one snapshot, so a posting's entry and account are never missing."""


@dataclass(frozen=True, slots=True)
class LandedTable:
    """What one run brought of one app table."""

    table: Table
    rows: int
    batch_id: UUID


def land_app_tables(app: psycopg.Connection[Any], warehouse: psycopg.Connection[Any], now: datetime) -> tuple[LandedTable, ...]:
    """Bring the facts that became visible since the last run. Both connections must be idle; they may be of two databases.

    The rows and the watermarks are one warehouse transaction: a run that is killed leaves nothing, and the next takes its place. Two runs at once
    take turns. Memory does not grow with the rows: they are streamed.
    Raises: ContractBroken (`app_restored`) when the app database is older than what has landed; nothing is landed then.
    """
    if {app.info.transaction_status, warehouse.info.transaction_status} != {psycopg.pq.TransactionStatus.IDLE}:
        raise InvariantBroken("land_app_tables needs idle connections: it decides what one snapshot and one transaction are")
    with warehouse.transaction(), app.transaction():
        warehouse.execute("select pg_advisory_xact_lock(hashtextextended('app_tables', 20261125))")
        app.execute("set transaction isolation level repeatable read, read only")
        run = _Run(app, warehouse, _current_snapshot(app), uuid7(now), now)
        return tuple(run.land(table) for table in APP_TABLES)


def _current_snapshot(app: psycopg.Connection[Any]) -> str:
    """The snapshot every statement of this repeatable-read transaction sees: no more and no less than it is landed and remembered."""
    row = app.execute("select pg_current_snapshot()::text").fetchone()
    assert row is not None
    return str(row[0])


@dataclass(frozen=True, slots=True)
class _Run:
    """One landing of all app tables."""

    app: psycopg.Connection[Any]
    warehouse: psycopg.Connection[Any]
    snapshot: str
    batch_id: UUID
    now: datetime

    def land(self, table: Table) -> LandedTable:
        name = table.name.removeprefix("app__")
        previous = self._watermark(name)
        if previous is not None:
            self._refuse_older_database(name, previous)
        rows = self._stream(table, self._news(table, name, previous))
        self.warehouse.execute(
            """insert into raw.app_watermarks (table_name, snapshot, landed_at) values (%s, %s, %s)
               on conflict (table_name) do update set snapshot = excluded.snapshot, landed_at = excluded.landed_at""",
            [name, self.snapshot, self.now],
        )
        if rows:
            self.warehouse.execute(
                """insert into raw.app_batches (_batch_id, table_name, snapshot, previous_snapshot, rows_landed, _loaded_at)
                   values (%s, %s, %s, %s, %s, %s)""",
                [self.batch_id, name, self.snapshot, previous, rows, self.now],
            )
        return LandedTable(table, rows, self.batch_id)

    def _watermark(self, name: str) -> str | None:
        row = self.warehouse.execute("select snapshot from raw.app_watermarks where table_name = %s", [name]).fetchone()
        return str(row[0]) if row else None

    def _refuse_older_database(self, name: str, previous: str) -> None:
        """A restored app database counts its transactions anew: with the old watermark its new facts would be taken for landed ones."""
        row = self.app.execute("select pg_snapshot_xmax(%s::pg_snapshot) > pg_snapshot_xmax(%s::pg_snapshot)", [previous, self.snapshot]).fetchone()
        if row is None or row[0]:
            message = f"app.{name}: the app database is older than what has landed from it (restored, or another one); land it into a fresh warehouse"
            raise ContractBroken(message, code="app_restored")

    def _news(self, table: Table, name: str, previous: str | None) -> sql.Composed:
        """The rows visible in our snapshot and not in the previous one (all below its xmin were), with the batch's columns."""
        select = sql.SQL("select {}, {}::uuid, {}::timestamptz from {}").format(
            sql.SQL(", ").join(map(sql.Identifier, table.column_names()[: -len(_BATCH)])),
            sql.Literal(str(self.batch_id)),
            sql.Literal(self.now.isoformat()),
            sql.Identifier("app", name),
        )
        if previous is None:
            return select
        news = sql.SQL("txid >= pg_snapshot_xmin({0}::pg_snapshot) and not pg_visible_in_snapshot(txid, {0}::pg_snapshot)").format(previous)
        if name == "postings":  # in the transaction of their entry, or refused by the database: its index finds them too
            news = sql.SQL("entry_id in (select entry_id from app.journal_entries where {})").format(news)
        return sql.SQL("{} where {}").format(select, news)

    def _stream(self, table: Table, select: sql.Composed) -> int:
        """Copy the rows from one connection to the other, as they come."""
        columns = sql.SQL(", ").join(map(sql.Identifier, table.column_names()))
        target = sql.SQL("copy {} ({}) from stdin").format(sql.Identifier(table.schema, table.name), columns)
        with self.app.cursor() as source, self.warehouse.cursor() as sink:
            with source.copy(sql.SQL("copy ({}) to stdout").format(select)) as rows, sink.copy(target) as copy:
                for data in rows:
                    copy.write(data)
            return sink.rowcount
