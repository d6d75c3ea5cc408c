"""What the routes of close requests take and give. The trap: an answer that says "accepted" and never what became of it."""

from __future__ import annotations

from datetime import date
from typing import Annotated, Self
from uuid import UUID

from pydantic import Field

from transactional.http.wire import Instant, Wire
from transactional.reconciliation.close_api_models import PSP_PATTERN, REASON_PATTERN
from transactional.reconciliation.close_requests.events import CloseRequest

CloseRequestId = Annotated[UUID, Field(description="A request, as the list names it.", examples=["018f0000-0000-7000-8000-000000000000"])]
Reason = Annotated[str, Field(max_length=300, pattern=REASON_PATTERN, description="Why, for people; no personal data.")]


class NewCloseRequest(Wire):
    """Ask for a day of a PSP to be frozen with what the last run knew. The pipeline carries it out; signing is a step of its own."""

    psp: str = Field(pattern=PSP_PATTERN, description="The PSP whose day it is.")
    business_date: date = Field(description="The day.")
    despite_reason: Annotated[str, Field(max_length=300, pattern=REASON_PATTERN)] | None = Field(
        None, description="Why the day is closed although something blocks it. Without it, a day that something blocks is refused."
    )


class Withdrawal(Wire):
    """Take a request back."""

    reason: Reason


class CloseRequestOut(Wire):
    """One request and what became of it."""

    close_request_id: UUID = Field(description="Id.")
    psp: str = Field(description="PSP.")
    business_date: date = Field(description="The day.")
    state: str = Field(description="open (not carried out yet, or waiting for a run that knows the whole day), carried_out, refused or withdrawn.")
    requested_by: str = Field(description="Who asked; the close is frozen in that name.")
    requested_at: Instant
    despite_reason: str | None = Field(description="Why it is closed although something blocks it.")
    ended_by: str | None = Field(description="Who ended it: `countroom`, or who withdrew it.")
    ended_at: Instant | None = Field(description="When it ended.")
    close_id: UUID | None = Field(description="The close, once it is carried out: read and sign it under /v1/closes.")
    refusal_code: str | None = Field(description="Why it was refused, for programs.")
    reason: str | None = Field(description="Why it was refused or withdrawn, for people.")

    @classmethod
    def of(cls, request: CloseRequest) -> Self:
        """The answer about one request."""
        asked, ended = request.asked, request.ended
        return cls(
            close_request_id=asked.close_request_id,
            psp=asked.psp,
            business_date=asked.business_date,
            state=request.state,
            requested_by=asked.actor,
            requested_at=asked.recorded_at,
            despite_reason=asked.reason,
            ended_by=ended.actor if ended else None,
            ended_at=ended.recorded_at if ended else None,
            close_id=ended.close_id if ended else None,
            refusal_code=ended.code if ended else None,
            reason=ended.reason if ended else None,
        )


class CloseRequestList(Wire):
    """Requests, the newest first."""

    items: list[CloseRequestOut] = Field(description="The requests.")
    next_before: UUID | None = Field(description="Ask again with `before` of this id for older ones; null when there are none.")
