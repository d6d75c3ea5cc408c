"""The log an evaluation reads: per first attempt what was done, with what probability, and what a target policy would have done. For estimators and gate.

Pure: columns of numbers. Only first attempts: retries follow a fixed rule and are selected by failure. The trap: an evaluation over rows of which some could
never have been chosen by the logging policy: no weight can make up for that, so such rows are counted and block a release.
Source: reference RT §2.6.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray

from transactional.vocabulary.errors import InputRejected

Floats: TypeAlias = NDArray[np.float64]
Integers: TypeAlias = NDArray[np.int64]


@dataclass(frozen=True, slots=True)
class Log:
    """One element per decision.

    `reward`: 1 approved, 0 not (or any value in one unit). `logged`: probability with which the logging policy took what it took. `target`: probability with
    which the target policy would have taken the same. `block`: day number, the unit of resampling; `period`: what is compared over time (week number).
    `unsupported`: whether the target may take an action here that the logging policy never takes. `model_taken`, `model_target`: a reward model's expectation
    for the action taken, and under the target policy; both or neither.
    Raises: InputRejected (`bad_log`) naming the column.
    """

    reward: Floats
    logged: Floats
    target: Floats
    block: Integers
    period: Integers
    unsupported: NDArray[np.bool_]
    model_taken: Floats | None = None
    model_target: Floats | None = None

    def __post_init__(self) -> None:
        rows = len(self.reward)
        columns = {"logged": self.logged, "target": self.target, "block": self.block, "period": self.period, "unsupported": self.unsupported}
        for name, column in columns.items():
            if len(column) != rows:
                raise InputRejected(f"{name} of an evaluation's log has {len(column)} rows, reward has {rows}", code="bad_log")
        if rows == 0:
            raise InputRejected("an evaluation needs at least one decision", code="bad_log")
        if not ((self.logged > 0) & (self.logged <= 1)).all():
            raise InputRejected("logged probabilities must lie above 0 and not above 1: what was done was possible", code="bad_log")
        if not ((self.target >= 0) & (self.target <= 1)).all():
            raise InputRejected("target probabilities must lie between 0 and 1", code="bad_log")
        if (self.model_taken is None) != (self.model_target is None):
            raise InputRejected("a reward model needs both of its columns", code="bad_log")

    @property
    def weight(self) -> Floats:
        """How much more often the target would have done what was done."""
        return np.asarray(self.target / self.logged)
