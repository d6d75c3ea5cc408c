"""Which break of today is the one somebody wrote a note on yesterday? Pure; for the engine's asset, whose break ids change with their members.

A thread is the life of one problem over runs; its id is the break it was first seen as. A break continues the open thread whose last break it is, else the
open thread with which it shares most items (then the oldest, then by id), else a closed one found the same way, else it opens one. Each thread goes on as
one break at most, and each item belongs to one thread at most: a break that splits leaves its thread with the larger part, a break that swallows another
closes that thread as merged. A thread none of whose items is in a break has ended; it opens again when they break again.

The traps: a note orphaned because one line more came into the break, a break that vanished without a word about why, and a thread opened for
everything that merely waits: only a break that counts opens one.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import polars as pl

from assets.reconciliation.tables import BREAK_THREADS, THREAD_MEMBERS
from pipelines.resources.frames import polars_schema
from transactional.vocabulary.ids import stable_key

_OF_THE_BREAK = ("break_id", "break_class", "psp", "account", "currency", "amount_minor", "batch_id")
_ENDED: Mapping[str, object] = {"healed_at": None, "ended_how": None, "healed_by": None, "healed_by_lines": None, "merged_into": None}
Row = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Threads:
    """Shape: BREAK_THREADS and THREAD_MEMBERS. A thread that ended in this run has no healed_by yet: see healing.py."""

    threads: pl.DataFrame
    members: pl.DataFrame


def no_threads() -> Threads:
    """Before the first run."""
    return Threads(pl.DataFrame(schema=polars_schema(BREAK_THREADS)), pl.DataFrame(schema=polars_schema(THREAD_MEMBERS)))


def follow(previous: Threads, breaks: pl.DataFrame, dispositions: pl.DataFrame, as_of: datetime, run_id: str, reporting_currency: str) -> Threads:
    """The threads after a run. Shape: BREAKS and MEMBERS of the run → Threads. Same input, same result, whatever the order of rows."""
    known = {row["thread_id"]: row for row in previous.threads.iter_rows(named=True)}
    found = {row["break_id"]: row for row in breaks.iter_rows(named=True)}
    broken = dispositions.filter(pl.col("break_id").is_not_null()).select("item_key", "break_id")
    continued = _continued(known, found, broken.join(previous.members, on="item_key"))
    opened = {name: _new_id(name, known) for name, row in found.items() if name not in continued and row["counts_as_break"]}
    thread_of = continued | opened
    now_in = pl.DataFrame(
        {"break_id": list(thread_of), "thread_id": list(thread_of.values())}, schema={"break_id": pl.String, "thread_id": pl.String}
    )
    members = _members(previous.members, broken.join(now_in, on="break_id").select("thread_id", "item_key"))
    absorbed = _absorbed(previous.members, members)
    seen: Row = {"last_seen_at": as_of, "is_open": True, "run_id": run_id, **_ENDED}
    rows: list[Row] = []
    for name, thread in sorted(thread_of.items(), key=lambda pair: pair[1]):
        fresh: Row = {"thread_id": thread, "first_seen_at": as_of, "reporting_currency": reporting_currency, "reporting_minor": None}
        rows.append(known.get(thread, fresh) | {column: found[name][column] for column in _OF_THE_BREAK} | seen)
    rows += [_ended(row, absorbed.get(thread), as_of, run_id) for thread, row in known.items() if thread not in set(thread_of.values())]
    threads = pl.DataFrame(sorted(rows, key=lambda row: row["thread_id"]), schema=polars_schema(BREAK_THREADS))
    return Threads(threads, members)


def _continued(known: Mapping[str, Row], found: Mapping[str, Row], shared: pl.DataFrame) -> dict[str, str]:
    """Break to thread, one to one: the thread's own last break first, then by the items they share."""
    taken: dict[str, str] = {}
    free = set(known)
    pairs = [*_same_break(known, found), *_by_items(known, shared)]
    # an open thread that holds the items goes before a closed one whose last break this once was: it may have been merged into the other
    for name, thread in sorted(pairs, key=lambda pair: not known[pair[1]]["is_open"]):
        if name not in taken and thread in free:
            taken[name] = thread
            free.remove(thread)
    return taken


def _same_break(known: Mapping[str, Row], found: Mapping[str, Row]) -> Iterator[tuple[str, str]]:
    ordered = sorted(known.values(), key=lambda row: (not row["is_open"], row["first_seen_at"], row["thread_id"]))
    yield from ((row["break_id"], row["thread_id"]) for row in ordered if row["break_id"] in found)


def _by_items(known: Mapping[str, Row], shared: pl.DataFrame) -> list[tuple[str, str]]:
    counted = shared.group_by("break_id", "thread_id").len().rows()

    def rank(pair: tuple[str, str, int]) -> tuple[Any, ...]:
        name, thread, count = pair
        return not known[thread]["is_open"], -count, known[thread]["first_seen_at"], thread, name

    return [(name, thread) for name, thread, _ in sorted((pair for pair in counted if pair[1] in known), key=rank)]


def _new_id(name: str, known: Mapping[str, Row]) -> str:
    """The break's own id; when a thread that has gone another way bears it already, the next that is free."""
    thread, number = name, 1
    while thread in known:
        number += 1
        thread = f"brk_{stable_key(name, number)}"
    return thread


def _members(before: pl.DataFrame, now: pl.DataFrame) -> pl.DataFrame:
    """Items in a break belong to its thread; the others stay where they last were."""
    return pl.concat([before.join(now, on="item_key", how="anti"), now]).sort("item_key")


def _absorbed(before: pl.DataFrame, now: pl.DataFrame) -> dict[str, str]:
    """Thread to the thread that took an item from it (the first by id)."""
    moved = before.join(now, on="item_key", suffix="_now").filter(pl.col("thread_id") != pl.col("thread_id_now"))
    return dict(moved.group_by("thread_id").agg(pl.col("thread_id_now").min()).rows())


def _ended(row: Row, absorbed_by: str | None, as_of: datetime, run_id: str) -> Row:
    """A thread that no break continues: as it was if it had ended before."""
    if not row["is_open"]:
        return row
    ending = {
        "is_open": False,
        "healed_at": as_of,
        "run_id": run_id,
        "ended_how": "merged" if absorbed_by else "withdrawn",
        "merged_into": absorbed_by,
    }
    return row | ending
