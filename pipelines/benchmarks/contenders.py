"""Who matches the two sides, and what each finds: the engine's whole ladder, and three ways somebody would write first. For the matching benchmark.

Each reads the same Parquet file and answers with the number of cases by class; an answer that differs from what was planted is a wrong answer. The
yardstick is `bare`: it adds lines up by key before it compares, as one must. `naive` and `pandas` join rows as they are.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path
from tempfile import TemporaryDirectory

import duckdb
import polars as pl

from assets.reconciliation.context import RunContext, Terms
from pipelines.benchmarks.two_sides import AS_OF, PSP

Found = dict[str, int]
_MATCHED = "matched"

_CLASSES = """
case when l.amount is null then 'missing_in_ledger' when s.amount is null then 'missing_at_psp'
    when l.amount = s.amount then 'matched' when l.amount = -s.amount then 'sign'
    when l.lines > s.lines and l.amount = 2 * s.amount then 'duplicate_ledger' else 'amount' end
"""
_KEY = "psp, account, psp_reference, modification_reference, kind, currency"

_SUMMED = "select {key}, sum(amount_minor) as amount, count(*) as lines from items where source = '{side}' group by all"
_AS_THEY_ARE = "select {key}, amount_minor as amount, 1 as lines from items where source = '{side}'"
_COMPARED = """
with l as ({left}), s as ({right}),
compared as materialized (select {key}, l.amount as ours, s.amount as theirs, {classes} as class from l full join s using ({key}))
select class, count(*) from compared group by class
"""


def _comparison(side: str) -> str:
    left, right = (side.format(key=_KEY, side=name) for name in ("ledger", "settlement"))
    return _COMPARED.format(left=left, right=right, key=_KEY, classes=_CLASSES)


def _with_duckdb(query: str) -> Callable[[Path], Found]:
    def run(items: Path) -> Found:
        with duckdb.connect(config={"threads": 2}) as database:
            database.read_parquet(str(items)).create_view("items")
            return {name: int(count) for name, count in database.execute(query).fetchall()}

    return run


def ladder(items: Path) -> Found:
    """The engine as the pipeline runs it: gates, every layer, groups, dispositions, breaks with words, certificate."""
    from assets.reconciliation.matching import reconcile

    outcome = reconcile(items, bench_context())
    return _by_class(outcome.breaks)


def ladder_in_files(items: Path) -> Found:
    """The same from Parquet to Parquet, with a part of the rows in memory at a time."""
    from assets.reconciliation.matching import reconcile_file

    with TemporaryDirectory(prefix="countroom-bench-") as folder:
        reconcile_file(items, bench_context(), Path(folder))
        return _by_class(pl.read_parquet(Path(folder) / "breaks.parquet"))


def bench_context() -> RunContext:
    """What the benchmark's engine is told: one PSP of which no activity and no attempts are expected."""
    terms = Terms(has_activity_reports=False, has_attempts=False)
    return RunContext(AS_OF, psp_terms={PSP: terms})


def _by_class(breaks: pl.DataFrame) -> Found:
    return {name: int(count) for name, count in breaks.group_by("break_class").len().iter_rows()}


def pandas_merge(items: Path) -> Found:
    """An outer merge of the rows as they are."""
    import pandas as pd  # type: ignore[import-untyped]

    keys = [name.strip() for name in _KEY.split(",")]
    rows = pd.read_parquet(items, columns=[*keys, "source", "amount_minor"])
    left, right = (rows[rows["source"] == side].drop(columns="source") for side in ("ledger", "settlement"))
    merged = left.merge(right, on=keys, how="outer", suffixes=("_l", "_s"), indicator=True)
    both = merged[merged["_merge"] == "both"]
    same, opposite = both["amount_minor_l"] == both["amount_minor_s"], both["amount_minor_l"] == -both["amount_minor_s"]
    return {
        "missing_in_ledger": int((merged["_merge"] == "right_only").sum()),
        "missing_at_psp": int((merged["_merge"] == "left_only").sum()),
        "sign": int(opposite.sum()),
        "amount": int((~same & ~opposite).sum()),
    }


CONTENDERS: Mapping[str, Callable[[Path], Found]] = {
    "bare": _with_duckdb(_comparison(_SUMMED)),
    "ladder": ladder,
    "ladder-files": ladder_in_files,
    "naive": _with_duckdb(_comparison(_AS_THEY_ARE)),
    "pandas": pandas_merge,
}


def wrong_answers(found: Mapping[str, int], truth: Mapping[str, int]) -> int:
    """Cases more or fewer than planted, over all classes."""
    return sum(abs(found.get(name, 0) - truth.get(name, 0)) for name in (found.keys() | truth.keys()) - {_MATCHED})
