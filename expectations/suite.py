"""What must hold of a table at an edge we do not control, or must prove: as plain data. For asset checks; great-expectations sees it only when run.

The trap: suites in a JSON file that only one library can read, and seven seconds of import for everybody who wants to know what is promised.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from enum import StrEnum

IN_FILE = ("_source_file", "_source_line")
"""Where a line of a file is: what an inbound suite is found by."""


class Edge(StrEnum):
    """Where data cross: files of others coming in, or results that others rely on going out."""

    INBOUND = "inbound"
    OUTBOUND = "outbound"


@dataclass(frozen=True, slots=True)
class Suite:
    """Promises about one table.

    `not_null`, `matches` (pattern), `between` (inclusive) and `one_of` are by column; `unique` names columns that together never repeat;
    `in_catalogue` maps a column to `<catalogue table>.<word column>` in schema derived; `equal` lists pairs of columns that agree in every row;
    `not_empty`: the table has rows. `warn_only`: a failure asks for a person and stops nothing. `found_by`: the columns that tell a person where a
    row is; without them, those of `unique`.
    """

    name: str
    schema: str
    table: str
    at: Edge
    why: str
    not_null: tuple[str, ...] = ()
    unique: tuple[str, ...] = ()
    matches: Mapping[str, str] = field(default_factory=dict)
    between: Mapping[str, tuple[int, int]] = field(default_factory=dict)
    one_of: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    in_catalogue: Mapping[str, str] = field(default_factory=dict)
    equal: tuple[tuple[str, str], ...] = ()
    not_empty: bool = False
    warn_only: bool = False
    found_by: tuple[str, ...] = ()

    def places(self) -> tuple[str, ...]:
        """The columns that say which row broke a promise."""
        return self.found_by or self.unique

    def columns(self) -> tuple[str, ...]:
        """Every column the suite looks at, once, in a fixed order."""
        named = [
            *self.not_null,
            *self.unique,
            *self.matches,
            *self.between,
            *self.one_of,
            *self.in_catalogue,
            *(name for pair in self.equal for name in pair),
            *self.places(),
        ]
        return tuple(dict.fromkeys(named))

    def with_words(self, words: Mapping[str, tuple[str, ...]]) -> Suite:
        """The same suite with each catalogue's words in place of its name; `words` is by column."""
        return replace(self, in_catalogue={}, one_of={**self.one_of, **{column: words[column] for column in self.in_catalogue}})
