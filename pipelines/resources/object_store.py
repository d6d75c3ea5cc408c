"""Where do original bytes live: a folder or a bucket, behind one small protocol. For the landing door and whoever must show the evidence.

Objects are created once and never overwritten: `put_new` is a conditional create, so two processes that store the same original are both right,
and nobody replaces one. The traps: a half-written file after a crash (pipelines/resources/whole_files.py), a key that climbs
out of the store (`..`), and a check-then-write race on S3 (If-None-Match instead).
"""

from __future__ import annotations

import io
import re
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import IO, TYPE_CHECKING, Protocol, TypeVar
from urllib.parse import unquote, urlsplit

from pipelines.resources.whole_files import BEGINS_WITH, create_whole, flush_folder
from transactional.vocabulary.errors import InputRejected, InvariantBroken, Transient

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client

R = TypeVar("R")

_KEY = re.compile(r"[A-Za-z0-9_.-]+(/[A-Za-z0-9_.-]+)*")
_GONE = {"404", "NoSuchKey", "NotFound"}
_EXISTS = {"412", "PreconditionFailed", "409", "ConditionalRequestConflict"}


class ObjectStore(Protocol):
    """Bytes by key, written once. Keys are slash-separated names of letters, digits, `_`, `.` and `-`."""

    def put_new(self, key: str, content: bytes) -> bool:
        """Create the object; False, and nothing changed, when the key is taken. Durable when it returns."""

    def put_new_file(self, key: str, path: Path) -> bool:
        """As `put_new`, from a file that need not fit memory."""

    def get(self, key: str) -> bytes:
        """The object's bytes. Raises: InputRejected (code `no_such_object`)."""

    def exists(self, key: str) -> bool:
        """Whether the key is taken."""

    def keys(self, prefix: str = "") -> Iterator[str]:
        """Every key that starts with the prefix, in order."""


def original_key(sha256: str) -> str:
    """Where an original is kept: by its content, in 256 folders."""
    return f"originals/{sha256[:2]}/{sha256}"


def open_object_store(url: str, endpoint_url: str | None = None) -> ObjectStore:
    """The store at `file:///folder` or `s3://bucket/prefix`. Raises: InputRejected for any other URL."""
    parts = urlsplit(url)
    if parts.scheme == "file" and parts.netloc in ("", "localhost") and parts.path:
        return FolderStore(Path(unquote(parts.path)))
    if parts.scheme == "s3" and parts.netloc:
        return BucketStore(parts.netloc, parts.path.strip("/"), endpoint_url)
    raise InputRejected(f"expected file:///folder or s3://bucket/prefix, got '{parts.scheme}://...'", code="object_store_url")


class FolderStore:
    """Objects as files under one folder, each written whole or not at all."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def put_new(self, key: str, content: bytes) -> bool:
        return self._put(key, io.BytesIO(content))

    def put_new_file(self, key: str, path: Path) -> bool:
        with path.open("rb") as source:
            return self._put(key, source)

    def _put(self, key: str, source: IO[bytes]) -> bool:
        target = self._path(key)
        if target.exists():
            return False
        try:
            target.parent.mkdir(parents=True, exist_ok=True)
            is_new = create_whole(target, source)
            if is_new:
                _flush_folders(target.parent, self.folder)
        except OSError as error:  # the disk is full, or failing: nothing of it is under the key
            raise Transient(f"storing '{key}': {error.strerror}", code="object_store") from error
        return is_new

    def get(self, key: str) -> bytes:
        try:
            return self._path(key).read_bytes()
        except FileNotFoundError as error:
            raise InputRejected(f"no object '{key}'", code="no_such_object") from error

    def exists(self, key: str) -> bool:
        return self._path(key).is_file()

    def keys(self, prefix: str = "") -> Iterator[str]:
        found = (
            path.relative_to(self.folder).as_posix() for path in self.folder.rglob("*") if path.is_file() and not path.name.startswith(BEGINS_WITH)
        )
        yield from sorted(key for key in found if key.startswith(prefix))

    def _path(self, key: str) -> Path:
        return self.folder / _checked(key)


class BucketStore:
    """Objects in S3 (or what speaks its language at `endpoint_url`), created with If-None-Match."""

    def __init__(self, bucket: str, prefix: str = "", endpoint_url: str | None = None, client: S3Client | None = None) -> None:
        self._bucket = bucket
        self._prefix = f"{prefix}/" if prefix else ""
        self._endpoint_url = endpoint_url
        self._made_client = client

    def put_new(self, key: str, content: bytes) -> bool:
        return self._put(key, content)

    def put_new_file(self, key: str, path: Path) -> bool:
        with path.open("rb") as source:
            return self._put(key, source)

    def _put(self, key: str, body: bytes | IO[bytes]) -> bool:
        def put() -> bool:
            self._client().put_object(Bucket=self._bucket, Key=self._key(key), Body=body, IfNoneMatch="*")
            return True

        return _ask(f"storing '{key}'", put, otherwise=_EXISTS) or False

    def get(self, key: str) -> bytes:
        def read() -> bytes:
            return self._client().get_object(Bucket=self._bucket, Key=self._key(key))["Body"].read()

        content = _ask(f"reading '{key}'", read, otherwise=_GONE)
        if content is None:
            raise InputRejected(f"no object '{key}'", code="no_such_object")
        return content

    def exists(self, key: str) -> bool:
        return _ask(f"looking for '{key}'", lambda: self._client().head_object(Bucket=self._bucket, Key=self._key(key)), otherwise=_GONE) is not None

    def keys(self, prefix: str = "") -> Iterator[str]:
        pages = self._client().get_paginator("list_objects_v2").paginate(Bucket=self._bucket, Prefix=self._prefix + prefix)
        for page in pages:
            for item in page.get("Contents", []):
                yield item["Key"].removeprefix(self._prefix)

    def _key(self, key: str) -> str:
        return self._prefix + _checked(key)

    def _client(self) -> S3Client:
        if self._made_client is None:
            import boto3

            self._made_client = boto3.client("s3", endpoint_url=self._endpoint_url)
        return self._made_client


def _ask(attempt: str, action: Callable[[], R], *, otherwise: set[str]) -> R | None:
    """What the store answers; None for the answers in `otherwise`; anything else that goes wrong may pass: Transient."""
    from botocore.exceptions import BotoCoreError, ClientError

    try:
        return action()
    except ClientError as error:
        code = str(error.response.get("Error", {}).get("Code", ""))
        if code in otherwise:
            return None
        raise Transient(f"{attempt}: the object store answered {code}", code="object_store") from error
    except BotoCoreError as error:
        raise Transient(f"{attempt}: the object store cannot be reached", code="object_store") from error


def _checked(key: str) -> str:
    if not _KEY.fullmatch(key) or ".." in key.split("/") or "." in key.split("/"):
        raise InvariantBroken(f"'{key[:80]}' is not an object key")
    return key


def _flush_folders(folder: Path, top: Path) -> None:
    """Make new directory entries durable, up to the store's own folder."""
    for each in (folder, *folder.parents):
        flush_folder(each)
        if each == top:
            return
