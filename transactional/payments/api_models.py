"""What the payment routes take and give: bodies with their descriptions and examples, and how a state becomes an answer.

The trap: a caller who may say what only a PSP can know. The kinds of an event are split by what each must carry.
"""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field

from transactional.http.wire import AttemptId, EntryId, EventId, Exponent, Instant, IntentId, MoneyIn, PlayerId, Reference, SumMinor, Wire
from transactional.payments.lifecycle import AttemptState


class IntentIn(Wire):
    """What a player wants to pay in or take out."""

    player_id: PlayerId
    direction: Literal["deposit", "withdrawal"] = Field(description="deposit: from the player to us; withdrawal: to the player.")
    money: MoneyIn


class RefundOut(Wire):
    """One refund of an attempt."""

    reference: str = Field(description="The PSP's id of the refund; empty when it gave none.")
    status: str = Field(description="requested, sent, failed or cancelled.")
    refunded_minor: SumMinor


class AttemptOut(Wire):
    """An attempt and where it stands; sums are positive and net of what was undone."""

    attempt_id: AttemptId
    intent_id: IntentId
    psp: str = Field(description="The PSP of the try.")
    merchant_account: str = Field(description="Our account at the PSP.")
    merchant_reference: str = Field(description="Our reference, which the PSP tells back: its messages find the attempt by it.")
    payment_method: str | None = Field(description="As the PSP calls it.")
    status: str = Field(description="The one word for where it stands; parts are in the sums.")
    currency: str | None = Field(description="ISO 4217 code; null until an amount was told.")
    authorised_minor: SumMinor
    captured_minor: SumMinor
    settled_minor: SumMinor
    refunded_minor: SumMinor
    charged_back_minor: SumMinor
    paid_out_minor: SumMinor
    refunds: list[RefundOut] = Field(description="Each refund by the PSP's id.")
    flags: list[str] = Field(description="What a person should look at, as late_after_void; never an error.")


class IntentOut(Wire):
    """An intent with its attempts, the oldest first."""

    intent_id: IntentId
    player_id: PlayerId
    direction: str = Field(description="deposit or withdrawal.")
    currency: str = Field(description="ISO 4217 code.")
    exponent: Exponent
    amount_minor: int = Field(description="What the player asked for, minor units.")
    created_at: Instant
    attempts: list[AttemptOut] = Field(description="The tries, the oldest first.")


class IntentPage(Wire):
    """A page of intents, the newest first."""

    items: list[IntentOut] = Field(description="The intents.")
    next_before: IntentId | None = Field(description="Ask with `before` set to this for the next page; null: that was all.")


class AttemptIn(Wire):
    """One try of an intent at one PSP."""

    psp: Reference = Field(description="A PSP we have a spec for: adyen, stripe.")
    merchant_account: Reference = Field(description="Our account at the PSP.")
    payment_method: Annotated[Reference | None, Field(description="As the PSP calls it.")] = None


# Only what the casino's own gateway and officers may say; the rest a PSP alone can know, and it comes by webhook or report.
class MovementIn(Wire):
    """Money moved. `modification_reference` is the PSP's id of the movement, by which a webhook about the same movement is recognised."""

    kind: Literal["captured", "refunded", "payout_sent"] = Field(description="Which movement.")
    effective_at: Instant
    money: MoneyIn
    modification_reference: Reference = Field(description="The PSP's id of this movement.")
    psp_reference: Reference | None = None


class PromiseIn(Wire):
    """Money is set aside or asked for."""

    kind: Literal["authorised", "refund_requested", "payout_requested"] = Field(description="Which promise.")
    effective_at: Instant
    money: MoneyIn
    psp_reference: Reference | None = None


class StepIn(Wire):
    """Something happened that moves no money."""

    kind: Literal["created", "requires_action", "failed", "voided", "payout_held", "payout_approved", "payout_cancelled"] = Field(
        description="Which step."
    )
    effective_at: Instant
    psp_reference: Reference | None = None


EventIn = Annotated[MovementIn | PromiseIn | StepIn, Field(discriminator="kind")]


class EventOut(Wire):
    """The recorded event; `entry_id` when it moved money."""

    event_id: EventId
    attempt_id: AttemptId
    kind: str = Field(description="What happened.")
    entry_id: EntryId | None = Field(description="The ledger entry that followed; null when no money moved.")
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
