"""The router as it runs in a process: the current card, a breaker per PSP, and `decide`. For the orchestrator, the API and a service that routes by itself.

No thread, no clock and no network of its own: the client holds the card, the moment is passed in. Safe to use from several threads: breakers are values and a
lock guards their map. The trap: a detector fed by the routing mode that happened to be on (hyperswitch#8523): every outcome feeds it, whatever chose the PSP.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime
from threading import Lock

from transactional.payments.routing.decision import Decision
from transactional.payments.routing.detector import (
    UNTOUCHED,
    Breaker,
    DetectorSettings,
    after_outcome,
    after_sending,
    after_timeout,
    corrected,
    rested,
)
from transactional.payments.routing.policy import Looked, Policy, decide
from transactional.payments.routing.request import Candidate, RouteRequest
from transactional.payments.scorecards.cells import Cell, amount_band, issuer_group
from transactional.payments.scorecards.client import ScorecardClient

Candidates = Callable[[RouteRequest, date], Sequence[Candidate]]

UNKNOWN_SUCCESS = 0.8
"""What an attempt is expected to do where no card says anything: high enough that an outage shows, low enough that a hard country is none at once."""


@dataclass(frozen=True, slots=True)
class Told:
    """What a PSP did with an attempt, as far as it answers for it. `expected` is the success the decision expected of it."""

    psp: str
    expected: float = UNKNOWN_SUCCESS


class Router:
    """Decides, and remembers how each PSP does. One per process; `policy_on` gives the policy of a day."""

    def __init__(
        self, client: ScorecardClient, policy_on: Callable[[date], Policy], candidates: Candidates, settings: DetectorSettings | None = None
    ) -> None:
        self._client, self._policy_on, self._candidates = client, policy_on, candidates
        self._settings = settings or DetectorSettings()
        self._today: tuple[date, Policy] | None = None
        self._breakers: dict[str, Breaker] = {}
        self._lock = Lock()

    def decide(self, request: RouteRequest, now: datetime) -> Decision:
        """Where the attempt goes. Raises: Refused (`no_eligible_psp`), InputRejected (`unknown_currency`)."""
        return self.decide_with_age(request, now)[0]

    def decide_with_age(self, request: RouteRequest, now: datetime, among: frozenset[str] | None = None) -> tuple[Decision, int | None]:
        """As `decide`, and how many seconds old the card's newest outcome was; None when there was no card. `among`: only these PSPs can be reached."""
        found, standing = self._client.lookup(cell_of(request, now.date()), now)
        looked = Looked(standing.tier, None if standing.card is None else standing.card.manifest.version)
        candidates = [one for one in self._candidates(request, now.date()) if among is None or one.psp in among]
        decision = decide(request, candidates, found, self.breakers(now), self._in_force(now.date()), looked)
        return decision, None if standing.age is None else int(standing.age.total_seconds())

    def breakers(self, now: datetime) -> Mapping[str, Breaker]:
        """Each PSP's breaker as it is at that moment."""
        with self._lock:
            return {psp: rested(breaker, now, self._settings) for psp, breaker in self._breakers.items()}

    def sent(self, told: Told, at: datetime) -> None:
        """An attempt went to the PSP."""
        self._next(told.psp, lambda breaker: after_sending(breaker, at=at, settings=self._settings))

    def answered(self, told: Told, *, approved: bool, at: datetime) -> None:
        """The PSP answered; failures that the payer or we are to blame for are not told."""
        self._next(told.psp, lambda breaker: after_outcome(breaker, approved=approved, expected=told.expected, at=at, settings=self._settings))

    def timed_out(self, told: Told, at: datetime) -> None:
        """The PSP did not answer in time."""
        self._next(told.psp, lambda breaker: after_timeout(breaker, expected=told.expected, at=at, settings=self._settings))

    def was_approved_after_all(self, told: Told) -> None:
        """What was told as timed out turned out approved."""
        self._next(told.psp, lambda breaker: corrected(breaker, expected=told.expected, settings=self._settings))

    def _next(self, psp: str, step: Callable[[Breaker], Breaker]) -> None:
        with self._lock:
            self._breakers[psp] = step(self._breakers.get(psp, UNTOUCHED))

    def _in_force(self, day: date) -> Policy:
        today = self._today
        if today is None or today[0] != day:
            policy = self._policy_on(day)
            self._today = today = (day, replace(policy, rules=policy.rules.on(day)))
        return today[1]


def expected_of(decision: Decision) -> Told:
    """What the decision expected of the PSP it took."""
    mean = next((choice.sr_mean for choice in decision.choices if choice.psp == decision.action.psp), None)
    return Told(decision.action.psp, UNKNOWN_SUCCESS if mean is None else mean)


def cell_of(request: RouteRequest, on: date) -> Cell:
    """The cell of the scorecard an attempt is looked up in. Raises: InputRejected (`unknown_currency`)."""
    return Cell(
        "deposit",
        request.country,
        request.method,
        issuer_group(request.issuer, request.issuer_country),
        request.bin or "",
        amount_band(request.amount_minor, request.currency, on),
    )
