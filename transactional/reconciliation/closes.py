"""Is a day of a PSP closed, by whom, and with what knowledge? Pure; for the service, the command line, reports, and the engine's context.

A close has events that are never edited: it is frozen, signed by two people, and perhaps re-opened for a reason; then the day may be frozen again, as
the next generation. The traps: a day "closed" by one person twice; a re-opened close that vanishes although the auditor has its print. The database
refuses the first as well (revision 0014), and every generation is kept.

Source: reference LR §5.7.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import date, datetime
from enum import StrEnum
from uuid import UUID

SIGNATURES_NEEDED = 2


class CloseKind(StrEnum):
    """What can happen to a close."""

    FROZEN = "frozen"
    SIGNED = "signed"
    REOPENED = "reopened"


class CloseState(StrEnum):
    """Where a close stands. `frozen` lacks a signature."""

    FROZEN = "frozen"
    SIGNED = "signed"
    REOPENED = "reopened"


@dataclass(frozen=True, slots=True)
class Frozen:
    """What a close fixes. `checksum` is the sha256 of the standing kept under `object_key`; `payload`: the file set, the marts' checksums, what blocked."""

    watermark_at: datetime
    rule_set: str
    config_hash: str
    run_id: str | None
    checksum: str
    object_key: str
    payload: Mapping[str, object] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class CloseEvent:
    """Grain: one fact about a close. `generation` counts the closes of one PSP and date; `frozen` is there on the first event of each."""

    event_id: UUID
    close_id: UUID
    psp: str
    business_date: date
    generation: int
    kind: CloseKind
    actor: str
    recorded_at: datetime
    reason: str | None = None
    frozen: Frozen | None = None


@dataclass(frozen=True, slots=True)
class Close:
    """One close, as its events tell it."""

    close_id: UUID
    psp: str
    business_date: date
    generation: int
    frozen: Frozen
    opened_by: CloseEvent
    signatures: tuple[CloseEvent, ...] = ()
    reopened: CloseEvent | None = None

    @property
    def state(self) -> CloseState:
        if self.reopened:
            return CloseState.REOPENED
        return CloseState.SIGNED if self.is_signed else CloseState.FROZEN

    @property
    def is_live(self) -> bool:
        """Whether the day is held by it: a re-opened close holds nothing."""
        return self.reopened is None

    @property
    def is_signed(self) -> bool:
        """Whether it had its signatures, re-opened since or not."""
        return len(self.signatures) >= SIGNATURES_NEEDED


def closes_of(events: Iterable[CloseEvent]) -> tuple[Close, ...]:
    """The closes behind events in any order, by PSP, date and generation."""
    by_close: dict[UUID, list[CloseEvent]] = {}
    for event in events:
        by_close.setdefault(event.close_id, []).append(event)
    found = (_close(sorted(told, key=lambda event: (event.recorded_at, event.event_id))) for told in by_close.values())
    return tuple(sorted(found, key=lambda close: (close.psp, close.business_date, close.generation)))


def _close(events: list[CloseEvent]) -> Close:
    opened = next(event for event in events if event.kind is CloseKind.FROZEN)
    assert opened.frozen is not None
    return Close(
        close_id=opened.close_id,
        psp=opened.psp,
        business_date=opened.business_date,
        generation=opened.generation,
        frozen=opened.frozen,
        opened_by=opened,
        signatures=tuple(event for event in events if event.kind is CloseKind.SIGNED),
        reopened=next((event for event in events if event.kind is CloseKind.REOPENED), None),
    )


def live_close(closes: Iterable[Close]) -> Close | None:
    """The close that holds a day, of the closes of that day."""
    return next((close for close in closes if close.is_live), None)


def last_signed(closes: Iterable[Close]) -> Close | None:
    """The close an auditor means by "as it was signed": the newest with its signatures, also when it was re-opened afterwards."""
    return max((close for close in closes if close.is_signed), key=lambda close: close.generation, default=None)


def closed_days(closes: Iterable[Close]) -> dict[str, tuple[tuple[date, datetime], ...]]:
    """For RunContext.closed: by PSP, the days that signed and live closes hold, with their watermarks."""
    held: dict[str, list[tuple[date, datetime]]] = {}
    for close in closes:
        if close.state is CloseState.SIGNED:
            held.setdefault(close.psp, []).append((close.business_date, close.frozen.watermark_at))
    return {psp: tuple(sorted(days)) for psp, days in sorted(held.items())}
