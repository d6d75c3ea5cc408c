"""How is a suite judged: by great-expectations, which only this module imports, and only inside `run`. For the expectations worker.

Importing it costs 7 to 9 s of CPU. It reads pandas, so a frame crosses over once; money stays int64 (nullable columns as Int64, never float).
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import polars as pl

from expectations.suite import Suite

_SHOWN_VALUES = 5


@dataclass(frozen=True, slots=True)
class Verdict:
    """One promise and whether it held. `examples` are fields that broke it, with the place of their row, at most five."""

    promise: str
    held: bool
    broken_count: int
    examples: tuple[str, ...] = ()


def warm_up() -> None:
    """Import great-expectations now: for a process that is going to judge."""
    import great_expectations

    assert great_expectations.__version__


def run(suite: Suite, frame: pl.DataFrame) -> tuple[Verdict, ...]:
    """Judge a frame that has the suite's columns, as whole numbers (`between`) and text. Catalogue words must be in the suite already."""
    import great_expectations as gx
    from great_expectations.data_context.types.base import ProgressBarsConfig

    context = gx.get_context(mode="ephemeral")
    context.variables.progress_bars = ProgressBarsConfig(globally=False)
    asset = context.data_sources.add_pandas(suite.name).add_dataframe_asset(suite.table)
    batch = asset.add_batch_definition_whole_dataframe("all").get_batch({"dataframe": _as_pandas(frame)})
    promises = list(_promises(suite, gx.expectations))
    told = {"result_format": "SUMMARY", "unexpected_index_column_names": list(suite.places())}
    result = batch.validate(gx.ExpectationSuite(name=suite.name, expectations=[expectation for _, expectation in promises]), result_format=told)
    # results come back in the order of the suite; each knows its own configuration
    by_identity = {_identity(expectation): promise for promise, expectation in promises}
    return tuple(_verdict(by_identity, each, suite.places()) for each in result.results)


def _promises(suite: Suite, expectations: Any) -> Iterator[tuple[str, Any]]:
    for column in suite.not_null:
        yield f"{column} is never null", expectations.ExpectColumnValuesToNotBeNull(column=column)
    if len(suite.unique) == 1:
        yield f"{suite.unique[0]} is unique", expectations.ExpectColumnValuesToBeUnique(column=suite.unique[0])
    elif suite.unique:
        yield f"({', '.join(suite.unique)}) is unique", expectations.ExpectCompoundColumnsToBeUnique(column_list=list(suite.unique))
    for column, pattern in suite.matches.items():
        yield f"{column} matches {pattern}", expectations.ExpectColumnValuesToMatchRegex(column=column, regex=pattern)
    for column, (low, high) in suite.between.items():
        yield f"{column} is between {low} and {high}", expectations.ExpectColumnValuesToBeBetween(column=column, min_value=low, max_value=high)
    for column, words in suite.one_of.items():
        yield f"{column} is a known word", expectations.ExpectColumnValuesToBeInSet(column=column, value_set=list(words))
    for left, right in suite.equal:
        yield f"{left} equals {right}", expectations.ExpectColumnPairValuesToBeEqual(column_A=left, column_B=right)
    if suite.not_empty:
        yield "there are rows", expectations.ExpectTableRowCountToBeBetween(min_value=1)


def _identity(expectation: Any) -> tuple[str, str]:
    configuration = expectation.configuration
    return _key(configuration.type, configuration.kwargs)


def _key(kind: str, kwargs: dict[str, Any]) -> tuple[str, str]:
    return kind, str(kwargs.get("column") or kwargs.get("column_list") or (kwargs.get("column_A"), kwargs.get("column_B")))


def _verdict(by_identity: dict[tuple[str, str], str], result: Any, places: tuple[str, ...]) -> Verdict:
    configuration = result.expectation_config
    promise = by_identity[_key(configuration.type, configuration.kwargs)]
    details = result.result or {}
    rows = details.get("partial_unexpected_index_list") or []
    examples = tuple(_example(row, places) for row in rows[:_SHOWN_VALUES])
    broken = int(details.get("unexpected_count", 0 if result.success else 1))
    reason = (result.exception_info or {}).get("exception_message") if isinstance(result.exception_info, dict) else None
    return Verdict(promise, bool(result.success), broken, examples or ((str(reason),) if reason and not result.success else ()))


def _example(row: dict[str, Any], places: tuple[str, ...]) -> str:
    """`currency 'eur' (file a.csv, line 7)`: the fields that broke the promise, and where their row is."""
    fields = ", ".join(f"{name} {_shown(value)}" for name, value in row.items() if name not in places)
    place = ", ".join(f"{name.removeprefix('_source_')} {row[name]}" for name in places)
    return f"{fields} ({place})" if fields and place else fields or place


def _shown(value: Any) -> str:
    missing = value is None or value != value  # noqa: PLR0124 - NaN, as pandas tells null
    return "null" if missing else repr(str(value))


def _as_pandas(frame: pl.DataFrame) -> Any:
    """Whole numbers stay whole: a column with nulls becomes Int64, not float64. Everything else is text."""
    import pandas as pd  # type: ignore[import-untyped]

    columns = {name: pd.array(frame[name].to_list(), dtype="Int64" if dtype.is_integer() else object) for name, dtype in frame.schema.items()}
    return pd.DataFrame(columns)
