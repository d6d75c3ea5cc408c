"""The five ways something can go wrong, so that each edge maps them once (Dagster, HTTP, command line).

The trap: `except Exception: log` turns a broken contract into a quiet gap in the money. Every error here says what was being
attempted, with ids and places, and never a card number, a name or a secret.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Place:
    """Where bad input stands: the file, its 1-based line, the column by its own name. Unknown parts are None."""

    file: str | None = None
    line: int | None = None
    column: str | None = None

    def __str__(self) -> str:
        parts = [self.file or "", f"line {self.line}" if self.line is not None else "", f"column '{self.column}'" if self.column else ""]
        return ", ".join(part for part in parts if part)


class CountroomError(Exception):
    """Base of the five. `code` is stable and machine readable; `detail` holds ids and amounts a reader may act on."""

    code = "error"

    def __init__(self, message: str, *, code: str | None = None, place: Place | None = None, detail: Mapping[str, object] | None = None) -> None:
        self.message = message
        self.place = place
        self.detail: dict[str, object] = dict(detail or {})
        if code is not None:
            self.code = code
        super().__init__(f"{place}: {message}" if place and str(place) else message)


class InputRejected(CountroomError):
    """One row or message is unusable: quarantine it, count it, go on with the rest."""

    code = "input_rejected"


class ContractBroken(CountroomError):
    """A schema or control total is wrong: stop this file or asset, no retry, let the rest go on."""

    code = "contract_broken"


class Transient(CountroomError):
    """The outside failed in a way that may pass: retry with back-off."""

    code = "transient"


class Refused(CountroomError):
    """The domain says no (409 or 422 with a code): insufficient funds, closed period, key used with another body."""

    code = "refused"


class InvariantBroken(CountroomError):
    """Our own bug: books that do not balance, a certificate that does not close. Stop loudly."""

    code = "invariant_broken"
