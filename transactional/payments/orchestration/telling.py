"""From a deed to the request that is sent, and from an answer to the facts it tells. For orchestrator.py; pure.

The trap: a movement recorded under a key of our own and again under the PSP's, when its webhook comes: the key of a movement is
`<psp>:<kind>:<reference>`, as in the PSP's webhook spec.
"""

from __future__ import annotations

from collections.abc import Mapping

from transactional.payments.facts import MONEY_KIND_OF, FactKind, PaymentFact
from transactional.payments.orchestration.asking import Authorise, Cancel, Capture, Complete, Payer, Payout, Refund, Request, Status
from transactional.payments.orchestration.deeds import Ask
from transactional.payments.orchestration.gateway import Answer, Movement, Outcome
from transactional.payments.orchestration.situation import Asked, Situation
from transactional.vocabulary.errors import InvariantBroken


def request_for(
    deed: Ask, situation: Situation, timeout_ms: int, payer: Payer | None, details: Mapping[str, str] | None, repeating: Request | None
) -> Request:
    """The request of a deed. Raises: InvariantBroken for a deed that driving.py cannot have meant."""
    attempt, key, reference = deed.turn.attempt, deed.idempotency_key, deed.turn.psp_reference
    money = deed.money or situation.money
    match deed.call:
        case "status":
            again = None if isinstance(repeating, Status) else repeating
            return Status(attempt, key, timeout_ms, reference, again)
        case "complete":
            return Complete(attempt, key, timeout_ms, reference, details or {})
        case "capture":
            return Capture(attempt, key, timeout_ms, reference, money)
        case "cancel":
            return Cancel(attempt, key, timeout_ms, reference)
        case "refund":
            return Refund(attempt, key, timeout_ms, reference, money)
        case "payout" if payer is not None:
            return Payout(attempt, key, timeout_ms, money, payer.instruments[attempt.psp], payer.method)
    raise InvariantBroken(f"a {deed.call} cannot be sent from here")


def facts_of(asked: Asked, answer: Answer) -> list[PaymentFact]:
    """The facts an answer tells: its movements, and the words that follow from its outcome."""
    told = [_fact(asked, answer, movement) for movement in answer.movements]
    kinds = {movement.kind for movement in answer.movements}
    word = _word(asked.request, answer.outcome)
    if word is not None and word not in kinds:
        told.append(_fact(asked, answer, Movement(word, answer.answered_at)))
    return told


def _word(request: Request, outcome: Outcome) -> FactKind | None:
    """What an outcome says where the answer lists no movement for it. A refused payout is told when its turn ends: only then is it over."""
    match request, outcome:
        case (Authorise() | Complete(), Outcome.DECLINED | Outcome.ERROR):
            return FactKind.FAILED
        case (Authorise() | Complete(), Outcome.REQUIRES_ACTION):
            return FactKind.REQUIRES_ACTION
        case (Cancel(), Outcome.APPROVED):
            return FactKind.VOIDED
    return None


def _fact(asked: Asked, answer: Answer, movement: Movement) -> PaymentFact:
    attempt = asked.turn.attempt
    reference = answer.psp_reference or asked.turn.psp_reference
    moves = MONEY_KIND_OF[movement.kind] is not None
    named = movement.modification_reference or reference
    return PaymentFact(
        kind=movement.kind,
        psp=attempt.psp,
        merchant_account=attempt.merchant_account,
        effective_at=movement.effective_at,
        dedupe_key=f"{attempt.psp}:{movement.kind}:{named}" if moves and named else f"call:{asked.call_id.hex}:{movement.kind}",
        amount=movement.amount,
        psp_reference=reference,
        modification_reference=movement.modification_reference,
        merchant_reference=attempt.merchant_reference,
        attempt_id=attempt.attempt_id,
        raw_kind="answer",
    )
