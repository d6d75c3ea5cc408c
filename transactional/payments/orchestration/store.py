"""The orchestrator's page in the database: where an intent stands, and the facts of driving it. For orchestrator.py; in the caller's transaction.

The traps: two processes that drive one intent, each on what it read before the other wrote (`lock` comes first, so that what is read is what is decided on);
a query per attempt.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy import Connection, Row, text

from transactional.db.rows import insert_rows
from transactional.payments.declines.codes import Decline
from transactional.payments.declines.scheme_limits import Try
from transactional.payments.orchestration.asking import AttemptRef, Payer, Request
from transactional.payments.orchestration.gateway import TIMEOUT, Answer, Outcome
from transactional.payments.orchestration.models import (
    payment_answers,
    payment_attempt_contexts,
    payment_authentications,
    payment_calls,
    payment_turn_ends,
    payment_turns,
)
from transactional.payments.orchestration.situation import Asked, CallMade, Situation, Turn
from transactional.payments.reading import PaymentReader
from transactional.payments.service import Payments
from transactional.vocabulary.errors import Refused
from transactional.vocabulary.ids import SYSTEM_RANDOM, IdKind, RandomBits, public_id, uuid7
from transactional.vocabulary.money import Money

_INTENT_LOCKS = 0x6964  # "id": intents being driven
_INTENT = text("select intent_id, player_id, direction, currency, amount_minor from app.payment_intents where intent_id = :id")
_TURNS = text("""
    select t.attempt_id, t.attempt_no, t.opened_at, a.psp, a.merchant_account, a.merchant_reference, c.three_ds_asked, c.scheme, e.ended_as, e.reason
    from app.payment_turns t join app.payment_attempts a using (attempt_id) join app.payment_attempt_contexts c using (attempt_id)
    left join app.payment_turn_ends e on e.intent_id = t.intent_id and e.attempt_no = t.attempt_no
    where t.intent_id = :id order by t.attempt_no
""")
_CALLS = text("""
    select c.attempt_id, c.call, c.call_no, c.idempotency_key, c.asked_at, c.timeout_ms, c.amount_minor, w.outcome, w.raw_code, w.network_code,
        w.advice_code, w.decline_code, w.psp_reference
    from app.payment_calls c left join app.payment_answers w using (call_id) where c.attempt_id = any(:ids) order by c.attempt_id, c.call_no
""")
_STRAY_ATTEMPTS = text("""
    select count(*) from app.payment_attempts a left join app.payment_turns t using (attempt_id) where a.intent_id = :id and t.attempt_id is null
""")
_TRIES = text("""
    select t.opened_at, coalesce(e.ended_as = 'succeeded', false) as is_approved, refusal.network_code, refusal.advice_code
    from app.payment_attempt_contexts c join app.payment_turns t using (attempt_id) join app.payment_intents i using (intent_id)
    left join app.payment_turn_ends e on e.intent_id = t.intent_id and e.attempt_no = t.attempt_no
    left join lateral (
        select w.network_code, w.advice_code, w.decline_class, w.outcome from app.payment_calls k join app.payment_answers w using (call_id)
        where k.attempt_id = c.attempt_id and w.outcome in ('declined', 'error') order by k.call_no desc limit 1
    ) refusal on true
    where c.card_fingerprint = :fingerprint and i.amount_minor = :amount and i.currency = :currency and t.opened_at > :since
        and coalesce(refusal.decline_class, '') <> 'merchant_block' and coalesce(refusal.outcome, '') <> 'error'
""")
_UNFINISHED = text("""
    select distinct t.intent_id, min(t.opened_at) over (partition by t.intent_id) as since from app.payment_turns t
    left join app.payment_turn_ends e on e.intent_id = t.intent_id and e.attempt_no = t.attempt_no
    where t.opened_at > :since and e.ended_as is null order by since, t.intent_id limit :most
