"""How long does one decision take with a large card, and how much memory does the card need? For `countroom bench routing`.

In process: `Router.decide` over a card of a hundred thousand rows, cells drawn evenly, breakers for every PSP. Memory is by how much reading the document
raised the most the process ever held. The trap: a mean; a payment that waits is one of the slowest hundredth.
"""

from __future__ import annotations

import gc
import resource
import time
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from uuid import UUID

import numpy as np

from pipelines.benchmarks.routing.weather import PSPS
from transactional.payments.routing.policy import Policy
from transactional.payments.routing.request import Candidate, RouteRequest
from transactional.payments.routing.router import Router, Told
from transactional.payments.scorecards.client import Fetched, ScorecardClient
from transactional.payments.scorecards.document import Manifest, Status, content, content_hash, document_bytes
from transactional.payments.scorecards.rows import ScoreRow

_AT = datetime(2026, 3, 1, 12, tzinfo=UTC)
_NOTHING = dict.fromkeys(ScoreRow.__dataclass_fields__)
_COUNTS = dict.fromkeys(("n_attempts", "n_first", "n_approved", "n_approved_first", "n_pending", "n_blamed"), 40)
_RATES = {"n_eff": 40.0, "sr_mean": 0.8, "sr_lo": 0.7, "sr_hi": 0.9, "shrink_weight": 0.4, "prior_mean": 0.8, "kappa": 60.0, "p_best": 0.25}


@dataclass(frozen=True, slots=True)
class Speed:
    """Microseconds of a decision; `card_mb`: resident memory that reading and holding the card added, in megabytes."""

    rows: int
    decisions: int
    p50_us: float
    p99_us: float
    slowest_us: float
    card_mb: float


def measure(rows: int = 100_000, decisions: int = 50_000) -> Speed:
    """One card, many decisions."""
    bins = rows // len(PSPS)
    body = _document(bins)
    gc.collect()
    before = _resident_mb()
    client = ScorecardClient(lambda _etag: Fetched(200, "e", body))
    client.poll(_AT)
    card_mb = _resident_mb() - before
    candidates = tuple(Candidate(psp, "main") for psp in PSPS)
    router = Router(client, lambda _day: Policy("bench", {"*": PSPS}), lambda _request, _day: candidates)
    for psp in PSPS:
        router.answered(Told(psp, 0.8), approved=True, at=_AT)
    draw = np.random.default_rng(1).integers(0, bins, decisions).tolist()
    asked = [_request(number, number_of_bin) for number, number_of_bin in enumerate(draw)]
    took = np.empty(decisions)
    for number, request in enumerate(asked):
        began = time.perf_counter_ns()
        router.decide(request, _AT)
        took[number] = (time.perf_counter_ns() - began) / 1000
    p50, p99 = np.percentile(took, (50, 99))
    return Speed(bins * len(PSPS), decisions, float(p50), float(p99), float(took.max()), card_mb)


def _request(number: int, of_bin: int) -> RouteRequest:
    return RouteRequest(UUID(int=number), "DE", "card", "EUR", 5_000, issuer=f"bank {of_bin % 50}", issuer_country="DE", bin=f"{40_000_000 + of_bin}")


def _document(bins: int) -> bytes:
    cell = {"direction": "deposit", "level": "bin", "country": "DE", "method": "card", "amount_band": "", "currency": "EUR", "health": "unknown"}
    whole = _NOTHING | _COUNTS | _RATES | cell | {"cost_coverage": 0.0, "score": 0.8, "share_target": 0.25, "rank": 1, "reason": ()}
    blank = ScoreRow(**whole)  # type: ignore[arg-type]  # every field is given
    rows = [
        replace(blank, issuer_group=f"bank {of_bin % 50}", bin=f"{40_000_000 + of_bin}", psp=psp, rank=rank)
        for of_bin in range(bins)
        for rank, psp in enumerate(PSPS, 1)
    ]
    told = content(rows)
    manifest = Manifest(
        version=1,
        content_sha256=content_hash(told),
        policy_id="bench",
        params={},
        data_watermark=_AT,
        published_at=_AT,
        valid_until=_AT + timedelta(minutes=10),
        expires_at=_AT + timedelta(hours=1),
        interval_seconds=300,
        row_count=len(rows),
        status=Status.CHAMPION,
    )
    return document_bytes(manifest, told)


def _resident_mb() -> float:
    """The most this process has held so far, so a difference of two is an upper bound of what came between."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
