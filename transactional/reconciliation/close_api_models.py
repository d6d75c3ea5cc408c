"""What the routes of closes take and give. The trap: a signature under whatever close is live by now; the request names the close it has read."""

from __future__ import annotations

from datetime import date
from typing import Annotated, Self
from uuid import UUID

from pydantic import Field

from transactional.http.wire import Instant, Wire
from transactional.reconciliation.closes import Close, CloseEvent

REASON_PATTERN = r"^[^\x00-\x1f\x7f]*[^\s\x00-\x1f\x7f][^\x00-\x1f\x7f]*$"
PSP_PATTERN = r"^[a-z0-9_]{1,64}$"
CloseId = Annotated[UUID, Field(description="A close, as the list of closes names it.", examples=["018f0000-0000-7000-8000-000000000000"])]


class Signing(Wire):
    """Put the caller's name under a close. `checksum` is that of the day the caller has read: nobody signs what was frozen anew meanwhile."""

    checksum: str = Field(pattern="^[0-9a-f]{64}$", description="The close's checksum: the sha256 of the day as it was frozen.")


class Reopening(Wire):
    """Let go of a day that is closed."""

    reason: str = Field(max_length=300, pattern=REASON_PATTERN, description="Why, for people; no personal data.")


class SignatureOut(Wire):
    """One signature."""

    actor: str = Field(description="Who signed.")
    recorded_at: Instant

    @classmethod
    def of(cls, event: CloseEvent) -> Self:
        """The answer about one event."""
        return cls(actor=event.actor, recorded_at=event.recorded_at)


class CloseOut(Wire):
    """One close of a day of a PSP. What was signed stays readable when it is re-opened."""

    close_id: UUID = Field(description="Id.")
    psp: str = Field(description="PSP.")
    business_date: date = Field(description="The day.")
    generation: int = Field(description="1, 2, ... among the closes of this PSP and day.")
    state: str = Field(description="frozen (lacks a signature), signed or reopened.")
    frozen_by: str = Field(description="Who closed it.")
    frozen_at: Instant
    despite_reason: str | None = Field(description="Why it was closed although something blocked it.")
    signatures: list[SignatureOut] = Field(description="Two, of two people, when it is signed.")
    reopened_by: str | None = Field(description="Who let go of it.")
    reopen_reason: str | None = Field(description="Why.")
    watermark_at: Instant = Field(description="The moment of knowledge: what was recorded later is not in it.")
    rule_set: str = Field(description="Version of the rules.")
    config_hash: str = Field(description="Hash of terms, fees and accounts.")
    run_id: str | None = Field(description="The run of the engine.")
    checksum: str = Field(description="Sha256 of the day as it was frozen.")
    object_key: str = Field(description="Where the day is in the object store.")

    @classmethod
    def of(cls, close: Close) -> Self:
        """The answer about one close."""
        frozen, reopened = close.frozen, close.reopened
        return cls(
            close_id=close.close_id,
            psp=close.psp,
            business_date=close.business_date,
            generation=close.generation,
            state=close.state.value,
            frozen_by=close.opened_by.actor,
            frozen_at=close.opened_by.recorded_at,
            despite_reason=close.opened_by.reason,
            signatures=[SignatureOut.of(each) for each in close.signatures],
            reopened_by=reopened.actor if reopened else None,
            reopen_reason=reopened.reason if reopened else None,
            watermark_at=frozen.watermark_at,
            rule_set=frozen.rule_set,
            config_hash=frozen.config_hash,
            run_id=frozen.run_id,
            checksum=frozen.checksum,
            object_key=frozen.object_key,
        )


class CloseList(Wire):
    """Closes by PSP, day and generation, newest day first."""

    items: list[CloseOut] = Field(description="The closes.")
    next_before: date | None = Field(description="Ask again with `before` of this day for older ones; null when there are none.")