""")
_TOLD_AFTER_A_FAILED_END = text("""
    select distinct t.intent_id from app.payment_turn_ends e join app.payment_turns t on t.intent_id = e.intent_id and t.attempt_no = e.attempt_no
    where e.ended_as = 'failed' and e.ended_at > :since and exists (
        select from app.payment_events v left join app.payment_adoptions a using (event_id)
        where coalesce(v.attempt_id, a.attempt_id) = t.attempt_id and v.event_kind in ('captured', 'authorised')
    ) order by t.intent_id limit :most
""")


class Store:
    """Driving facts on one connection."""

    def __init__(self, connection: Connection, payments: Payments, *, bits: RandomBits = SYSTEM_RANDOM) -> None:
        self._connection, self._payments, self._bits = connection, payments, bits

    def lock(self, intent_id: UUID) -> None:
        """Wait for whoever drives this intent; held until the transaction ends."""
        PaymentReader(self._connection).lock([intent_id], _INTENT_LOCKS)

    def refuse_if_driven(self, intent_id: UUID) -> None:
        """Raises: Refused (`driven_elsewhere`) when the orchestrator drives the intent: an attempt made by hand beside it could charge twice."""
        self.lock(intent_id)
        driven: int = self._connection.execute(text("select count(*) from app.payment_turns where intent_id = :id"), {"id": intent_id}).scalar_one()
        if driven > 0:
            raise Refused("this intent is driven by the service; pay it, do not make attempts by hand", code="driven_elsewhere")

    def situation(self, intent_id: UUID) -> Situation:
        """Where the intent stands. Raises: Refused (`unknown_intent`; `driven_elsewhere` when attempts of it were made without a turn)."""
        intent = self._connection.execute(_INTENT, {"id": intent_id}).one_or_none()
        if intent is None:
            raise Refused(f"there is no intent {public_id(IdKind.INTENT, intent_id)}", code="unknown_intent")
        stray: int = self._connection.execute(_STRAY_ATTEMPTS, {"id": intent_id}).scalar_one()
        if stray > 0:
            raise Refused("this intent has attempts that were made by hand; it cannot be driven as well", code="driven_elsewhere")
        rows = self._connection.execute(_TURNS, {"id": intent_id}).all()
        ids = [row.attempt_id for row in rows]
        calls: dict[UUID, list[CallMade]] = defaultdict(list)
        for row in self._connection.execute(_CALLS, {"ids": ids}):
            calls[row.attempt_id].append(_call(row))
        states = self._payments.attempt_states(ids)
        turns = tuple(_turn(row, tuple(calls[row.attempt_id]), states[row.attempt_id]) for row in rows)
        return Situation(intent.intent_id, intent.player_id, intent.direction, Money(intent.currency, intent.amount_minor), turns)

    def unfinished(self, since: datetime, most: int) -> list[UUID]:
        """Intents with an open turn that began after a moment, the oldest first."""
        return [row.intent_id for row in self._connection.execute(_UNFINISHED, {"since": since, "most": most})]

    def told_after_a_failed_end(self, since: datetime, most: int) -> list[UUID]:
        """Intents one of whose turns ended as failed after a moment, and whose PSP said all the same that it has money, or had some."""
        return [row.intent_id for row in self._connection.execute(_TOLD_AFTER_A_FAILED_END, {"since": since, "most": most})]

    def tries(self, fingerprint: str, money: Money, now: datetime) -> list[Try]:
        """Every try of a card for an amount over all PSPs in the longest window of the schemes."""
        asked = {"fingerprint": fingerprint, "amount": money.minor, "currency": money.currency, "since": now - timedelta(days=31)}
        found = self._connection.execute(_TRIES, asked)
        return [Try(row.opened_at, row.is_approved, row.network_code, row.advice_code) for row in found]

    def open_turn(
        self, situation: Situation, attempt_id: UUID, payer: Payer, now: datetime, *, stepped_up: bool, decision_id: UUID | None, rule: str
    ) -> int:
        """Write whose turn it is and what was known; its number. The database refuses it while another is open."""
        number = len(situation.turns) + 1
        card, before = payer.card, situation.turns[-1].attempt.attempt_id if situation.turns else None
        self._insert(
            payment_attempt_contexts,
            attempt_id=attempt_id,
            attempt_no=number,
            country=payer.country,
            card_fingerprint=card.fingerprint,
            bin=card.bin,
            scheme=card.scheme,
            funding=card.funding,
            issuer=card.issuer,
            issuer_country=card.issuer_country,
            three_ds_asked="yes" if stepped_up else payer.three_ds,
            decision_id=decision_id,
            retry_of=before,
            retry_rule=rule if before else None,
            recorded_at=now,
        )
        after = {"after_no": number - 1, "after_end": "failed"} if before else {"after_no": None, "after_end": None}
        self._insert(payment_turns, intent_id=situation.intent_id, attempt_no=number, attempt_id=attempt_id, opened_at=now, **after)
        return number

    def ask(self, turn: Turn, call: str, request: Request, now: datetime) -> Asked:
        """Write a request down; it may be sent once this is committed."""
        money: Money | None = getattr(request, "money", None)
        call_id = uuid7(now, self._bits)
        self._insert(
            payment_calls,
            call_id=call_id,
            attempt_id=turn.attempt.attempt_id,
            call=call,
            call_no=len(turn.calls) + 1,
            idempotency_key=request.idempotency_key,
            amount_minor=money.minor if money else None,
            currency=money.currency if money else None,
            asked_at=now,
            timeout_ms=request.timeout_ms,
        )
        return Asked(call_id, turn, request)

    def answer(self, asked: Asked, answer: Answer, decline: Decline | None, now: datetime) -> None:
        """Keep what the PSP said. A time-out took at least as long as it was waited: statistics of latency count it so."""
        waited = asked.request.timeout_ms if answer.raw_code == TIMEOUT else 0
        self._insert(
            payment_answers,
            call_id=asked.call_id,
            outcome=answer.outcome,
            http_status=answer.http_status,
            raw_code=answer.raw_code,
            network_code=answer.network_code,
            advice_code=answer.advice_code,
            decline_code=decline.unified if decline else None,
            decline_class=decline.decline_class if decline else None,
            taxonomy_version=decline.taxonomy_version if decline else None,
            psp_reference=answer.psp_reference,
            answered_at=answer.answered_at,
            latency_ms=max(answer.latency_ms, waited),
            recorded_at=now,
        )

    def authentication(self, attempt_id: UUID, steps: Sequence[str], at: datetime, now: datetime) -> None:
        """Keep steps of the payer's authentication."""
        rows = [
            {"authentication_id": uuid7(now, self._bits), "attempt_id": attempt_id, "step": step, "effective_at": at, "recorded_at": now}
            for step in dict.fromkeys(steps)
        ]
        # a PSP that repeats its answer under the same key tells the same steps again
        insert_rows(self._connection, payment_authentications, rows, unless_known=True)

    def end(self, intent_id: UUID, turn: Turn, ended_as: str, reason: str, now: datetime) -> None:
        """End a turn, once and for all."""
        self._insert(payment_turn_ends, intent_id=intent_id, attempt_no=turn.attempt_no, ended_as=ended_as, reason=reason, ended_at=now)

    def _insert(self, table: sa.Table, **row: Any) -> None:
        self._connection.execute(sa.insert(table).values(row))


def _turn(row: Row[Any], calls: tuple[CallMade, ...], state: Any) -> Turn:
    attempt = AttemptRef(row.attempt_id, row.psp, row.merchant_account, row.merchant_reference)
    stepped_up = row.three_ds_asked == "yes"
    return Turn(attempt, row.attempt_no, row.opened_at, stepped_up, state, calls, row.ended_as, row.reason, row.scheme)


def _call(row: Row[Any]) -> CallMade:
    return CallMade(
        call=row.call,
        call_no=row.call_no,
        idempotency_key=row.idempotency_key,
        asked_at=row.asked_at,
        timeout_ms=row.timeout_ms,
        amount_minor=row.amount_minor,
        outcome=None if row.outcome is None else Outcome(row.outcome),
        raw_code=row.raw_code,
        network_code=row.network_code,
        advice_code=row.advice_code,
        decline_code=row.decline_code,
        psp_reference=row.psp_reference,
    )
