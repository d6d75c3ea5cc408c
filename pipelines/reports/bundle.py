"""What does an auditor take away of a day, and is it still what was written: one zip with a manifest. For `countroom report --bundle` and `audit`.

The same report, files and run give the same bytes: members in a fixed order with one fixed time, and stored, because the next version of a compressor
writes other bytes. The traps: a zip whose manifest is right and which holds one file more (every member is in the manifest or it is wrong), a name that
climbs out of the folder it is unpacked into, and a member that unpacks to more than fits memory (read in pieces, and only as much as it says).
What a bundle claims is its own word; that a day was signed so is the house's, so its checksum is held against the close (`signed_differences`).
"""

from __future__ import annotations

import hashlib
import json
import re
import zipfile
import zlib
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Any, Protocol

from transactional.vocabulary.errors import InputRejected

FORMAT = "countroom evidence bundle 1"
MANIFEST = "manifest.json"
FILES = "files.json"
STANDING = "standing.json"
"""The day as its canonical document: for a day as it was signed, the very bytes whose sha256 the two people signed."""

_EPOCH = (1980, 1, 1, 0, 0, 0)  # the earliest a zip knows
_PIECE = 1 << 20
_LARGEST_MANIFEST = 16 << 20
_NAME = re.compile(r"[A-Za-z0-9_-][A-Za-z0-9_.-]{0,199}")
_HOW = (
    "Each member's sha256 and size are listed here, and there is no other member. Check with `countroom audit verify FILE`, or with any tool: "
    "`unzip FILE; sha256sum *`. standing.json is the day as its close froze it: its sha256 is `close.checksum` when the day was signed. "
    "files.json names every input file with its sha256."
)


class _Hash(Protocol):
    def update(self, data: bytes, /) -> None: ...

    def hexdigest(self) -> str: ...


@dataclass(frozen=True, slots=True)
class Difference:
    """One thing that is not as the manifest says. `what`: altered, missing, extra, repeated, unreadable, unsigned, unknown."""

    member: str
    what: str
    told: str

    def __str__(self) -> str:
        return f"{self.member}: {self.what}, {self.told}"


def write_bundle(target: Path, facts: Mapping[str, Any], members: Iterable[tuple[str, bytes]]) -> str:
    """Write members (name, content) and, last, the manifest with `facts`; one member is held at a time. Returns the file's sha256.

    Raises: InputRejected (`member_name`) for a name that is not a plain file name, or twice the same.
    """
    listed: list[dict[str, object]] = []
    with zipfile.ZipFile(target, "w", zipfile.ZIP_STORED) as bundle:
        for name, content in members:
            if not _NAME.fullmatch(name) or name == MANIFEST or any(each["name"] == name for each in listed):
                raise InputRejected(f"'{name[:80]}' cannot be a member of a bundle", code="member_name")
            bundle.writestr(_entry(name), content)
            listed.append({"name": name, "sha256": hashlib.sha256(content).hexdigest(), "size_bytes": len(content)})
        manifest = {"format": FORMAT, **facts, "members": listed, "how_to_verify": _HOW}
        bundle.writestr(_entry(MANIFEST), as_json(manifest))
    return file_sha256(target)


def as_json(value: object) -> bytes:
    """A document that is the same for the same value: names sorted, one final line end."""
    return json.dumps(value, ensure_ascii=False, sort_keys=True, indent=1, default=str).encode() + b"\n"


def file_sha256(path: Path) -> str:
    """The sha256 of a file, read in pieces. Raises: InputRejected (`no_such_path`)."""
    try:
        with path.open("rb") as file:
            return _hashed(file)[0]
    except OSError as error:
        raise InputRejected(f"{path}: cannot be read", code="no_such_path") from error


def manifest_sha256(path: Path) -> str:
    """The hash of a bundle's manifest: with it, every member is fixed. The bundle is one that `write_bundle` wrote."""
    with zipfile.ZipFile(path) as bundle, bundle.open(MANIFEST) as file:
        return _hashed(file)[0]


