"""The door to closes that somebody asked for over HTTP. For the sensor that looks for them and the job that carries them out; both know no service."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Protocol


class CloseDesk(Protocol):
    """Whoever freezes the days that were asked for."""

    def due(self) -> str | None:
        """A key of what can be tried now: open requests and what the last run knows. The same key means that trying again changes nothing; None: nothing."""

    def carry_out(self, say: Callable[[str], None]) -> Sequence[str]:
        """Try every open request, the oldest first; what came of each, in words. Raises: Transient when the warehouse cannot be reached."""
