"""A scorecard as two files, rows in Parquet and a manifest in JSON: for a router without a network, for replay, for DuckDB.

Pure: bytes in and out; whoever writes them writes the rows first and the manifest last, each whole or not at all. Reading computes the content's hash anew
from the Parquet rows, so that a card that was replayed is the card that routed.
"""

from __future__ import annotations

import io

import orjson
import polars as pl

from transactional.payments.scorecards.columns import COLUMNS, NAMES, Kind
from transactional.payments.scorecards.document import Document, Manifest, content, content_hash, manifest_of, manifest_values
from transactional.payments.scorecards.rows import row_of
from transactional.vocabulary.errors import ContractBroken

_TYPES = {
    Kind.COUNT: pl.Int64(),
    Kind.MINOR: pl.Int64(),
    Kind.RATE: pl.Float64(),
    Kind.BPS: pl.Float64(),
    Kind.CODES: pl.List(pl.String()),
}
_SCHEMA = {column.name: _TYPES.get(column.kind, pl.String()) for column in COLUMNS}


def file_names(version: int) -> tuple[str, str]:
    """Names of rows and manifest; they sort as versions do."""
    return f"scorecard-{version:010}.parquet", f"scorecard-{version:010}.manifest.json"


def as_files(document: Document) -> tuple[bytes, bytes]:
    """Rows and manifest of a document."""
    rows = pl.DataFrame([[getattr(row, name) for name in NAMES] for row in document.rows], schema=_SCHEMA, orient="row")
    buffer = io.BytesIO()
    rows.write_parquet(buffer, compression="zstd")
    named = {**manifest_values(document.manifest), "rows_file": file_names(document.manifest.version)[0]}
    return buffer.getvalue(), orjson.dumps(named, option=orjson.OPT_SORT_KEYS | orjson.OPT_INDENT_2)


def from_files(rows: bytes, manifest: bytes) -> Document:
    """The document of two files. Raises: ContractBroken (`unreadable`; `content_hash` when the rows are not those the manifest names)."""
    try:
        stated: Manifest = manifest_of(orjson.loads(manifest))
        read = tuple(row_of(values) for values in pl.read_parquet(io.BytesIO(rows)).select(NAMES).iter_rows())
    except ContractBroken:
        raise
    except (orjson.JSONDecodeError, KeyError, TypeError, ValueError, pl.exceptions.PolarsError) as error:
        raise ContractBroken(f"these are no files of a scorecard ({type(error).__name__})", code="unreadable") from error
    if content_hash(content(read)) != stated.content_sha256:
        raise ContractBroken(f"scorecard {stated.version}: the rows are not those its manifest names", code="content_hash")
    return Document(stated, read)