def read_manifest(path: Path) -> dict[str, Any]:
    """The manifest of a bundle. Raises: InputRejected (`no_bundle`) when the file is none."""
    try:
        with zipfile.ZipFile(path) as bundle, bundle.open(MANIFEST) as file:
            manifest = json.loads(file.read(_LARGEST_MANIFEST))
        if manifest["format"] != FORMAT:
            raise ValueError(manifest["format"])
        _ = [(each["name"], each["sha256"], each["size_bytes"]) for each in manifest["members"]]
    except (OSError, zipfile.BadZipFile, zlib.error, KeyError, TypeError, ValueError, RuntimeError, NotImplementedError) as error:
        raise InputRejected(f"{path}: this is no evidence bundle that this version reads", code="no_bundle") from error
    else:
        return dict(manifest)


def differences(path: Path) -> Iterator[Difference]:
    """What of a bundle is not as its manifest says, member by member, in memory of a piece. Raises: as `read_manifest`."""
    expected = {each["name"]: each for each in read_manifest(path)["members"]}
    with zipfile.ZipFile(path) as bundle:
        found = [entry.filename for entry in bundle.infolist() if entry.filename != MANIFEST]
        for name in sorted(set(found) - set(expected)):
            yield Difference(name, "extra", "the manifest does not list it")
        for name in sorted({name for name in bundle.namelist() if bundle.namelist().count(name) > 1}):
            yield Difference(name, "repeated", "two members have this name")
        for name, told in expected.items():
            if name not in found:
                yield Difference(name, "missing", "the manifest lists it")
                continue
            yield from _compared(bundle, name, told)


def signed_differences(path: Path, checksum: str | None) -> Iterator[Difference]:
    """Whether the day in a bundle is the one that was signed: `checksum` is what the house's close froze, None when it knows no such close."""
    if checksum is None:
        yield Difference(STANDING, "unsigned", "no close of this house has that id")
        return
    members = {each["name"]: each["sha256"] for each in read_manifest(path)["members"]}
    if members.get(STANDING) != checksum:
        yield Difference(STANDING, "altered", f"the close froze {checksum}, the bundle has {members.get(STANDING)}")


def original_differences(path: Path, original: Callable[[str], bytes | None]) -> Iterator[Difference]:
    """Whether the input files are still what the bundle says; `original` gives the bytes under a key, None where there are none."""
    with zipfile.ZipFile(path) as bundle:
        files = json.loads(bundle.read(FILES))
    for file in files:
        name, content = f"{file['name']} version {file['version']}", original(str(file["object_key"]))
        if content is None:
            yield Difference(name, "missing", f"no original is kept as {file['object_key']}")
        elif (sha256 := hashlib.sha256(content).hexdigest()) != file["sha256"]:
            yield Difference(name, "altered", f"sha256 was {file['sha256']}, is {sha256}")


def _compared(bundle: zipfile.ZipFile, name: str, told: Mapping[str, Any]) -> Iterator[Difference]:
    try:
        with bundle.open(name) as file:
            sha256, size = _hashed(file, limit=int(told["size_bytes"]))
    except (zipfile.BadZipFile, zlib.error, EOFError, RuntimeError, NotImplementedError, OSError) as error:
        yield Difference(name, "unreadable", str(error))
        return
    if size != told["size_bytes"]:
        yield Difference(name, "altered", f"{told['size_bytes']} bytes were written, {'more' if size > told['size_bytes'] else size} are there")
    elif sha256 != told["sha256"]:
        yield Difference(name, "altered", f"sha256 was {told['sha256']}, is {sha256}")


def _hashed(file: IO[bytes], limit: int | None = None) -> tuple[str, int]:
    """Sha256 and size; reading ends one byte beyond the limit."""
    digest: _Hash = hashlib.sha256()
    size = 0
    while piece := file.read(_PIECE):
        digest.update(piece)
        size += len(piece)
        if limit is not None and size > limit:
            break
    return digest.hexdigest(), size


def _entry(name: str) -> zipfile.ZipInfo:
    entry = zipfile.ZipInfo(name, _EPOCH)
    entry.create_system = 3  # the same bytes wherever it was written
    entry.external_attr = 0o644 << 16
    return entry
