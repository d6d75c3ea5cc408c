"""What does field 86 (and :NS:) of an MT940 entry say: text, end-to-end reference, other account, return reason. For mt940.

Three dialects: `166?00...?20...` (German subfields), `/EREF/.../REMI/...` (SWIFT words), free text. The trap: subfields of 27 characters and lines of
65 cut a reference wherever they happen to end: a full piece goes on without a space, a shorter one ends a word.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass, field

_SUBFIELDS = re.compile(r"^\s*(\d{3})\s*\?")
_SUBFIELD = re.compile(r"\?(\d{2})")
_PURPOSE = tuple(f"{number:02d}" for number in (*range(20, 30), *range(60, 64)))
_KEYWORD = re.compile(r"\b(EREF|KREF|MREF|CRED|DEBT|SVWZ|ABWA|ABWE|IBAN|BIC|PURP|MTLG|COAM|OAMT)[+:]")
_SWIFT_WORD = re.compile(r"/(EREF|MARF|CSID|REMI|RTRN|BENM|ORDP|PREF|IBAN|NAME)/")
_RETURN_WORD = re.compile(r"/RTRN/([A-Z]{2}\d{2})")
_RETURNS = frozenset({"108", "109", "159", "181", "182", "183", "184"})  # business transaction codes for returned payments
_SUBFIELD_LENGTH, _LINE_LENGTH = 27, 64


@dataclass(frozen=True, slots=True)
class Details:
    """What was said. `words` in order, for the description; `parts` by name, for the raw row."""

    words: tuple[str, ...] = ()
    parts: dict[str, object] = field(default_factory=dict)
    end_to_end_id: str | None = None
    counterparty_account: str | None = None
    return_reason: str | None = None

    @property
    def is_empty(self) -> bool:
        return not self.parts


def read_details(info: list[list[str]], non_swift: list[list[str]]) -> Details:
    """The fields 86 and NS that follow one entry."""
    if not info:
        words = tuple(_without_number(line) for lines in non_swift for line in lines if _without_number(line))
        return Details(words, {"text": " ".join(words)} if words else {})
    lines = [line for each in info for line in each]
    first = _SUBFIELDS.match(lines[0])
    if first:
        return _german("".join(lines), first[1])
    text = _glue(lines, _LINE_LENGTH)
    return Details(
        words=(text,),
        parts={"text": text},
        end_to_end_id=_value_after(_SWIFT_WORD, text, "EREF"),
        counterparty_account=_value_after(_SWIFT_WORD, text, "IBAN"),
        return_reason=found[1] if (found := _RETURN_WORD.search(text)) else None,
    )


def _german(text: str, code: str) -> Details:
    pieces = _SUBFIELD.split(text)
    subfields: dict[str, str] = {}
    for number, value in zip(pieces[1::2], pieces[2::2], strict=True):
        subfields[number] = f"{subfields[number]} {value}" if number in subfields else value
    purpose = _glue((subfields[number] for number in _PURPOSE if number in subfields), _SUBFIELD_LENGTH)
    name = _glue((subfields[number] for number in ("32", "33") if number in subfields), _SUBFIELD_LENGTH)
    posting, reason = subfields.get("00", "").strip(), subfields.get("34", "").strip()
    parts = {"code": code, "posting_text": posting, "purpose": purpose, "name": name, "bank": subfields.get("30", "").strip(), "reason": reason}
    account = subfields.get("31", "").strip()
    return Details(
        words=(posting, purpose, name),
        parts={key: value for key, value in parts.items() if value},
        end_to_end_id=_value_after(_KEYWORD, purpose, "EREF"),
        counterparty_account=account or None,
        return_reason=(reason or "unstated") if code in _RETURNS else None,
    )


def _glue(pieces: Iterable[str], full: int) -> str:
    """One text: a piece of full length goes on in the next without a space, unless it ends with one."""
    glued = "".join(piece if len(piece) >= full else f"{piece} " for piece in pieces)
    return " ".join(glued.split())


def _value_after(pattern: re.Pattern[str], text: str, word: str) -> str | None:
    """What stands between `word` and the next word of the pattern."""
    found = list(pattern.finditer(text))
    for match, end in zip(found, [*(each.start() for each in found[1:]), len(text)], strict=False):
        if match[1] == word:
            return text[match.end() : end].strip(" /") or None
    return None


def _without_number(line: str) -> str:
    """:NS: lines begin with a two-digit field number."""
    return (line[2:] if line[:2].isdigit() else line).strip()
