"""What is this file: by where it lies, and by what it says. For the door and the `ingest` command.

A folder is a promise (`psp/<psp>/<account>/`, `bank/`, `fx/`), the content is the proof: where both speak and disagree, the file is refused, so an
Adyen report dropped into Stripe's folder is not read as anything. The trap: believing the extension (`.xls` that is an xlsx, XML without any).
"""

from __future__ import annotations

import io
import re
import zipfile
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path, PurePath
from typing import Self

from transactional.vocabulary.errors import ContractBroken, Place

_CAMT = re.compile(rb"urn:iso:std:iso:20022:tech:xsd:camt\.05[234]\.")
_MT940 = re.compile(rb"(?m)^[ \t]*:(20|21|25|28C?|60[FM]?|61|62[FM]?|34F):")
_BAI2 = re.compile(rb"\A(\xef\xbb\xbf)?\s*01,[^,\r\n]*,[^,\r\n]*,\d{6},\d{0,4},")
_ECB_HEADER = re.compile(rb"\A(\xef\xbb\xbf)?Date,\s*USD\b")
_XML = re.compile(rb"\A(\xef\xbb\xbf)?\s*<(\?xml|!|[A-Za-z])")


class FileKind(StrEnum):
    """Which parser a file belongs to."""

    PSP_REPORT = "psp"
    CAMT = "camt"
    MT940 = "mt940"
    BAI2 = "bai2"
    ECB_RATES = "ecb"


LANDING_FOLDERS = ("psp", "bank", "fx")
BANK_KINDS = frozenset({FileKind.CAMT, FileKind.MT940, FileKind.BAI2})


@dataclass(frozen=True, slots=True)
class FolderHints:
    """What the folder promises. All None: it says nothing, the content decides alone."""

    folder: str = ""
    source: str | None = None
    account: str | None = None

    @classmethod
    def of(cls, path: PurePath) -> Self:
        """The promise of `.../psp/<psp>/<account>/<file>`, `.../bank/<file>` or `.../fx/<file>`."""
        parents = path.parts[:-1]
        folder = str(path.parent)
        if len(parents) >= 3 and parents[-3] == "psp":
            return cls(folder, source=parents[-2], account=parents[-1])
        if parents and parents[-1] in ("bank", "fx"):
            return cls(folder, source=parents[-1])
        return cls(folder)


def files_under(path: Path) -> list[Path]:
    """The files to land under a folder, in a fixed order; a file is itself. Hidden files never are.

    A folder with `psp/`, `bank/` or `fx/` in it is a landing folder: only those three are looked into (a world keeps its answer key beside them).
    """
    if not path.is_dir():
        return [path]
    promised = [path / name for name in LANDING_FOLDERS if (path / name).is_dir()]
    found = (file for top in promised or [path] for file in top.rglob("*"))
    return sorted(file for file in found if file.is_file() and not any(part.startswith(".") for part in file.relative_to(path).parts))


def detect(content: bytes, name: str) -> FileKind:
    """The parser for this content. Whatever nobody recognises is offered to the PSP parsers, whose refusal names the columns they know.

    Raises: ContractBroken (codes `empty_file`, `unknown_format`).
    """
    if not content.strip(b" \t\r\n\x00\xef\xbb\xbf"):
        raise ContractBroken("the file is empty; expected a PSP report, a bank statement or ECB rates", code="empty_file", place=Place(name))
    head = content[:65_536]
    if content.startswith(b"PK\x03\x04") and _is_ecb_archive(content):
        return FileKind.ECB_RATES
    if _XML.match(head) or head.startswith((b"\xff\xfe<", b"\xfe\xff\x00<")):
        if _CAMT.search(head.replace(b"\x00", b"")):
            return FileKind.CAMT
        raise ContractBroken("XML, but not camt.052, camt.053 or camt.054", code="unknown_format", place=Place(name, 1))
    if _ECB_HEADER.match(head):
        return FileKind.ECB_RATES
    if _BAI2.match(head):
        return FileKind.BAI2
    if _MT940.search(head):
        return FileKind.MT940
    return FileKind.PSP_REPORT


def check_promise(hints: FolderHints, kind: FileKind, found_source: str, name: str) -> None:
    """Refuse a file that lies in another source's folder. Raises: ContractBroken (code `wrong_source`)."""
    if hints.source is not None and hints.source != found_source:
        raise ContractBroken(
            f"lies in the folder of '{hints.source}', but its content is {kind.value} of '{found_source}'", code="wrong_source", place=Place(name)
        )


def _is_ecb_archive(content: bytes) -> bool:
    try:
        with zipfile.ZipFile(io.BytesIO(content)) as archive:
            return any(PurePath(member).name.startswith("eurofxref") for member in archive.namelist())
    except (zipfile.BadZipFile, RuntimeError, ValueError, OSError, EOFError):  # what zipfile raises for damaged, encrypted and future archives
        return False
