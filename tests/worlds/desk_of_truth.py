"""Did a world's reconciliation say exactly what its answer key says? For the tests over worlds."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from assets.reconciliation.matching import Outcome
from pipelines.benchmarks.worlds import score_of
from pipelines.standing.score import Identity
from transactional.simulation.answer_key import Expected


def differences(outcome: Outcome, expected: Iterable[Expected], files: Mapping[str, bytes]) -> tuple[list[Identity], list[Identity]]:
    """What was expected and not found, and what was found and not expected: class, currency, amount and every item must be the same."""
    scored = score_of(outcome, expected, files)
    return list(scored.missed), list(scored.invented)
