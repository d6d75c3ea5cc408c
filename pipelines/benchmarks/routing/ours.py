"""Our router in the race: cards published every so many seconds by the statistics of assets.payments.scorecards, decisions by transactional.payments.routing.

Nothing of the policy is written anew here: `widest`, `narrower` and `ranked` make the card, `decide` and the detector choose. What the benchmark owns is the
bookkeeping around them: weighted sums per cell and PSP (kept by forward decay, as the hour buckets are; a test compares them with buckets and a whole card).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from uuid import UUID

import numpy as np
import polars as pl

from assets.payments.scorecards.parameters import Parameters
from assets.payments.scorecards.ranking import ranked
from assets.payments.scorecards.shrinkage import Posterior, narrower, widest
from assets.payments.scorecards.sums import Floats, Sums
from pipelines.benchmarks.routing.rivals import K
from pipelines.benchmarks.routing.weather import PSPS, Days
from transactional.payments.routing.detector import UNTOUCHED, Breaker, DetectorSettings, after_outcome, rested
from transactional.payments.routing.policy import Looked, Policy, decide
from transactional.payments.routing.request import Candidate, RouteRequest
from transactional.payments.scorecards.card import Found
from transactional.payments.scorecards.cells import LEVEL_BY_NAME
from transactional.payments.scorecards.rows import ScoreRow
from transactional.payments.scorecards.staleness import CAUTIOUS_UNTIL, EASED_UNTIL, Tier

START = datetime(2026, 3, 2, tzinfo=UTC)
CANDIDATES = tuple(Candidate(psp, psp) for psp in PSPS)
_PLACE = {psp: place for place, psp in enumerate(PSPS)}
_BLANK = ScoreRow(**(dict.fromkeys(ScoreRow.__dataclass_fields__) | {"cost_coverage": 0.0, "level": "country"}))  # type: ignore[arg-type]


@dataclass(frozen=True, slots=True)
class Setting:
    """How ours runs. `every`: seconds between cards. `frozen_from`: seconds from the start after which no card comes any more; None: they go on."""

    every: int = 300
    parameters: Parameters = field(default_factory=Parameters)
    policy: Policy = field(default_factory=lambda: Policy("bench", {"*": PSPS}, hysteresis=0.0))
    detector: DetectorSettings | None = field(default_factory=DetectorSettings)
    frozen_from: float | None = None
    falls_back: bool = True


class Ours:
    """One run over two days."""

    def __init__(self, days: Days, setting: Setting) -> None:
        cells = days.weather.cells
        self._setting, self._sums = setting, Weighted(cells, setting.parameters.half_life_seconds)
        self._known: dict[int, Found] = {}
        self._told: list[list[list[float]]] | None = None
        self._shares: Floats = np.full((cells, K), np.nan)
        self._breakers: dict[str, Breaker] = {}
        self._at, self._published = days.at.tolist(), 0.0
        self._request = RouteRequest(UUID(int=0), "XX", "card", "EUR", 1)
        self._expected: dict[int, float] = {}
        self._policy = replace(setting.policy, priority={"*": (*_best_first(days),)}, salt=str(days.seed))

    def choose(self, number: int, cell: int, at: float) -> int:
        while at >= self._published + self._setting.every and not self._is_frozen(self._published + self._setting.every):
            self._published += self._setting.every
            self._publish(self._published)
        request = replace(self._request, intent_id=UUID(int=number))
        breakers = self._now(at)
        decision = decide(request, CANDIDATES, self._found(cell), breakers, self._policy, Looked(self._tier(at), 1))
        chosen = next(one for one in decision.choices if one.psp == decision.action.psp)
        self._expected[number] = 0.8 if chosen.sr_mean is None else chosen.sr_mean
        return _PLACE[decision.action.psp]

    def told(self, number: int, cell: int, psp: int, *, approved: bool, at: float) -> None:
        self._sums.add(cell, psp, self._at[number], approved=approved)
        expected = self._expected.pop(number)
        if self._setting.detector is not None:
            name, moment = PSPS[psp], START + timedelta(seconds=at)
            breaker = self._breakers.get(name, UNTOUCHED)
            self._breakers[name] = after_outcome(breaker, approved=approved, expected=expected, at=moment, settings=self._setting.detector)

    def _is_frozen(self, at: float) -> bool:
        return self._setting.frozen_from is not None and at > self._setting.frozen_from

    def _now(self, at: float) -> Mapping[str, Breaker]:
        if self._setting.detector is None or not self._breakers:
            return {}
        moment = START + timedelta(seconds=at)
        return {psp: rested(breaker, moment, self._setting.detector) for psp, breaker in self._breakers.items()}

    def _tier(self, at: float) -> Tier:
        if not self._published:
            return Tier.UNREAD
        age = timedelta(seconds=at - self._published)
        if age > CAUTIOUS_UNTIL and self._setting.falls_back:
            return Tier.STATIC
        if age > EASED_UNTIL:
            return Tier.CAUTIOUS
        return Tier.NORMAL if age <= timedelta(seconds=2 * self._setting.every) else Tier.EASED

    def _publish(self, at: float) -> None:
        posterior = self._sums.posterior(at, self._setting.parameters)
        ranking = ranked(posterior, posterior.mean, self._shares, PSPS, self._setting.parameters)
        self._shares = ranking.share
        low, high = posterior.interval()
        self._told = [one.tolist() for one in (posterior.mean, low, high, ranking.rank)]
        self._known.clear()

    def _found(self, cell: int) -> Found | None:
        """What the card has for a cell; rows are made when somebody asks."""
        if self._told is None:
            return None
        if cell not in self._known:
            mean, low, high, rank = (one[cell] for one in self._told)
            rows = {psp: replace(_BLANK, psp=psp, sr_mean=mean[k], sr_lo=low[k], sr_hi=high[k], rank=int(rank[k])) for k, psp in enumerate(PSPS)}
            self._known[cell] = Found("country", ("deposit", str(cell)), rows)
        return self._known[cell]


class Weighted:
    """Weighted approvals and outcomes of each cell and PSP. Forward decay: a weight is relative to a landmark that moves on with each card."""

    def __init__(self, cells: int, half_life: int) -> None:
        self._half_life, self._landmark = half_life, 0.0
        self._s, self._n, self._w2 = (np.zeros((cells, K)) for _ in range(3))

    def add(self, cell: int, psp: int, at: float, *, approved: bool) -> None:
        weight = 2.0 ** ((at - self._landmark) / self._half_life)
        self._s[cell, psp] += weight * approved
        self._n[cell, psp] += weight
        self._w2[cell, psp] += weight * weight

    def posterior(self, at: float, parameters: Parameters) -> Posterior:
        """The cells' posterior at a moment, from that of all of them together."""
        factor = 2.0 ** ((self._landmark - at) / self._half_life)
        self._s, self._n, self._w2, self._landmark = self._s * factor, self._n * factor, self._w2 * factor**2, at
        cells = len(self._s)
        whole = _level("all", pl.DataFrame(), self._s.sum(axis=0)[None], self._n.sum(axis=0)[None], self._w2.sum(axis=0)[None])
        narrow = _level("country", pl.DataFrame({"country": [str(one) for one in range(cells)]}), self._s, self._n, self._w2)
        return narrower(narrow, widest(whole, parameters), np.zeros(cells, dtype=np.int64), parameters)


def _level(name: str, cells: pl.DataFrame, s: Floats, n: Floats, w2: Floats) -> Sums:
    nowhere = np.zeros(s.shape, dtype=np.int64)
    return Sums(LEVEL_BY_NAME[name], cells, PSPS, {}, s, n, w2, nowhere, nowhere)


def _best_first(days: Days) -> list[str]:
    """The static list: what was best in the first six hours, over all traffic."""
    traffic = np.bincount(days.cell, minlength=days.weather.cells)
    return [PSPS[psp] for psp in np.argsort(-(traffic @ days.early()), kind="stable")]
