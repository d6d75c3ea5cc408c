"""The card's estimates once more, slowly, in plain Python over single attempts: no arrays, no integers, no buckets. For comparison only."""

from __future__ import annotations

import math
from collections.abc import Sequence
from datetime import datetime

from tests.unit.payments.scorecards.traffic import Try

PARENTS = {"country": "all", "country_method": "country", "amount_band": "country_method", "issuer_group": "country_method", "bin": "issuer_group"}
KEYS = {
    "all": (),
    "country": ("country",),
    "country_method": ("country", "method"),
    "amount_band": ("country", "method", "amount_band"),
    "issuer_group": ("country", "method", "issuer_group"),
    "bin": ("country", "method", "issuer_group", "bin"),
}


def means(tries: Sequence[Try], at: datetime, half_life: int, direction: str = "deposit") -> dict[tuple[str, tuple[str, ...], str], float]:
    """Shrunk success by level, cell and PSP."""
    tries = [each for each in tries if each.direction == direction]
    psps = sorted({each.psp for each in tries})
    means_of: dict[tuple[str, tuple[str, ...], str], float] = {}
    rests: dict[tuple[str, tuple[str, ...], str], float] = {}
    for level, keys in KEYS.items():
        cells = sorted({tuple(getattr(each, key) for key in keys) for each in tries if all(getattr(each, key) for key in keys)})
        seen = {(cell, psp): _weighed(tries, keys, cell, psp, at, half_life) for cell in cells for psp in psps}
        size = sum(n for _, n, _ in seen.values()) ** 2 / sum(w2 for _, _, w2 in seen.values())
        priors, fitted = _priors(level, cells, psps, seen, means_of)
        sizes = [(s, n, w2, priors[pair]) for pair, (s, n, w2) in seen.items() if n > 0]
        kappa = _kappa([(n * n / w2, s / n, m) for s, n, w2, m in sizes], fitted)
        for (cell, psp), (s, n, _) in seen.items():
            under = size if level == "all" else rests[PARENTS[level], cell[: len(KEYS[PARENTS[level]])], psp]
            weight = min(kappa, max(under, 20.0))
            rests[level, cell, psp] = n + weight
            means_of[level, cell, psp] = (s + weight * priors[cell, psp]) / (n + weight)
    return means_of


def _priors(level, cells, psps, seen, means_of):  # type: ignore[no-untyped-def]
    if level == "all":
        s, n, w2 = (sum(values[index] for values in seen.values()) for index in range(3))
        size = n * n / w2
        return dict.fromkeys(seen, (size * s / n + 0.5) / (size + 1)), 1.0
    depth = len(KEYS[PARENTS[level]])
    like, totals = {}, {}
    for cell in cells:
        s, n, w2 = (sum(seen[cell, psp][index] for psp in psps) for index in range(3))
        expected = {psp: means_of[PARENTS[level], cell[:depth], psp] for psp in psps}
        like[cell] = sum(seen[cell, psp][1] * expected[psp] for psp in psps) / n if n else sum(expected.values()) / len(psps)
        totals[cell] = (s, n, w2, expected)
    kappa = _kappa([(n * n / w2, s / n, like[cell]) for cell, (s, n, w2, _) in totals.items() if n > 0], 1.0)
    priors, fitted = {}, 0.0
    for cell, (s, n, _, expected) in totals.items():
        moved = _logit((s + kappa * like[cell]) / (n + kappa)) - _logit(like[cell])
        fitted += n / (n + kappa)
        for psp in psps:
            priors[cell, psp] = 1 / (1 + math.exp(-_logit(expected[psp]) - moved))
    return priors, fitted


def _weighed(tries, keys, cell, psp, at, half_life):  # type: ignore[no-untyped-def]
    inside = [each for each in tries if each.psp == psp and tuple(getattr(each, key) for key in keys) == cell]
    weights = [
        (each.outcome == "approved", 0.5 ** ((at - each.at).total_seconds() / half_life)) for each in inside if each.outcome in ("approved", "failed")
    ]
    return (
        math.fsum(weight for approved, weight in weights if approved),
        math.fsum(weight for _, weight in weights),
        math.fsum(weight * weight for _, weight in weights),
    )


def _kappa(cells, fitted):  # type: ignore[no-untyped-def]
    if len(cells) < 2:
        return 2000.0
    total = math.fsum(n for n, _, _ in cells)
    surplus = math.fsum(n * (p - m) ** 2 / (m * (1 - m)) for n, p, m in cells) - (len(cells) - fitted)
    room = total - math.fsum(n * n for n, _, _ in cells) / total - (len(cells) - fitted)
    return 2000.0 if surplus <= 0 or room <= 0 else min(max(room / surplus - 1, 20.0), 2000.0)


def _logit(p: float) -> float:
    return math.log(p / (1 - p))
