"""Which breaks are there, and how far is the work on each: the published threads, and what was done since they were. For `countroom breaks`.

The trap: a list that shows yesterday's state of something you assigned a minute ago. The threads are those of the last run; the work is read from the
service's own facts. Units: minor units of the currency beside them.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal, InvalidOperation
from typing import Any

import polars as pl

from pipelines.resources.warehouse import Warehouse
from pipelines.standing.state import nothing_published
from transactional.reconciliation.work import NO_WORK, Work, shown_state
from transactional.vocabulary.errors import InputRejected, Refused

_KNOWN = "select to_regclass('reconciliation.fct_break_threads') is not null as known"
_THREADS = """
select threads.thread_id, threads.break_id, threads.break_class, threads.psp, threads.account, threads.currency, threads.amount_minor,
    threads.reporting_currency, threads.reporting_minor, threads.item_count, threads.is_open, threads.first_seen_at, threads.last_seen_at,
    threads.due_at, threads.healed_at, threads.ended_how, threads.healed_by, threads.healed_by_lines, threads.merged_into,
    breaks.age_days, breaks.explanation, breaks.batch_id, breaks.member_count
from reconciliation.fct_break_threads as threads
left join reconciliation.fct_breaks as breaks on breaks.thread_id = threads.thread_id
order by threads.is_open desc, threads.due_at, threads.thread_id
"""
_ITEMS = """
select items.item_key, items.source, items.currency, items.amount_minor, items.booked_on, items.file_name, items.line_no
from derived.reconciliation__thread_members as members
inner join intermediate.int_reconciliation__items as items on items.item_key = members.item_key
where members.thread_id = $1 order by items.source, items.item_key
"""
_EXPONENTS = "select distinct on (currency) currency, exponent from core.dim_currency order by currency, valid_from desc"


@dataclass(frozen=True, slots=True)
class Choice:
    """Which threads are meant. `above` is in major units of each break's own currency; `older_than` days since the money moved."""

    threads: tuple[str, ...] = ()
    psp: str | None = None
    break_class: str | None = None
    currency: str | None = None
    older_than: int | None = None
    above: str | None = None
    owner: str | None = None
    state: str | None = None

    @property
    def says_nothing(self) -> bool:
        return self == Choice()


@dataclass(frozen=True, slots=True)
class Shelf:
    """The threads as the last run published them, and the decimals of currencies."""

    threads: pl.DataFrame
    exponents: Mapping[str, int]


def read_shelf(warehouse: Warehouse) -> Shelf:
    """Raises: Refused (`nothing_published`) before the first run."""
    if not warehouse.read(_KNOWN)["known"][0]:
        raise nothing_published()
    return Shelf(warehouse.read(_THREADS), dict(warehouse.read(_EXPONENTS).iter_rows()))


def items_of(warehouse: Warehouse, thread_id: str) -> list[dict[str, Any]]:
    """The items of one thread, with file and line."""
    return warehouse.read(_ITEMS, [thread_id]).to_dicts()


def chosen(shelf: Shelf, choice: Choice, *, also_ended: bool = False) -> pl.DataFrame:
    """The threads that a choice means, those named first of all.

    Raises: Refused (`not_found`) for a name nobody published; InputRejected for an amount that is none.
    """
    threads = shelf.threads
    if choice.threads:
        named = threads.filter(pl.col("thread_id").is_in(choice.threads) | pl.col("break_id").is_in(choice.threads))
        known = {*named["thread_id"], *named["break_id"]}
        if missing := [name for name in choice.threads if name not in known]:
            raise Refused(f"no such break: {', '.join(missing)} (countroom breaks list)", code="not_found")
        threads = named
    elif not also_ended:
        threads = threads.filter("is_open")
    for column, wanted in (("psp", choice.psp), ("break_class", choice.break_class), ("currency", choice.currency)):
        if wanted is not None:
            threads = threads.filter(pl.col(column) == wanted)
    if choice.older_than is not None:
        threads = threads.filter(pl.col("age_days") > choice.older_than)
    if choice.above is not None:
        threads = threads.filter(pl.Series(list(_above(shelf, threads, choice.above)), dtype=pl.Boolean))
    return threads


def _above(shelf: Shelf, threads: pl.DataFrame, text: str) -> Iterator[bool]:
    try:
        bound = Decimal(text)
    except InvalidOperation:
        raise InputRejected(f"--above takes an amount in major units, as 100 or 99.50, not '{text[:40]}'", code="not_a_number") from None
    for minor, currency in threads.select("amount_minor", "currency").iter_rows():
        yield abs(minor) > bound.scaleb(shelf.exponents.get(currency, 2))


def told(threads: pl.DataFrame, works: Mapping[str, Work], now: datetime) -> list[dict[str, Any]]:
    """Each thread with the work on it, as it stands this moment."""
    return [_told(row, works.get(row["thread_id"], NO_WORK), now) for row in threads.iter_rows(named=True)]


def _told(row: dict[str, Any], work: Work, now: datetime) -> dict[str, Any]:
    state = shown_state(work.state, is_open=row["is_open"])
    is_overdue = bool(row["is_open"] and not work.entry_id and row["due_at"] and row["due_at"] < now)
    mine = {"state": state, "owner": work.owner, "root_cause": work.root_cause, "is_overdue": is_overdue}
    counts = {"note_count": work.note_count, "evidence_count": work.evidence_count}
    return row | mine | counts | {"adjustment_entry_id": work.entry_id and str(work.entry_id)}
