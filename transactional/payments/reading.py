"""What does the database know of these payments: attempts by their references, events by attempt, strangers. For the payments service.

Each question is one statement for any number of payments. The traps: two sessions recording facts of one payment at once, each blind to the other
(a refund and its failure would both book nothing): `lock` makes the second wait; and a lock per payment in a batch of thousands, which would
fill the server's lock table: payments share a fixed number of locks.
"""

from __future__ import annotations

import hashlib
from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import Connection, Row, text

from transactional.payments.booking import Known, Party, Reference, Stranger
from transactional.payments.facts import FactKind, PaymentFact
from transactional.payments.money_kinds import MoneyKind
from transactional.vocabulary.money import Money

_LOCKS = 1024
PAYMENT_LOCKS, DELIVERY_LOCKS = 0x7061, 0x7764  # "pa", "wd": the first half of advisory keys, so that nobody else's locks meet ours

_EVENT_COLUMNS = """
    e.event_id, e.attempt_id, e.psp, e.merchant_account, e.event_kind, e.raw_kind, e.amount_minor, e.currency, e.psp_reference,
    e.modification_reference, e.merchant_reference, e.effective_at, e.dedupe_key, e.entry_id is not null as has_entry,
    coalesce(b.money_kind, e.money_kind) as money_kind, coalesce(b.amount_minor, e.amount_minor) as booked_minor,
    coalesce(b.currency, e.currency) as booked_currency, b.event_id is not null as is_late
"""

_BY_ATTEMPT = text(f"""
    select {_EVENT_COLUMNS}, coalesce(e.attempt_id, a.attempt_id) as owner_id
    from (
        select o.event_id from app.payment_events o where o.attempt_id = any(:ids) and o.books_event_id is null
        union all
        select a.event_id from app.payment_adoptions a where a.attempt_id = any(:ids)
    ) found
    join app.payment_events e on e.event_id = found.event_id
    left join app.payment_adoptions a on a.event_id = e.event_id
    left join app.payment_events b on b.books_event_id = e.event_id
    order by e.recorded_at, e.effective_at, e.event_id
""")  # noqa: S608 (columns are ours)

_STRANGERS = """
    select {columns}
    from unnest(cast(:psps as text[]), cast(:accounts as text[]), cast(:refs as text[])) as w (psp, merchant_account, ref)
    join app.payment_events e on e.psp = w.psp and e.merchant_account = w.merchant_account and e.{reference} = w.ref and e.attempt_id is null
    left join app.payment_events b on b.books_event_id = e.event_id
    where e.books_event_id is null and not exists (select from app.payment_adoptions a where a.event_id = e.event_id)
    order by e.recorded_at, e.effective_at, e.event_id
"""

_ATTEMPTS = "select t.attempt_id, t.intent_id, i.player_id, t.psp, t.merchant_account, t.merchant_reference"


