"""What the routes of suggested matches take and give. The trap: an answer that hides who accepted, so that nobody sees that one person did both."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Annotated, Literal, Self

from pydantic import Field

from transactional.http.wire import Instant, Wire, Words
from transactional.reconciliation.close_api_models import REASON_PATTERN
from transactional.reconciliation.matches import SUGGESTION_PATTERN, MatchEvent, MatchEventKind, fold

SuggestionId = Annotated[
    str, Field(pattern=SUGGESTION_PATTERN, description="A suggestion: `sug_` and the hash of its layer and items.", examples=[f"sug_{'0' * 32}"])
]
ItemKey = Annotated[
    str, Field(min_length=1, max_length=200, pattern=r"^[!-~]+$", description="One item, as reconciliation.fct_suggestions names it.")
]


class Acceptance(Wire):
    """Say that these items belong together. They are named one by one: what is signed is these items, whatever a later run calls by the same name."""

    layer: Literal["L7", "L8"] = Field(description="The layer that suggested them: L7 by sums, L8 by nearly equal references.")
    item_keys: list[ItemKey] = Field(min_length=2, max_length=500, description="Every item of the suggestion.")
    words: Words | None = None


class Confirmation(Wire):
    """Put a second name under it."""

    words: Words | None = None


class Decline(Wire):
    """Say that they do not belong together."""

    words: str = Field(min_length=1, max_length=300, pattern=REASON_PATTERN, description="Why, for people; no personal data.")


class MatchEventOut(Wire):
    """One thing that was said."""

    event_no: int = Field(description="1, 2, ... for this suggestion.")
    kind: str = Field(description="accepted, confirmed or declined.")
    actor: str = Field(description="Who said it.")
    recorded_at: Instant
    words: str | None = Field(description="For people.")

    @classmethod
    def of(cls, event: MatchEvent) -> Self:
        """The answer about one event."""
        return cls(event_no=event.event_no, kind=event.kind.value, actor=event.actor, recorded_at=event.recorded_at, words=event.words)


class SuggestionOut(Wire):
    """What people said of one suggestion. One of which nobody said anything is open and has no events."""

    suggestion_id: str = Field(description="Id.")
    state: str = Field(description="open, accepted, confirmed or declined. Only what is confirmed takes part in the next run.")
    layer: str | None = Field(description="L7 or L8; null while nobody accepted it.")
    item_keys: list[str] = Field(description="The items that were accepted; empty while nobody did.")
    accepted_by: str | None = Field(description="Who may not confirm it.")
    confirmed_by: str | None = Field(description="Whose name stands beside.")
    events: list[MatchEventOut] = Field(description="Everything that was said, in its order.")

    @classmethod
    def of(cls, suggestion_id: str, events: Sequence[MatchEvent]) -> Self:
        """The answer about one suggestion."""
        match = fold(events)
        accepted = next((event for event in events if event.kind is MatchEventKind.ACCEPTED), None)
        return cls(
            suggestion_id=suggestion_id,
            state=match.state.value,
            layer=accepted.layer if accepted else None,
            item_keys=list(accepted.item_keys) if accepted else [],
            accepted_by=match.accepted_by,
            confirmed_by=match.confirmed_by,
            events=[MatchEventOut.of(event) for event in events],
        )


class SuggestionList(Wire):
    """Suggestions of which somebody said something, by id."""

    items: list[SuggestionOut] = Field(description="The suggestions.")
    next_after: str | None = Field(description="Ask again with `after` of this id for the others; null when there are none.")
