"""Asking for a close, and saying what became of it. For the API, the command line and the pipeline's job; nothing is committed here.

A refusal is an exception and leaves the transaction aborted. What may not come is the database's to refuse, whoever writes (revision 0023).
"""

from __future__ import annotations

from datetime import date, datetime, timedelta
from typing import Any
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy import Connection
from sqlalchemy.exc import DBAPIError

from transactional.db.refusals import refusal_in
from transactional.payments.psps.registry import SPECS
from transactional.reconciliation.acts import check_person
from transactional.reconciliation.close_requests.events import PIPELINE, CloseRequest, RequestEvent, RequestKind, requests_of
from transactional.reconciliation.closes import live_close
from transactional.reconciliation.closing import Closes
from transactional.reconciliation.models import close_request_events
from transactional.vocabulary.errors import InputRejected, Refused
from transactional.vocabulary.ids import uuid7

_LONGEST_REASON = 300
_EARLIEST_ZONE = timedelta(hours=14)  # where a day begins first


class CloseRequests:
    """The requests on one connection. Raises everywhere: Refused with a code, InputRejected."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def named(self, close_request_id: UUID) -> CloseRequest | None:
        """The request of that id, if there is one."""
        found = self._read(close_request_events.c.close_request_id == close_request_id)
        return found[0] if found else None

    def open(self) -> list[CloseRequest]:
        """Requests that did not end yet, the oldest first."""
        ended = sa.select(close_request_events.c.close_request_id).where(close_request_events.c.kind != RequestKind.REQUESTED.value)
        return self._read(close_request_events.c.close_request_id.not_in(ended))

    def newest(self, *, before: UUID | None, limit: int) -> list[CloseRequest]:
        """Requests, the newest first, from before an id on."""
        asked = sa.select(close_request_events.c.close_request_id).where(close_request_events.c.kind == RequestKind.REQUESTED.value)
        if before is not None:
            asked = asked.where(close_request_events.c.close_request_id < before)
        names = asked.order_by(close_request_events.c.close_request_id.desc()).limit(limit)
        found = self._read(close_request_events.c.close_request_id.in_(names))
        return sorted(found, key=lambda request: request.asked.close_request_id, reverse=True)

    def ask(self, psp: str, day: date, *, actor: str, despite: str | None = None, request_id: str | None = None) -> CloseRequest:
        """Ask for a day to be frozen. `despite`: why, although something may block it.

        Raises: Refused (`unknown_psp`, `day_not_over`, `already_closed`, `already_requested`).
        """
        if psp not in SPECS:
            raise Refused(f"no PSP is called '{psp[:64]}'", code="unknown_psp")
        now: datetime = self._connection.execute(sa.select(sa.func.clock_timestamp())).scalar_one()
        if day >= (now + _EARLIEST_ZONE).date():
            raise Refused(f"{day} is not over anywhere yet", code="day_not_over")
        if live_close(Closes(self._connection).of(psp, day)):
            raise Refused(f"{day} of {psp} is closed already: re-open it first", code="already_closed")
        event_id = uuid7(now)
        return self._record(event_id, event_id, psp, day, RequestKind.REQUESTED, actor, reason=despite, request_id=request_id)

    def carried_out(self, request: CloseRequest, close_id: UUID) -> CloseRequest:
        """Say by which close, in the transaction that froze it. Raises: Refused (`not_open`) when it ended meanwhile."""
        return self._end(request, RequestKind.CARRIED_OUT, PIPELINE, close_id=close_id)

    def refused(self, request: CloseRequest, code: str, words: str) -> CloseRequest:
        """Say why not. Raises: Refused (`not_open`)."""
        return self._end(request, RequestKind.REFUSED, PIPELINE, code=code, reason=words[:_LONGEST_REASON])

    def withdraw(self, request: CloseRequest, *, actor: str, reason: str, request_id: str | None = None) -> CloseRequest:
        """Take a request back. Raises: Refused (`not_open`), InputRejected without a reason."""
        if not reason.strip():
            raise InputRejected("a request is withdrawn for a reason: say which", code="reason")
        return self._end(request, RequestKind.WITHDRAWN, actor, reason=reason.strip(), request_id=request_id)

    def _end(self, request: CloseRequest, kind: RequestKind, actor: str, **told: Any) -> CloseRequest:
        asked = request.asked
        now: datetime = self._connection.execute(sa.select(sa.func.clock_timestamp())).scalar_one()
        return self._record(uuid7(now), asked.close_request_id, asked.psp, asked.business_date, kind, actor, **told)

    def _record(self, event_id: UUID, name: UUID, psp: str, day: date, kind: RequestKind, actor: str, **told: Any) -> CloseRequest:
        reason = told.get("reason")
        if reason is not None and (len(reason) > _LONGEST_REASON or "\x00" in reason):
            raise InputRejected(f"a reason has at most {_LONGEST_REASON} characters", code="reason")
        row = {"event_id": event_id, "close_request_id": name, "psp": psp, "business_date": day, "kind": kind.value, "actor": check_person(actor)}
        row |= told | {"request_id": told.get("request_id") or f"close_request:{event_id.hex}"}
        try:
            self._connection.execute(sa.insert(close_request_events).values(row))
        except DBAPIError as error:
            raise refusal_in(error) or error from error
        return self._read(close_request_events.c.close_request_id == name)[0]

    def _read(self, condition: sa.ColumnElement[bool]) -> list[CloseRequest]:
        rows = self._connection.execute(sa.select(close_request_events).where(condition))
        return requests_of(_event(row) for row in rows)


def _event(row: sa.Row[Any]) -> RequestEvent:
    return RequestEvent(
        event_id=row.event_id,
        close_request_id=row.close_request_id,
        psp=row.psp,
        business_date=row.business_date,
        kind=RequestKind(row.kind),
        actor=row.actor,
        recorded_at=row.recorded_at,
        reason=row.reason,
        code=row.code,
        close_id=row.close_id,
    )