class PaymentReader:
    """Questions about payments on one connection, inside the caller's transaction (READ COMMITTED: a statement sees what is committed)."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def clock(self) -> datetime:
        """The database's time."""
        now: datetime = self._connection.execute(text("select clock_timestamp()")).scalar_one()
        return now

    def lock(self, keys: Iterable[object], lock_class: int = PAYMENT_LOCKS) -> None:
        """Wait for whoever works under any of these keys; held until the transaction ends. Always in one order."""
        buckets = sorted({int.from_bytes(hashlib.sha256(repr(key).encode()).digest()[:4], "big") % _LOCKS for key in keys})
        if buckets:
            statement = "select count(pg_advisory_xact_lock(:class, b)) from unnest(cast(:buckets as integer[])) as b"
            self._connection.execute(text(statement), {"class": lock_class, "buckets": buckets})

    def parties(self, attempt_ids: Collection[UUID]) -> dict[UUID, Party]:
        """Whose attempts these are; unknown ids are missing."""
        if not attempt_ids:
            return {}
        statement = f"{_ATTEMPTS} from app.payment_attempts t join app.payment_intents i using (intent_id) where t.attempt_id = any(:ids)"
        return {row.attempt_id: _party(row) for row in self._connection.execute(text(statement), {"ids": list(attempt_ids)})}

    def currencies(self, attempt_ids: Collection[UUID]) -> dict[UUID, str]:
        """The currency of the intent of each attempt; unknown ids are missing."""
        statement = (
            "select t.attempt_id, i.currency from app.payment_attempts t join app.payment_intents i using (intent_id) where t.attempt_id = any(:ids)"
        )
        return {row.attempt_id: row.currency for row in self._connection.execute(text(statement), {"ids": list(attempt_ids)})}

    def parties_by_merchant_reference(self, references: Collection[Reference]) -> dict[Reference, Party]:
        """The attempt that was sent out under each reference."""
        rows = self._at_references(
            f"""{_ATTEMPTS} from unnest(cast(:psps as text[]), cast(:accounts as text[]), cast(:refs as text[])) as w (psp, merchant_account, ref)
            join app.payment_attempts t on t.psp = w.psp and t.merchant_account = w.merchant_account and t.merchant_reference = w.ref
            join app.payment_intents i using (intent_id)""",
            references,
        )
        return {(row.psp, row.merchant_account, row.merchant_reference): _party(row) for row in rows}

    def parties_by_psp_reference(self, references: Collection[Reference]) -> dict[Reference, Party]:
        """The attempt under which each PSP reference was first told."""
        rows = self._at_references(
            """select distinct on (w.psp, w.merchant_account, w.ref) w.psp, w.merchant_account, w.ref, t.attempt_id, t.intent_id, i.player_id
            from unnest(cast(:psps as text[]), cast(:accounts as text[]), cast(:refs as text[])) as w (psp, merchant_account, ref)
            join app.payment_events e on e.psp = w.psp and e.merchant_account = w.merchant_account and e.psp_reference = w.ref
            left join app.payment_adoptions a on a.event_id = e.event_id
            join app.payment_attempts t on t.attempt_id = coalesce(e.attempt_id, a.attempt_id)
            join app.payment_intents i using (intent_id)
            order by w.psp, w.merchant_account, w.ref, t.created_at, t.attempt_id""",
            references,
        )
        return {(row.psp, row.merchant_account, row.ref): _party(row) for row in rows}

    def events_by_key(self, dedupe_keys: Collection[str]) -> Mapping[str, Row[Any]]:
        """Events recorded under these keys: event_id, attempt_id (adopted or not), entry_id, money_kind, payload_hash."""
        statement = """
            select e.dedupe_key, e.event_id, coalesce(e.attempt_id, a.attempt_id) as attempt_id, e.entry_id, e.money_kind, e.payload_hash
            from app.payment_events e left join app.payment_adoptions a using (event_id) where e.dedupe_key = any(:keys)
        """
        return {row.dedupe_key: row for row in self._connection.execute(text(statement), {"keys": list(dedupe_keys)})}

    def history(self, attempt_ids: Collection[UUID]) -> dict[UUID, list[Known]]:
        """Everything told about these attempts, adopted events included, in the order of recording."""
        found: dict[UUID, list[Known]] = defaultdict(list)
        if attempt_ids:
            for row in self._connection.execute(_BY_ATTEMPT, {"ids": list(attempt_ids)}):
                found[row.owner_id].append(_known(row))
        return found

    def strangers_by_psp_reference(self, references: Collection[Reference]) -> dict[Reference, list[Stranger]]:
        """Events without an attempt, by their PSP reference."""
        return self._strangers(references, "psp_reference")

    def strangers_by_merchant_reference(self, references: Collection[Reference]) -> dict[Reference, list[Stranger]]:
        """Events without an attempt, by the merchant reference they named."""
        return self._strangers(references, "merchant_reference")

    def _strangers(self, references: Collection[Reference], column: str) -> dict[Reference, list[Stranger]]:
        found: dict[Reference, list[Stranger]] = defaultdict(list)
        for row in self._at_references(_STRANGERS.format(columns=_EVENT_COLUMNS, reference=column), references):
            found[row.psp, row.merchant_account, getattr(row, column)].append(Stranger(row.event_id, _known(row)))
        return found

    def _at_references(self, statement: str, references: Collection[Reference]) -> Iterable[Row[Any]]:
        if not references:
            return ()
        psps, accounts, refs = zip(*references, strict=True)
        return self._connection.execute(text(statement), {"psps": list(psps), "accounts": list(accounts), "refs": list(refs)})


def _party(row: Row[Any]) -> Party:
    return Party(row.player_id, row.intent_id, row.attempt_id)


def _known(row: Row[Any]) -> Known:
    return Known(
        fact=PaymentFact(
            kind=FactKind(row.event_kind),
            psp=row.psp,
            merchant_account=row.merchant_account,
            effective_at=row.effective_at,
            dedupe_key=row.dedupe_key,
            amount=None if row.amount_minor is None else Money(row.currency, abs(row.amount_minor)),
            psp_reference=row.psp_reference,
            modification_reference=row.modification_reference,
            merchant_reference=row.merchant_reference,
            attempt_id=row.attempt_id,
            raw_kind=row.raw_kind,
        ),
        money_kind=None if row.money_kind is None else MoneyKind(row.money_kind),
        amount=None if row.booked_minor is None else Money(row.booked_currency, abs(row.booked_minor)),
        has_entry=row.has_entry,
        is_late=row.is_late,
    )
