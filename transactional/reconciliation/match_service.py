"""Deciding on suggested matches: accept, confirm, decline, read. For the command line and the API; each call is one fact, and nothing is committed here.

Two people who decide on one suggestion at the same moment take turns, and the second is judged by what the first did. A request that comes again gets
the event of the first time. The database refuses by itself what may not come: an event out of turn, a confirmation by who accepted (revision 0016).
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa
from sqlalchemy import Connection, text
from sqlalchemy.exc import DBAPIError

from transactional.db.refusals import refusal_in
from transactional.reconciliation.acts import LONGEST_WORDS, check_person
from transactional.reconciliation.matches import (
    LAYERS,
    Match,
    MatchEvent,
    MatchEventKind,
    after,
    check_allowed,
    check_suggestion,
    fold,
    suggestion_id,
)
from transactional.reconciliation.models import match_events
from transactional.vocabulary.errors import InputRejected, Refused
from transactional.vocabulary.ids import uuid7

_TAKE_TURN = text("select pg_advisory_xact_lock(hashtextextended(:suggestion, 20261128)), clock_timestamp() as now")


@dataclass(frozen=True, slots=True)
class Decided:
    """The event behind a request, and how far the suggestion is after everything known. `replayed`: it was there already."""

    event: MatchEvent
    match: Match
    replayed: bool


class Matches:
    """What people said of suggestions, on one connection. Raises everywhere: Refused with a code, InputRejected, Transient."""

    def __init__(self, connection: Connection) -> None:
        self.connection = connection

    def events_of(self, suggestions: Iterable[str] | None = None) -> dict[str, list[MatchEvent]]:
        """The events of each suggestion that has any (None: of all), in their order."""
        wanted = sa.select(match_events).order_by(match_events.c.suggestion_id, match_events.c.event_no)
        if suggestions is not None:
            wanted = wanted.where(match_events.c.suggestion_id.in_(sorted(set(suggestions))))
        found: dict[str, list[MatchEvent]] = defaultdict(list)
        for row in self.connection.execute(wanted):
            found[row.suggestion_id].append(_event(row))
        return dict(found)

    def page(self, state: MatchEventKind | None, *, after: str | None, limit: int) -> list[tuple[str, list[MatchEvent]]]:
        """Suggestions with events, by id, from after an id on; `state`: only those whose last event is of this kind."""
        table = match_events.c
        last = sa.select(table.suggestion_id, sa.func.max(table.event_no).label("event_no")).group_by(table.suggestion_id)
        if after is not None:
            last = last.where(table.suggestion_id > after)
        newest = last.subquery().c
        names = sa.select(table.suggestion_id).where(table.suggestion_id == newest.suggestion_id, table.event_no == newest.event_no)
        if state is not None:
            names = names.where(table.kind == state.value)
        names = names.order_by(table.suggestion_id).limit(limit)
        return sorted(self.events_of(self.connection.execute(names).scalars()).items())

    def accept(
        self, name: str, layer: str, item_keys: Iterable[str], *, actor: str, words: str | None = None, request_id: str | None = None
    ) -> Decided:
        """Say that these items belong together. Raises: Refused (`wrong_state`), InputRejected (`wrong_items`: they are not those the id is of)."""
        keys = tuple(sorted(set(item_keys)))
        if layer not in LAYERS or len(keys) < 2 or suggestion_id(layer, keys) != name:
            raise InputRejected(f"{name[:64]} is not the suggestion of these items", code="wrong_items")
        return self._record(name, MatchEventKind.ACCEPTED, actor, words, request_id, layer=layer, item_keys=" ".join(keys))

    def confirm(self, name: str, *, actor: str, words: str | None = None, request_id: str | None = None) -> Decided:
        """Put a second name under it; the next run follows. Raises: Refused (`wrong_state`, `same_actor`)."""
        return self._record(name, MatchEventKind.CONFIRMED, actor, words, request_id)

    def decline(self, name: str, *, actor: str, words: str, request_id: str | None = None) -> Decided:
        """Say that they do not belong together, or take back what was said. Raises: Refused (`wrong_state`), InputRejected without words."""
        if not words.strip():
            raise InputRejected("a suggestion is declined for a reason: say which", code="wrong_act")
        return self._record(name, MatchEventKind.DECLINED, actor, words, request_id)

    def _record(self, name: str, kind: MatchEventKind, actor: str, words: str | None, request_id: str | None, **told: Any) -> Decided:
        check_suggestion(name), check_person(actor)
        if words is not None and (len(words) > LONGEST_WORDS or "\x00" in words):
            raise InputRejected(f"words are at most {LONGEST_WORDS} characters", code="wrong_act")
        if request_id is not None and (known := self._known(request_id, name, kind, actor)):
            return known
        try:
            now = self.connection.execute(_TAKE_TURN, {"suggestion": name}).one().now
        except DBAPIError as error:
            raise refusal_in(error) or error from error
        match = fold(self.events_of([name]).get(name, ()))
        check_allowed(match, kind, actor)
        event_id = uuid7(now)
        row = {"event_id": event_id, "suggestion_id": name, "event_no": match.event_count + 1, "kind": kind.value, "actor": actor, "words": words}
        row |= told | {"request_id": request_id or f"match:{event_id.hex}"}
        try:
            event = _event(self.connection.execute(sa.insert(match_events).values(row).returning(match_events)).one())
        except DBAPIError as error:
            raise refusal_in(error) or error from error
        return Decided(event, after(match, event), replayed=False)

    def _known(self, request_id: str, name: str, kind: MatchEventKind, actor: str) -> Decided | None:
        if not 1 <= len(request_id) <= 200 or not request_id.isprintable():
            raise InputRejected("a request id has 1 to 200 printable characters", code="wrong_key")
        row = self.connection.execute(sa.select(match_events).where(match_events.c.request_id == request_id)).one_or_none()
        if row is None:
            return None
        if (row.suggestion_id, row.kind, row.actor) != (name, kind.value, actor):
            raise Refused("this request id was used for something else", code="idempotency_conflict")
        return Decided(_event(row), fold(self.events_of([name])[name]), replayed=True)


def _event(row: Any) -> MatchEvent:
    return MatchEvent(
        event_id=row.event_id,
        suggestion_id=row.suggestion_id,
        event_no=row.event_no,
        kind=MatchEventKind(row.kind),
        actor=row.actor,
        recorded_at=row.recorded_at,
        words=row.words,
        layer=row.layer,
        item_keys=tuple(row.item_keys.split()) if row.item_keys else (),
    )
