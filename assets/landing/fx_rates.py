"""The ECB's euro reference rates: daily file, 90 days or the whole history since 1999, CSV or zip. For the door.

The traps: the comma at the end of every line (one more empty column), `N/A` for currencies that were not quoted, the daily file's own way to write a
date, and a history that arrives every day and would land a hundred times: only new or changed quotations land.

Source: https://www.ecb.europa.eu/stats/policy_and_exchange_rates/euro_reference_exchange_rates (eurofxref.zip, eurofxref-hist.zip).
"""

from __future__ import annotations

import hashlib
import io
import re
import zipfile
import zlib
from dataclasses import replace
from datetime import date, datetime
from typing import Any

import polars as pl
import psycopg

from assets.landing.bounds import check_statement_lines
from assets.landing.parsed import CONTENT_LIMIT, LandingFrame, ParsedFile, RejectedRow
from assets.landing.tables import FX_RATES
from transactional.vocabulary.errors import ContractBroken, Place

_LARGEST_UNPACKED = 64 * 1024 * 1024  # the history since 1999 is 2 MB
_MOST_CURRENCIES, _MOST_DAYS = 300, 20_000
_RATE = r"^\d{1,12}(\.\d{1,12})?$"
_CODE = re.compile(r"[A-Z]{3}")


def parse_ecb(content: bytes, name: str) -> ParsedFile:
    """Every quotation of the file. Grain: one row per day and currency; `line_no` is the running number of the quotation in the file.

    Shape: raw.fx__rates. Raises: ContractBroken (`bad_archive`, `bad_header` and those of check_statement_lines) naming the file.
    """
    unpacked = _unpacked(content, name)
    check_statement_lines(unpacked, name)
    text = unpacked.decode("utf-8-sig", "replace")
    lines = [line for line in enumerate(text.splitlines(), 1) if line[1].strip()]
    header = [cell.strip() for cell in lines[0][1].split(",")] if lines else []
    currencies = header[1:-1] if header and header[-1] == "" else header[1:]
    known = bool(currencies) and all(_CODE.fullmatch(code) for code in currencies) and len(set(currencies)) == len(currencies) <= _MOST_CURRENCIES
    if not header or header[0] != "Date" or not known:
        raise ContractBroken("expected the header Date, USD, JPY, ...: a date and currency codes, each once", code="bad_header", place=Place(name, 1))
    if len(lines) > _MOST_DAYS + 1:
        raise ContractBroken(f"more than {_MOST_DAYS:,} days; the history since 1999 has 7,000", code="too_many_lines", place=Place(name))
    quotes: list[tuple[int, date, str, str]] = []
    rejected: list[RejectedRow] = []
    for number, line in lines[1:]:
        problem = _read_day(number, line, currencies, quotes)
        if problem is not None:
            rejected.append(problem)
    return ParsedFile("fx", "ecb_reference_rates", None, (LandingFrame(FX_RATES, _frame(quotes)),), tuple(rejected))


def only_news(connection: psycopg.Connection[Any], parsed: ParsedFile) -> ParsedFile:
    """The file without the quotations that are known with the same rate. Inside the door's transaction; two files take turns."""
    (frame,) = parsed.frames
    connection.execute("select pg_advisory_xact_lock(hashtextextended('fx__rates', 20261125))")
    if frame.rows.is_empty():
        return parsed
    known = connection.execute(
        """select distinct on (provider, rate_date, base_currency, currency) rate_date, currency, rate::text
           from raw.fx__rates where provider = 'ecb' and rate_date between %s and %s
           order by provider, rate_date, base_currency, currency, _loaded_at desc, _file_version desc""",
        [frame.rows["rate_date"].min(), frame.rows["rate_date"].max()],
    ).fetchall()
    seen = pl.DataFrame(known, schema={"rate_date": pl.Date, "currency": pl.String, "rate": pl.String}, orient="row")
    same = ["rate_date", "currency", "plain"]
    news = frame.rows.with_columns(_plain()).join(seen.with_columns(_plain()), on=same, how="anti").drop("plain")
    return replace(parsed, frames=(LandingFrame(FX_RATES, news),))


