"""Freeze the days that were asked for over HTTP, and write down what came of each request. For the close job and `countroom close --requested`.

The close and the end of its request are one transaction, so a process killed between them has done neither. A refusal ends the request, and its words are
kept; only one that the next run may lift (the day is not over for what the last run knows) leaves it open. The traps: a run in the middle of it (the turn is
taken first), and a request that is withdrawn meanwhile (then nothing is frozen either).
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

from pipelines.resources.turn import turn
from pipelines.standing.day_standing import known_by
from pipelines.standing.freezing import freeze_day
from pipelines.standing.house import Doors, doors_of
from transactional.db.location import locate_databases
from transactional.db.unit_of_work import UnitOfWork
from transactional.reconciliation.close_requests.events import WAITS_FOR_A_RUN, CloseRequest
from transactional.reconciliation.close_requests.service import CloseRequests
from transactional.reconciliation.closing import Closes
from transactional.settings import Settings
from transactional.vocabulary.errors import InputRejected, Refused

_ENDED_MEANWHILE = "not_open"


@dataclass(frozen=True, slots=True)
class Tried:
    """A request after it was tried, and the words of what refuses it or makes it wait."""

    request: CloseRequest
    words: str | None = None

    def __str__(self) -> str:
        asked, ended = self.request.asked, self.request.ended
        outcome = f"frozen as close {ended.close_id}" if ended and ended.close_id else ended.kind.value if ended else "waits for a run"
        return f"{asked.business_date} of {asked.psp}, asked for by {asked.actor}: {outcome}" + (f" ({self.words})" if self.words else "")


def request_as_dict(tried: Tried) -> dict[str, str | None]:
    """For JSON."""
    asked, ended = tried.request.asked, tried.request.ended
    return {
        "close_request_id": str(asked.close_request_id),
        "psp": asked.psp,
        "business_date": asked.business_date.isoformat(),
        "requested_by": asked.actor,
        "state": tried.request.state,
        "close_id": str(ended.close_id) if ended and ended.close_id else None,
        "code": ended.code if ended else None,
        "reason": tried.words or (ended.reason if ended else None),
    }


class HouseCloseDesk:
    """The requests of one configuration."""

    def __init__(self, settings: Settings) -> None:
        self._settings = settings

    def due(self) -> str | None:
        """As the protocol says. A house where nothing was published has nothing due."""
        try:
            with doors_of(self._settings) as doors:
                names = [str(request.asked.close_request_id) for request in _open(doors)]
                told = [known_by(doors.warehouse).isoformat(), *names] if names else []
        except Refused:
            return None
        return hashlib.sha256(" ".join(told).encode()).hexdigest() if told else None

    def carry_out(self, say: Callable[[str], None]) -> Sequence[str]:
        """As the protocol says."""
        return [str(tried) for tried in self.tried(say)]

    def tried(self, say: Callable[[str], None]) -> list[Tried]:
        """Every open request, after it was tried. Raises: Refused (`nothing_published`) where not even a schema is."""
        with doors_of(self._settings) as doors:
            if not _open(doors):
                return []
            with turn(locate_databases(self._settings).warehouse_url, on_wait=say):
                return list(_each_tried(doors))


def _open(doors: Doors) -> list[CloseRequest]:
    with UnitOfWork(doors.app) as work:
        return CloseRequests(work.connection).open()


def _each_tried(doors: Doors) -> Iterator[Tried]:
    for request in _open(doors):
        try:
            yield Tried(_carried_out(doors, request))
        except (Refused, InputRejected) as refusal:
            yield _not_carried_out(doors, request, refusal)


def _carried_out(doors: Doors, request: CloseRequest) -> CloseRequest:
    asked = request.asked
    with UnitOfWork(doors.app) as work:
        closes = Closes(work.connection)
        close = freeze_day(doors.warehouse, doors.store, closes, asked.business_date, asked.psp, actor=asked.actor, despite=asked.reason)
        done = CloseRequests(work.connection).carried_out(request, close.close_id)
        work.commit()
    return done


def _not_carried_out(doors: Doors, request: CloseRequest, refusal: Refused | InputRejected) -> Tried:
    if refusal.code in WAITS_FOR_A_RUN:
        return Tried(request, str(refusal))
    with UnitOfWork(doors.app) as work:
        requests = CloseRequests(work.connection)
        if refusal.code == _ENDED_MEANWHILE:
            return Tried(requests.named(request.asked.close_request_id) or request)
        done = requests.refused(request, refusal.code, str(refusal))
        work.commit()
    return Tried(done, str(refusal))
