"""Is a thread the same through all runs in which it shares items, does it end exactly when none of its items is broken, and does it say by which line."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import polars as pl
from hypothesis import example, given
from hypothesis import strategies as st

from assets.reconciliation.healing import told_by_lines, with_reporting_amounts
from assets.reconciliation.tables import BREAK_THREADS, BREAKS, ITEMS, MEMBERS, THREAD_MEMBERS
from assets.reconciliation.threads import Threads, follow, no_threads
from pipelines.resources.frames import conform, polars_schema
from transactional.vocabulary.ids import stable_key

START = datetime(2026, 1, 5, tzinfo=UTC)
Run = dict[str, str]  # item to the name of its break, group (g...), or "ignored"


def break_id(run: Run, name: str) -> str:
    return "brk_" + stable_key(name[0], *sorted(item for item, where in run.items() if where == name))


def frames(run: Run, bare: tuple[str, ...] = ()) -> tuple[pl.DataFrame, pl.DataFrame]:
    """BREAKS and MEMBERS. A break's class is the first letter of its name: w waits (timing_open)."""
    names = sorted({name for name in run.values() if name[0] in "abw"})
    rows = [(break_id(run, name), "timing_open" if name[0] == "w" else "amount", name[0] != "w") for name in names]
    rows += [("brk_" + stable_key(name), "batch_gap", True) for name in bare]
    common = {"psp": "adyen", "account": "EU", "currency": "EUR", "amount_minor": 100, "batch_id": "7"}
    breaks = pl.DataFrame(
        [{"break_id": i, "break_class": c, "counts_as_break": b, **common} for i, c, b in rows] or None, schema=polars_schema(BREAKS)
    )
    members = [
        {"item_key": item, "break_id": break_id(run, name) if name[0] in "abw" else None, "group_id": name if name[0] == "g" else None}
        for item, name in sorted(run.items())
    ]
    return breaks, pl.DataFrame(members or None, schema=polars_schema(MEMBERS))


def step(before: Threads, run: Run, number: int, bare: tuple[str, ...] = ()) -> Threads:
    breaks, dispositions = frames(run, bare)
    after = follow(before, breaks, dispositions, START + timedelta(days=number), f"run{number}", "EUR")
    conform(BREAK_THREADS, after.threads)
    conform(THREAD_MEMBERS, after.members)
    return after


def open_of(threads: Threads) -> list[str]:
    return threads.threads.filter("is_open")["thread_id"].to_list()


RUNS = st.lists(st.dictionaries(st.sampled_from("123456"), st.sampled_from(["a1", "a2", "b1", "b2", "w1", "g1", "ignored"])), min_size=1, max_size=6)


@given(RUNS)
def test_no_item_of_a_counting_break_is_without_a_thread_and_a_thread_is_open_iff_an_item_of_it_is_broken(runs: list[Run]) -> None:
    threads = no_threads()
    for number, run in enumerate(runs):
        before, threads = threads, step(threads, run, number)
        rows = {row["thread_id"]: row for row in threads.threads.iter_rows(named=True)}
        thread_of = dict(threads.members.select("item_key", "thread_id").iter_rows())
        broken = {item for item, name in run.items() if name[0] in "abw"}
        assert {item for item, name in run.items() if name[0] in "ab"} <= set(thread_of)
        for thread, row in rows.items():
            assert row["is_open"] == any(thread_of.get(item) == thread for item in broken)
            assert row["is_open"] == (row["ended_how"] is None) == (row["healed_at"] is None)
        assert set(before.threads["thread_id"]) <= set(rows)  # nobody's note is orphaned
        assert sorted(row["break_id"] for row in rows.values() if row["is_open"]) == sorted(
            {row["break_id"] for row in rows.values() if row["is_open"]}
        )


@given(RUNS)
@example([{"1": "a1", "2": "a2"}, {"1": "a1", "2": "a1"}, {"1": "a1"}])  # merged, then it is again what the absorbed thread once was
def test_a_thread_keeps_its_id_while_it_shares_items(runs: list[Run]) -> None:
    """A break all of whose items were in one open thread, and no other break took from it, is that thread."""
    threads = no_threads()
    for number, run in enumerate(runs):
        before, threads = threads, step(threads, run, number)
        was = dict(before.members.join(before.threads.filter("is_open"), on="thread_id", how="semi").select("item_key", "thread_id").iter_rows())
        now = dict(threads.members.select("item_key", "thread_id").iter_rows())
        for name in {name for name in run.values() if name[0] in "ab"}:
            mine = [item for item, where in run.items() if where == name]
            owners = {was.get(item) for item in mine}
            rivals = {was.get(item) for item, where in run.items() if where != name and where[0] in "abw"}
            if len(owners) == 1 and None not in owners and not owners & rivals:
                assert {now[item] for item in mine} == owners


