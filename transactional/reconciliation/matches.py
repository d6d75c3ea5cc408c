"""What did people say of a suggested match, and does it hold? Pure; for the service, the command line and the engine's shell.

A suggestion (items that might belong together, found by the engine) becomes a match only by two people: one accepts it, another confirms it. Its id is
the hash of its items, so that what was confirmed is exactly those items and nothing a later run calls by the same name. The traps: a match confirmed by
who accepted it, and one that changes under the names of those who signed. The database refuses the first as well (revision 0016).

Source: reference LR §5.3, L9.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from uuid import UUID

from transactional.vocabulary.errors import InputRejected, Refused
from transactional.vocabulary.ids import stable_key

SUGGESTION_PATTERN = r"^sug_[0-9a-f]{32}$"
LAYERS = ("L7", "L8")


class MatchEventKind(StrEnum):
    """What can be said of a suggestion."""

    ACCEPTED = "accepted"
    CONFIRMED = "confirmed"
    DECLINED = "declined"


class MatchState(StrEnum):
    """How far it is. Only what is confirmed takes part in the next run."""

    OPEN = "open"
    ACCEPTED = "accepted"
    CONFIRMED = "confirmed"
    DECLINED = "declined"


K, S = MatchEventKind, MatchState
ALLOWED_IN: Mapping[MatchEventKind, frozenset[MatchState]] = {
    K.ACCEPTED: frozenset({S.OPEN, S.DECLINED}),
    K.CONFIRMED: frozenset({S.ACCEPTED}),
    K.DECLINED: frozenset({S.OPEN, S.ACCEPTED, S.CONFIRMED}),
}
"""In which states a kind of event may come. Declining a confirmed match takes it back: the next run judges its items anew."""


@dataclass(frozen=True, slots=True)
class MatchEvent:
    """Grain: one fact about a suggestion. `layer` and `item_keys` are those of an acceptance; `event_no` counts from 1 for each suggestion."""

    event_id: UUID
    suggestion_id: str
    event_no: int
    kind: MatchEventKind
    actor: str
    recorded_at: datetime
    words: str | None = None
    layer: str | None = None
    item_keys: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Match:
    """What the events of one suggestion add up to."""

    state: MatchState = MatchState.OPEN
    accepted_by: str | None = None
    confirmed_by: str | None = None
    event_count: int = 0


NO_MATCH = Match()


def suggestion_id(layer: str, item_keys: Iterable[str]) -> str:
    """The name of a suggestion: its layer and the set of its items."""
    return f"sug_{stable_key(layer, *sorted(set(item_keys)))}"


def fold(events: Iterable[MatchEvent]) -> Match:
    """How far a suggestion is after its events, whatever order they are given in."""
    match = NO_MATCH
    for event in sorted(events, key=lambda each: each.event_no):
        match = after(match, event)
    return match


def after(match: Match, event: MatchEvent) -> Match:
    """After one event more. Raises: Refused (`wrong_state`, `same_actor`)."""
    check_allowed(match, event.kind, event.actor)
    number = match.event_count + 1
    if event.kind is K.ACCEPTED:
        return Match(S.ACCEPTED, event.actor, None, number)
    if event.kind is K.CONFIRMED:
        return Match(S.CONFIRMED, match.accepted_by, event.actor, number)
    return Match(S.DECLINED, event_count=number)


def check_allowed(match: Match, kind: MatchEventKind, actor: str) -> None:
    """Raises: Refused (`wrong_state`) unless `kind` may come now, (`same_actor`) when it needs another person."""
    if match.state not in ALLOWED_IN[kind]:
        states = " or ".join(state.value for state in S if state in ALLOWED_IN[kind])
        raise Refused(f"a suggestion that is {match.state.value} cannot be {kind.value}: it must be {states}", code="wrong_state")
    if kind is K.CONFIRMED and match.accepted_by == actor:
        raise Refused("whoever accepted it may not confirm it: another person must", code="same_actor")


def check_suggestion(name: str) -> str:
    """The id of a suggestion. Raises: InputRejected (`wrong_id`)."""
    if not re.fullmatch(SUGGESTION_PATTERN, name):
        raise InputRejected("a suggestion has an id like sug_<32 hex digits>", code="wrong_id")
    return name
