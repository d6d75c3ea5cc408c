"""How is a wish for an intent or an attempt answered once, however often it is sent. For the payments service.

The trap: check first, insert later, and two sessions both find nothing. Here the unique key decides; who comes second reads the first answer, and
a key that comes with another body is refused.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy import Connection

from transactional.db.rows import insert_rows
from transactional.payments.facts import Created, NewAttempt, NewIntent
from transactional.payments.recording import payload_hash
from transactional.vocabulary.currencies import PERIODS
from transactional.vocabulary.errors import InputRejected, Refused
from transactional.vocabulary.ids import IdKind, RandomBits, public_id, uuid7


def intent_row(new: NewIntent, now: datetime, bits: RandomBits) -> dict[str, Any]:
    """The row of a new intent; `now` and `bits` for what was not given. Raises: InputRejected (`unknown_currency`)."""
    if new.amount.currency not in PERIODS:
        raise InputRejected(f"currency '{new.amount.currency}' is not an ISO 4217 code", code="unknown_currency")
    return {
        "intent_id": new.intent_id or uuid7(new.created_at or now, bits),
        "player_id": new.player_id,
        "direction": new.direction,
        "currency": new.amount.currency,
        "amount_minor": new.amount.minor,
        "idempotency_key": new.idempotency_key,
        "payload_hash": payload_hash(new.player_id, new.direction, new.amount.currency, new.amount.minor),
        "created_at": new.created_at or new.recorded_at or now,
        "recorded_at": new.recorded_at or now,
    }


def attempt_row(new: NewAttempt, now: datetime, bits: RandomBits) -> dict[str, Any]:
    """The row of a new attempt; `now` and `bits` for what was not given."""
    attempt_id = new.attempt_id or uuid7(new.created_at or now, bits)
    return {
        "attempt_id": attempt_id,
        "intent_id": new.intent_id,
        "psp": new.psp,
        "merchant_account": new.merchant_account,
        "merchant_reference": new.merchant_reference or public_id(IdKind.ATTEMPT, attempt_id),
        "payment_method": new.payment_method,
        "idempotency_key": new.idempotency_key,
        "payload_hash": payload_hash(new.intent_id, new.psp, new.merchant_account, new.payment_method, new.merchant_reference),
        "created_at": new.created_at or new.recorded_at or now,
        "recorded_at": new.recorded_at or now,
    }


class Answers:
    """What became of some requests: which rows are new, and the row behind every key."""

    def __init__(self, rows: Sequence[Mapping[str, Any]], made: set[str], stored: Mapping[str, sa.Row[Any]]) -> None:
        self._rows, self._made, self._stored = rows, made, stored

    def new(self) -> list[sa.Row[Any]]:
        return [self._stored[key] for key in self._made]

    def created(self) -> list[Created]:
        """One answer per request, in their order; a key that came twice is new the first time only."""
        left, answers = set(self._made), []
        for row in self._rows:
            key = row["idempotency_key"]
            stored = self._stored[key]
            answers.append(Created(stored[0], replayed=key not in left, merchant_reference=stored._mapping.get("merchant_reference")))
            left.discard(key)
        return answers


def insert_once(connection: Connection, table: sa.Table, rows: Sequence[Mapping[str, Any]]) -> Answers:
    """Insert the rows whose idempotency key is new.

    Raises: Refused (`idempotency_conflict`; `reference_taken` when another request has the id or the merchant reference).
    """
    hashes = once((row["idempotency_key"], row["payload_hash"], row["payload_hash"]) for row in rows)
    unique = once((row["idempotency_key"], row["payload_hash"], row) for row in rows)
    made = insert_rows(connection, table, list(unique.values()), returning="idempotency_key", unless_known=True)
    found = connection.execute(sa.text(f"select * from {table.fullname} where idempotency_key = any(:keys)"), {"keys": list(hashes)})  # noqa: S608
    stored = {row.idempotency_key: row for row in found}
    for key, payload in hashes.items():
        if key not in stored:
            raise Refused(f"another request has the id or the reference of the one with key '{key}'", code="reference_taken")
        refuse_other_body(key, stored[key].payload_hash, payload)
    return Answers(rows, {row.idempotency_key for row in made}, stored)


def once(items: Iterable[tuple[str, bytes, Any]]) -> dict[str, Any]:
    """The first of each key among (key, payload hash, item). Raises: Refused (`idempotency_conflict`) when a key comes with two bodies."""
    hashes: dict[str, bytes] = {}
    firsts: dict[str, Any] = {}
    for key, payload, item in items:
        refuse_other_body(key, hashes.setdefault(key, payload), payload)
        firsts.setdefault(key, item)
    return firsts


def refuse_other_body(key: str, known: bytes, payload: bytes) -> None:
    """Raises: Refused (`idempotency_conflict`) unless both are the same."""
    if bytes(known) != payload:
        raise Refused(f"the key '{key}' was used with another body", code="idempotency_conflict", detail={"key": key})