def _plain() -> pl.Expr:
    """The rate without zeros that say nothing: the daily file prints 366.90 what the history prints as 366.9."""
    return (
        pl.when(pl.col("rate").str.contains(".", literal=True))
        .then(pl.col("rate").str.strip_chars_end("0").str.strip_chars_end("."))
        .otherwise("rate")
        .alias("plain")
    )


def _read_day(number: int, line: str, currencies: list[str], quotes: list[tuple[int, date, str, str]]) -> RejectedRow | None:
    """Add a day's quotations; a day with one unusable cell is refused whole, so that no day is half there."""
    cells = [cell.strip() for cell in line.split(",")]
    if len(cells) not in (len(currencies) + 1, len(currencies) + 2):
        return _refusal(number, None, "cell_count", f"{len(cells)} cells; expected {len(currencies) + 1} and a comma at the end", line)
    day = _day(cells[0])
    if day is None:
        return _refusal(number, "Date", "impossible_date", f"'{cells[0][:20]}' is no date; expected YYYY-MM-DD or 13 April 2026", line)
    quoted = [(code, cell) for code, cell in zip(currencies, cells[1:], strict=False) if cell not in ("N/A", "")]
    for code, cell in quoted:
        if not re.match(_RATE, cell, re.ASCII) or not cell.strip("0."):
            return _refusal(number, code, "not_a_rate", f"'{cell[:20]}' is no rate; expected a positive decimal or N/A", line)
    quotes.extend((number, day, code, cell) for code, cell in quoted)
    return None


def _frame(quotes: list[tuple[int, date, str, str]]) -> pl.DataFrame:
    rows = pl.DataFrame(quotes, schema={"line": pl.Int32, "rate_date": pl.Date, "currency": pl.String, "rate": pl.String}, orient="row")
    hashes = [hashlib.sha256(f"{day}\x1f{code}\x1f{rate}".encode()).hexdigest()[:32] for _, day, code, rate in quotes]
    return rows.select(
        pl.lit("ecb").alias("provider"),
        "rate_date",
        pl.lit("EUR").alias("base_currency"),
        "currency",
        "rate",
        pl.int_range(1, pl.len() + 1, dtype=pl.Int32).alias("line_no"),
        pl.Series("row_hash", hashes, dtype=pl.String),
    )


def _unpacked(content: bytes, name: str) -> bytes:
    """The one CSV of a zip, or the content itself. Never more than 64 MB, whatever the archive claims."""
    if not content.startswith(b"PK\x03\x04"):
        return content
    try:
        with zipfile.ZipFile(io.BytesIO(content)) as archive:
            members = [member for member in archive.namelist() if member.endswith(".csv")]
            if len(members) != 1:
                raise ContractBroken(f"{len(members)} CSV files in the archive; expected one", code="bad_archive", place=Place(name))
            with archive.open(members[0]) as file:
                unpacked = file.read(_LARGEST_UNPACKED + 1)
    except (zipfile.BadZipFile, zlib.error, RuntimeError, ValueError, OSError, EOFError) as error:
        raise ContractBroken("a damaged or encrypted archive", code="bad_archive", place=Place(name)) from error
    if len(unpacked) > _LARGEST_UNPACKED:
        raise ContractBroken("unpacks to more than 64 MB; the ECB's history is 2", code="bad_archive", place=Place(name))
    return unpacked


def _day(text: str) -> date | None:
    for layout in ("%Y-%m-%d", "%d %B %Y"):
        try:
            return datetime.strptime(text, layout).date()  # noqa: DTZ007 - a civil date
        except ValueError:
            continue
    return None


def _refusal(line: int, column: str | None, code: str, expected: str, content: str) -> RejectedRow:
    return RejectedRow(line, column, code, expected, content[:CONTENT_LIMIT])