@given(RUNS, st.randoms())
def test_the_order_of_rows_changes_nothing(runs: list[Run], chance: object) -> None:
    threads = other = no_threads()
    for number, run in enumerate(runs):
        breaks, dispositions = frames(run)
        when, name = START + timedelta(days=number), f"run{number}"
        threads = follow(threads, breaks, dispositions, when, name, "EUR")
        shuffled = Threads(other.threads.reverse(), other.members.reverse())
        other = follow(shuffled, breaks.reverse(), dispositions.reverse(), when, name, "EUR")
        assert threads.threads.equals(other.threads)
        assert threads.members.equals(other.members)


def test_what_merely_waits_opens_no_thread_but_continues_one() -> None:
    assert open_of(step(no_threads(), {"1": "w1"}, 0)) == []
    first = step(no_threads(), {"1": "a1"}, 0)
    assert open_of(step(first, {"1": "w1"}, 1)) == open_of(first)


def test_a_break_with_one_line_more_is_the_same_thread_under_its_first_id() -> None:
    first = step(no_threads(), {"1": "a1"}, 0)
    second = step(first, {"1": "a1", "2": "a1"}, 1)
    assert open_of(second) == open_of(first) == [break_id({"1": "a1"}, "a1")]
    assert second.threads["break_id"].item() == break_id({"1": "a1", "2": "a1"}, "a1")
    assert second.threads["first_seen_at"].item() == START


def test_two_breaks_that_become_one_leave_a_thread_that_says_where_its_items_went() -> None:
    first = step(no_threads(), {"1": "a1", "2": "a1", "3": "b1"}, 0)
    second = step(first, {"1": "a1", "2": "a1", "3": "a1"}, 1)
    (kept,) = open_of(second)
    ended = second.threads.filter(~pl.col("is_open")).row(0, named=True)
    assert (kept, ended["ended_how"], ended["merged_into"]) == (break_id({"1": "a1", "2": "a1"}, "a1"), "merged", kept)


def test_a_healed_thread_opens_again_when_its_items_break_again() -> None:
    first = step(no_threads(), {"1": "a1"}, 0)
    healed = step(first, {"1": "g1"}, 1)
    again = step(healed, {"1": "b1"}, 2)
    assert (open_of(healed), open_of(again)) == ([], open_of(first))
    assert again.threads["healed_at"].item() is None


def items(**known_at: datetime) -> pl.DataFrame:
    rows = [
        {
            "item_key": key,
            "source": "settlement",
            "psp": "adyen",
            "account": "EU",
            "batch_id": "7",
            "file_name": "batch_7.csv",
            "line_no": int(key),
            "known_at": at,
        }
        for key, at in ((name[1:], at) for name, at in known_at.items())
    ]
    return pl.DataFrame(rows or None, schema=polars_schema(ITEMS))


def test_a_thread_that_healed_says_by_which_line_and_not_by_its_own_or_older_ones() -> None:
    first = step(no_threads(), {"1": "a1"}, 0)
    run = {"1": "g1", "2": "g1", "3": "g1"}
    healed = step(first, run, 1)
    known = items(i1=START, i2=START - timedelta(days=1), i3=START + timedelta(hours=9))
    told = told_by_lines(healed, frames(run)[1], known, "run1").threads.row(0, named=True)
    assert (told["ended_how"], told["healed_by"], told["healed_by_lines"]) == ("healed", "3", "batch_7.csv line 3")


def test_a_batch_that_was_missing_is_healed_by_its_lines_and_one_without_any_is_withdrawn() -> None:
    first = step(no_threads(), {}, 0, bare=("gap",))
    ended = step(first, {"4": "g1"}, 1)
    told = told_by_lines(ended, frames({"4": "g1"})[1], items(i4=START + timedelta(hours=9)), "run1").threads.row(0, named=True)
    assert (told["ended_how"], told["healed_by_lines"]) == ("healed", "batch_7.csv line 4")
    nothing = told_by_lines(ended, frames({})[1], items(), "run1").threads.row(0, named=True)
    assert (nothing["ended_how"], nothing["healed_by"]) == ("withdrawn", None)


def test_amounts_are_told_in_the_reporting_currency_at_the_rate_of_the_first_day_and_not_at_all_without_one() -> None:
    first = step(no_threads(), {"1": "a1", "2": "b1", "3": "b2"}, 0)
    currencies = pl.Series("currency", ["EUR", "JPY", "TRY"])
    mixed = Threads(first.threads.sort("thread_id").with_columns(currencies, pl.lit(32_000, dtype=pl.Int64).alias("amount_minor")), first.members)
    days = [START.date() - timedelta(days=1), START.date() + timedelta(days=1)]
    rates = pl.DataFrame({"rate_date": days, "base_currency": ["EUR"] * 2, "currency": ["JPY"] * 2, "rate": ["160", "1"]})
    told = with_reporting_amounts(mixed, rates, "EUR").threads
    assert dict(told.select("currency", "reporting_minor").iter_rows()) == {"EUR": 32_000, "JPY": 200_00, "TRY": None}
