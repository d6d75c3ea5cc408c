"""What the payment routes take and give: bodies with their descriptions and examples, and how a state becomes an answer.

The trap: a caller who may say what only a PSP can know. The kinds of an event are split by what each must carry.
"""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field

from transactional.http.wire import AttemptId, EntryId, EventId, Instant, IntentId, MoneyIn, PlayerId, Reference, Wire
from transactional.payments.lifecycle import AttemptState


class IntentIn(Wire):
    """What a player wants to pay in or take out."""

    player_id: PlayerId
    direction: Literal["deposit", "withdrawal"]
    money: MoneyIn


class RefundOut(Wire):
    """One refund of an attempt."""

    reference: str
    status: str
    refunded_minor: int


class AttemptOut(Wire):
    """An attempt and where it stands; sums are positive and net of what was undone."""

    attempt_id: AttemptId
    intent_id: IntentId
    psp: str
    merchant_account: str
    merchant_reference: str
    payment_method: str | None
    status: str
    currency: str | None
    authorised_minor: int
    captured_minor: int
    settled_minor: int
    refunded_minor: int
    charged_back_minor: int
    paid_out_minor: int
    refunds: list[RefundOut]
    flags: list[str]


class IntentOut(Wire):
    """An intent with its attempts, the oldest first."""

    intent_id: IntentId
    player_id: PlayerId
    direction: str
    currency: str
    exponent: int | None
    amount_minor: int
    created_at: Instant
    attempts: list[AttemptOut]


class IntentPage(Wire):
    """A page of intents, the newest first."""

    items: list[IntentOut]
    next_before: IntentId | None = Field(description="Ask with `before` set to this for the next page; null: that was all.")


class AttemptIn(Wire):
    """One try of an intent at one PSP."""

    psp: Reference
    merchant_account: Reference
    payment_method: Reference | None = None


# Only what the casino's own gateway and officers may say; the rest a PSP alone can know, and it comes by webhook or report.
class MovementIn(Wire):
    """Money moved. `modification_reference` is the PSP's id of the movement, by which a webhook about the same movement is recognised."""

    kind: Literal["captured", "refunded", "payout_sent"]
    effective_at: Instant
    money: MoneyIn
    modification_reference: Reference
    psp_reference: Reference | None = None


class PromiseIn(Wire):
    """Money is set aside or asked for."""

    kind: Literal["authorised", "refund_requested", "payout_requested"]
    effective_at: Instant
    money: MoneyIn
    psp_reference: Reference | None = None


class StepIn(Wire):
    """Something happened that moves no money."""

    kind: Literal["created", "requires_action", "failed", "voided", "payout_held", "payout_approved", "payout_cancelled"]
    effective_at: Instant
    psp_reference: Reference | None = None


EventIn = Annotated[MovementIn | PromiseIn | StepIn, Field(discriminator="kind")]


class EventOut(Wire):
    """The recorded event; `entry_id` when it moved money."""

    event_id: EventId
    attempt_id: AttemptId
    kind: str
    entry_id: EntryId | None
    attempt: AttemptOut


def standing(state: AttemptState) -> dict[str, object]:
    """The fields of an AttemptOut that follow from the facts."""
    return {
        "status": state.status.value,
        "currency": state.currency,
        "authorised_minor": state.authorised_minor,
        "captured_minor": state.captured_minor,
        "settled_minor": state.settled_minor,
        "refunded_minor": state.refunded_minor,
        "charged_back_minor": state.charged_back_minor,
        "paid_out_minor": state.paid_out_minor,
        "refunds": [RefundOut(reference=one.reference, status=one.status.value, refunded_minor=one.refunded_minor) for one in state.refunds],
        "flags": sorted(flag.value for flag in state.flags),
    }
