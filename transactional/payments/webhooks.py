"""What becomes of a message a PSP delivers: signature checked on the raw bytes, kept, turned into facts, recorded. For the API.

Everything is one transaction of the caller, so a message is either kept with all its effects or not at all, and the PSP delivers it again.
The traps: a message delivered eight times at once (it books once); one broken item that holds up the others of its batch, for thirty days of
retries (it is kept as refused, with the reason); a body in a log (it is personal data: it is stored, never printed); bodies stored before their
signature was checked (anybody could fill the disk).
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Literal
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy import Connection

from transactional.db.rows import insert_rows
from transactional.payments.facts import PaymentFact, Recorded
from transactional.payments.models import webhook_deliveries, webhook_refusals
from transactional.payments.psps.registry import SPECS
from transactional.payments.psps.spec import WebhookSpec
from transactional.payments.reading import DELIVERY_LOCKS, PaymentReader
from transactional.payments.service import Payments
from transactional.vocabulary.errors import InputRejected, Refused
from transactional.vocabulary.ids import SYSTEM_RANDOM, RandomBits, uuid7

_WHOLE_BODY = -1
_LONGEST_REASON = 500


@dataclass(frozen=True, slots=True)
class Refusal:
    """An item of a message that could not be used; `item` counts from 0, -1 is the body as a whole. `reason` names no personal data."""

    item: int
    code: str
    reason: str


@dataclass(frozen=True, slots=True)
class Received:
    """What a delivery did. `is_repeated`: these bytes came before; then `state` is of this time: what was refused first may succeed now."""

    webhook_id: UUID
    state: Literal["recorded", "partly_refused", "refused"]
    is_repeated: bool
    recorded: tuple[Recorded, ...]
    refusals: tuple[Refusal, ...]


class Webhooks:
    """The door for PSP messages on one connection."""

    def __init__(self, connection: Connection, payments: Payments, *, bits: RandomBits = SYSTEM_RANDOM) -> None:
        self._connection, self._payments, self._bits = connection, payments, bits
        self._reader = PaymentReader(connection)

    def receive(
        self, psp: str, body: bytes, headers: Mapping[str, str], secrets: Sequence[str], now: datetime, *, account: str | None = None
    ) -> Received:
        """Verify, keep and record one message. `account`: the merchant account of the endpoint, for PSPs whose messages do not name it.

        Raises: Refused (`unknown_psp`, `not_configured`, `bad_signature`: nothing is kept), Transient (nothing is kept; the PSP delivers again).
        """
        spec = _webhook_of(psp)
        if not secrets:
            raise Refused(f"webhooks of {psp} have no secret configured", code="not_configured")
        spec.verify(body, headers, secrets, now)
        digest = hashlib.sha256(body).digest()
        self._reader.lock([(psp, digest)], DELIVERY_LOCKS)
        known = self._known(psp, digest)
        webhook_id = known or uuid7(now, self._bits)
        recorded, refusals = self._record_items(_read(spec, body, account), now, webhook_id)
        state: Literal["recorded", "partly_refused", "refused"] = "recorded"
        if refusals:
            state = "partly_refused" if recorded else "refused"
        if known is None:
            self._keep(webhook_id, psp, body, digest, state, refusals, now)
        return Received(webhook_id, state, known is not None, tuple(recorded), tuple(refusals))

    def _known(self, psp: str, digest: bytes) -> UUID | None:
        table = webhook_deliveries
        found: UUID | None = self._connection.scalar(sa.select(table.c.webhook_id).where(table.c.psp == psp, table.c.body_sha256 == digest))
        return found

    def _record_items(self, items: Sequence[PaymentFact | Refusal], now: datetime, webhook_id: UUID) -> tuple[list[Recorded], list[Refusal]]:
        """All usable items together; if one of them is refused, each by itself, so that only that one is."""
        refusals = [item for item in items if isinstance(item, Refusal)]
        facts = [(number, item) for number, item in enumerate(items) if isinstance(item, PaymentFact)]
        try:
            return self._record([fact for _, fact in facts], now, webhook_id), refusals
        except (Refused, InputRejected) as error:
            if len(facts) == 1:
                return [], [*refusals, _refusal(facts[0][0], error)]
        recorded: list[Recorded] = []
        for number, fact in facts:
            try:
                recorded += self._record([fact], now, webhook_id)
            except (Refused, InputRejected) as error:
                refusals.append(_refusal(number, error))
        return recorded, refusals

    def _record(self, facts: Sequence[PaymentFact], now: datetime, webhook_id: UUID) -> list[Recorded]:
        with self._connection.begin_nested():
            return self._payments.record(facts, recorded_at=now, webhook_id=webhook_id)

    def _keep(self, webhook_id: UUID, psp: str, body: bytes, digest: bytes, state: str, refusals: Sequence[Refusal], now: datetime) -> None:
        delivery = {
            "webhook_id": webhook_id,
            "psp": psp,
            "received_at": now,
            "body": body,
            "body_sha256": digest,
            "signature_verified": True,
            "state": state,
        }
        insert_rows(self._connection, webhook_deliveries, [delivery])
        rows = [{"webhook_id": webhook_id, "item": one.item, "code": one.code, "reason": one.reason, "recorded_at": now} for one in refusals]
        insert_rows(self._connection, webhook_refusals, rows)


def _webhook_of(psp: str) -> WebhookSpec:
    if psp not in SPECS:
        raise Refused("there is no such PSP", code="unknown_psp")
    return SPECS[psp].webhook


def _read(spec: WebhookSpec, body: bytes, account: str | None) -> list[PaymentFact | Refusal]:
    try:
        items: Sequence[PaymentFact | InputRejected] = spec.to_facts(body, account)
    except InputRejected as error:
        return [_refusal(_WHOLE_BODY, error)]
    return [_refusal(number, item) if isinstance(item, InputRejected) else item for number, item in enumerate(items)]


def _refusal(item: int, error: Refused | InputRejected) -> Refusal:
    return Refusal(item, error.code, error.message[:_LONGEST_REASON])
