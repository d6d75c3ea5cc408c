"""BAI2's physical lines as logical records with cells. Private part of bai2.py.

A record ends with a slash and goes on in 88 records; the text of a 16 may hold commas and slashes and ends with its line. The traps: a text cut at its first
comma, a continuation that begins in the middle of a text, and a count of records that forgets continuations (trailers count physical lines).
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import date

from transactional.vocabulary.errors import ContractBroken, InputRejected, Place

_CUT = "\x1e"  # where one physical line ends and its continuation begins
_WIDTHS = {"": 0, "Z": 0, "0": 0, "1": 0, "2": 0, "V": 2, "S": 3}
_MOST_PAIRS = 99
_MOST_CONTINUATIONS, _MOST_CHARACTERS = 1_000, 100_000
_NUMBER = re.compile(r"[+-]?\d{1,18}", re.ASCII)
_DATE = re.compile(r"(\d\d)(\d\d)(\d\d)", re.ASCII)
_CONTROLS = re.compile(r"[\x00-\x08\x0b-\x1f\x7f]")


@dataclass(frozen=True, slots=True)
class Funds:
    """When an entry's money can be used: the funds type, how many cells follow it, the value date it names, and all of it in words."""

    kind: str
    width: int
    value_date: date | None = None
    told: dict[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Logical:
    """One record with its continuations. `line`: where it begins; `physical`: how many lines it takes. Cells are counted from 0, the record type."""

    line: int
    physical: int
    joined: str

    @property
    def code(self) -> str:
        """The record type."""
        return self.joined.split(",", 1)[0].strip()

    @property
    def raw(self) -> str:
        """The record as it stands in the file, without its slashes."""
        return self.joined.replace("," + _CUT, "\n88,")

    @property
    def width(self) -> int:
        """How many cells it has."""
        return self.joined.count(",") + 1

    def cell(self, at: int) -> str:
        """A cell, blank when the record ends before it."""
        cells = self.joined.split(",", at + 1)
        return cells[at].replace(_CUT, "").strip() if at < len(cells) else ""

    def tail(self, at: int) -> tuple[str, str, str]:
        """Bank reference, customer reference, and the text that follows them to the end, whatever is in it."""
        bank, own, text = [*self.joined.split(",", at + 2)[at:], "", "", ""][:3]
        return bank.replace(_CUT, "").strip(), own.replace(_CUT, "").strip(), text.replace("," + _CUT, " ").replace(_CUT, "").strip()

    def funds_cells(self, at: int) -> int:
        """How many cells follow the funds type at a place. Raises: InputRejected."""
        kind = self.cell(at).upper()
        if kind in _WIDTHS:
            return _WIDTHS[kind]
        pairs = whole_number(self.cell(at + 1)) if kind == "D" else -1
        if not 0 <= pairs <= _MOST_PAIRS:
            raise InputRejected(f"funds type '{kind[:5]}'; expected Z, 0, 1, 2, S, V, or D with its number of pairs", code="bad_record")
        return 1 + 2 * pairs

    def funds(self, at: int) -> Funds:
        """The availability at a place. Raises: InputRejected (`bad_record`, `impossible_date`, `not_a_number`)."""
        kind, width = self.cell(at).upper(), self.funds_cells(at)
        cells = [self.cell(at + 1 + place) for place in range(width)]
        if kind in ("", "Z"):
            return Funds(kind, width)
        if kind == "V":
            on = date_of(cells[0])
            return Funds(kind, width, on, {"value_date": on.isoformat(), "time": cells[1]})
        if kind == "S":
            return Funds(kind, width, None, dict(zip(("immediate_minor", "one_day_minor", "later_minor"), cells, strict=True)))
        if kind == "D":
            return Funds(kind, width, None, {f"after_{days}_days_minor": amount for days, amount in zip(cells[1::2], cells[2::2], strict=True)})
        return Funds(kind, width, None, {"days": kind})


def logical_records(content: bytes, name: str) -> Iterator[Logical]:
    """The records of a file. Raises: ContractBroken (`bad_record`) for a continuation of nothing, or without end."""
    line, physical, joined = 0, 0, ""
    for number, text in enumerate(_lines(content), 1):
        if not text:
            continue
        code, _, rest = text.partition(",")
        if code.strip() == "88":
            if not physical:
                raise ContractBroken("a continuation (88) of no record", code="bad_record", place=Place(name, number, "record 88 field 1"))
            if physical > _MOST_CONTINUATIONS or len(joined) > _MOST_CHARACTERS:
                message = f"more than {_MOST_CONTINUATIONS:,} continuations (88) or {_MOST_CHARACTERS:,} characters of one record"
                raise ContractBroken(message, code="bad_record", place=Place(name, number, "record 88"))
            physical, joined = physical + 1, f"{joined},{_CUT}{rest}"
            continue
        if physical:
            yield Logical(line, physical, joined)
        line, physical, joined = number, 1, text
    if physical:
        yield Logical(line, physical, joined)


def _lines(content: bytes) -> list[str]:
    """Lines without the slash that ends a record, blanks around them and control characters."""
    try:
        text = content.removeprefix(b"\xef\xbb\xbf").decode()
    except UnicodeDecodeError:
        text = content.decode("cp1252", "replace")
    rows = (_CONTROLS.sub(" ", row).strip() for row in text.replace("\r\n", "\n").replace("\r", "\n").split("\n"))
    return [row.removesuffix("/") for row in rows]


def whole_number(text: str) -> int:
    """A number without decimals, signed or not. Raises: InputRejected (`not_a_number`)."""
    if not _NUMBER.fullmatch(text):
        raise InputRejected(f"'{text[:20]}'; expected a whole number of at most 18 digits", code="not_a_number")
    return int(text)


def date_of(text: str) -> date:
    """YYMMDD; 80 to 99 are the nineteens. Raises: InputRejected (`impossible_date`); 30 February is refused, not moved."""
    found = _DATE.fullmatch(text)
    try:
        if found is None:
            raise ValueError
        year, month, day = map(int, found.groups())
        return date(year + (1900 if year >= 80 else 2000), month, day)
    except ValueError as error:
        raise InputRejected(f"'{text[:10]}' is no date; expected YYMMDD", code="impossible_date") from error
