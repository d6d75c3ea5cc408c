"""Closing days: freeze, sign, re-open, read. For the command line and the API; each call is one fact, and nothing is committed here.

A refusal is an exception and leaves the transaction aborted. The traps are the database's to refuse, whoever writes (revision 0014): a second live
close of a day, the same person signing twice, a signature on what is re-opened, a re-opening without a reason.
"""

from __future__ import annotations

import re
from datetime import date, datetime
from typing import Any
from uuid import UUID

import orjson
import sqlalchemy as sa
from sqlalchemy import Connection
from sqlalchemy.exc import DBAPIError

from transactional.db.refusals import refusal_in
from transactional.reconciliation.closes import Close, CloseEvent, CloseKind, Frozen, closes_of, live_close
from transactional.reconciliation.models import close_events
from transactional.vocabulary.errors import InputRejected, Refused
from transactional.vocabulary.ids import SYSTEM_RANDOM, RandomBits, uuid7

_ACTOR = re.compile(r"[a-z0-9._@-]{1,64}")


class Closes:
    """The closes on one connection. `bits` draws ids that were not given. Raises everywhere: Refused with a code, InputRejected (`actor`)."""

    def __init__(self, connection: Connection, *, bits: RandomBits = SYSTEM_RANDOM) -> None:
        self._connection, self._bits = connection, bits

    def of(self, psp: str | None = None, business_date: date | None = None, *, known_by: datetime | None = None) -> tuple[Close, ...]:
        """Closes by PSP, date and generation, with the events recorded by a moment (None: all)."""
        wanted = sa.select(close_events)
        if psp is not None:
            wanted = wanted.where(close_events.c.psp == psp)
        if business_date is not None:
            wanted = wanted.where(close_events.c.business_date == business_date)
        if known_by is not None:
            wanted = wanted.where(close_events.c.recorded_at <= known_by)
        return closes_of(_event(row) for row in self._connection.execute(wanted))

    def by_id(self, close_id: UUID) -> Close | None:
        """The close of that id, if there is one."""
        rows = self._connection.execute(sa.select(close_events).where(close_events.c.close_id == close_id))
        return next(iter(closes_of(_event(row) for row in rows)), None)

    def newest(self, psp: str | None = None, *, since: date | None = None, before: date | None = None, at_least: int) -> list[Close]:
        """Closes of [since, before), newest day first, whole days until there are `at_least` closes (fewer where there are no more)."""
        frozen = close_events.c.kind == CloseKind.FROZEN.value
        wanted = [frozen, *self._between(psp, since, before)]
        days = sa.select(close_events.c.business_date).where(*wanted).order_by(close_events.c.business_date.desc()).limit(at_least)
        oldest: date | None = self._connection.execute(sa.select(sa.func.min(days.subquery().c.business_date))).scalar_one()
        if oldest is None:
            return []
        rows = self._connection.execute(sa.select(close_events).where(*self._between(psp, oldest, before)))
        return sorted(closes_of(_event(row) for row in rows), key=lambda close: close.business_date, reverse=True)

    @staticmethod
    def _between(psp: str | None, since: date | None, before: date | None) -> list[sa.ColumnElement[bool]]:
        tests: list[sa.ColumnElement[bool]] = []
        if psp is not None:
            tests.append(close_events.c.psp == psp)
        if since is not None:
            tests.append(close_events.c.business_date >= since)
        if before is not None:
            tests.append(close_events.c.business_date < before)
        return tests

    def freeze(
        self,
        psp: str,
        business_date: date,
        frozen: Frozen,
        *,
        actor: str,
        reason: str | None = None,
        close_id: UUID | None = None,
        request_id: str | None = None,
        recorded_at: datetime | None = None,
    ) -> Close:
        """Fix a day. `reason`: why it is closed although something blocks it. Raises: Refused (`already_closed`)."""
        told = {
            "watermark_at": frozen.watermark_at,
            "rule_set": frozen.rule_set,
            "config_hash": frozen.config_hash,
            "run_id": frozen.run_id,
            "checksum": frozen.checksum,
            "object_key": frozen.object_key,
            "payload": orjson.loads(orjson.dumps(frozen.payload)),
        }
        at = recorded_at or self._now()
        key = (psp, business_date, close_id or uuid7(at, self._bits))
        return self._record(key, CloseKind.FROZEN, actor, at, request_id, reason=reason, **told)

    def sign(
        self,
        psp: str,
        business_date: date,
        *,
        actor: str,
        request_id: str | None = None,
        recorded_at: datetime | None = None,
        close_id: UUID | None = None,
    ) -> Close:
        """Put a name under the live close of a day, or under the one named. Raises: Refused (`not_closed`, `same_signer`, `already_signed`)."""
        key = (psp, business_date, close_id or self._live(psp, business_date).close_id)
        return self._record(key, CloseKind.SIGNED, actor, recorded_at or self._now(), request_id)

    def reopen(
        self,
        psp: str,
        business_date: date,
        *,
        actor: str,
        reason: str,
        request_id: str | None = None,
        recorded_at: datetime | None = None,
        close_id: UUID | None = None,
    ) -> Close:
        """Let go of a day that is closed; what was signed stays readable. Raises: Refused (`not_closed`), InputRejected (`reason`)."""
        if not reason.strip():
            raise InputRejected("a close is re-opened for a reason: say which", code="reason")
        key = (psp, business_date, close_id or self._live(psp, business_date).close_id)
        return self._record(key, CloseKind.REOPENED, actor, recorded_at or self._now(), request_id, reason=reason.strip())

    def _live(self, psp: str, business_date: date) -> Close:
        live = live_close(self.of(psp, business_date))
        if live is None:
            raise Refused(f"{business_date} of {psp} is not closed", code="not_closed")
        return live

    def _record(self, key: tuple[str, date, UUID], kind: CloseKind, actor: str, at: datetime, request_id: str | None, **told: Any) -> Close:
        if not _ACTOR.fullmatch(actor):
            raise InputRejected(f"'{actor[:64]}' is no name of an actor: lower-case letters, digits and . _ @ - only, 64 at most", code="actor")
        psp, business_date, close_id = key
        event_id = close_id if kind is CloseKind.FROZEN else uuid7(at, self._bits)
        row = {
            "event_id": event_id,
            "close_id": close_id,
            "psp": psp,
            "business_date": business_date,
            "kind": kind.value,
            "actor": actor,
            "recorded_at": at,
            "request_id": request_id or f"close:{event_id.hex}",
        }
        try:
            self._connection.execute(sa.insert(close_events).values(row | told))
        except DBAPIError as error:
            raise refusal_in(error) or error from error
        return next(close for close in self.of(psp, business_date) if close.close_id == close_id)

    def _now(self) -> datetime:
        told: datetime = self._connection.execute(sa.select(sa.func.clock_timestamp())).scalar_one()
        return told


def _event(row: sa.Row[Any]) -> CloseEvent:
    kind = CloseKind(row.kind)
    is_frozen = kind is CloseKind.FROZEN
    return CloseEvent(
        event_id=row.event_id,
        close_id=row.close_id,
        psp=row.psp,
        business_date=row.business_date,
        generation=row.generation,
        kind=kind,
        actor=row.actor,
        recorded_at=row.recorded_at,
        reason=row.reason,
        frozen=Frozen(row.watermark_at, row.rule_set, row.config_hash, row.run_id, row.checksum, row.object_key, row.payload) if is_frozen else None,
    )
