"""How long do we wait for a PSP, when do we believe that it knows nothing, and when is it left alone for a while. For PSP specs and the orchestrator.

The trap: "not found" asked a second after a time-out and believed: the request was still on its way, and the payer pays at two PSPs. A PSP is believed only
after the time it may itself take over a request has passed.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import timedelta
from types import MappingProxyType

from transactional.payments.orchestration.asking import Capturing

_USUAL_TIMEOUT_MS = 15_000


@dataclass(frozen=True, slots=True)
class BreakerTerms:
    """A PSP that failed `failures` times in a row for technical reasons is left alone for `open_for`; then one payment at a time probes it."""

    failures: int = 5
    open_for: timedelta = timedelta(seconds=120)


@dataclass(frozen=True, slots=True)
class DrivingTerms:
    """How a PSP is driven. `timeouts_ms` by call name. `not_found_final_after`: counted from when the request was written down.

    What is not known is asked for again after `resolve_every`, then ever more rarely up to `resolve_longest`. A payer who has not done what was required by
    `action_expires` has left.
    """

    timeouts_ms: Mapping[str, int] = field(default_factory=lambda: MappingProxyType({}))
    not_found_final_after: timedelta = timedelta(minutes=10)
    capturing: Capturing = "separately"
    resolve_every: timedelta = timedelta(seconds=5)
    resolve_longest: timedelta = timedelta(minutes=10)
    action_expires: timedelta = timedelta(minutes=20)
    breaker: BreakerTerms = BreakerTerms()
    source: str = ""

    def timeout_ms(self, call: str) -> int:
        """How long the answer to a call is waited for."""
        return self.timeouts_ms.get(call, _USUAL_TIMEOUT_MS)
