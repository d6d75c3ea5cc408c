"""What does an expectation that does not hold tell the person who looks at the check."""

from __future__ import annotations

import dagster as dg

from expectations.registry import suites
from pipelines.checks import _result

HELD = {"promise": "line is never null", "held": True, "broken_count": 0, "examples": []}
BROKEN = {"promise": "currency is a code", "held": False, "broken_count": 2, "examples": ["currency 'eur' (file f.csv, line 7)"]}


def test_a_broken_promise_is_named_with_file_line_and_field() -> None:
    suite = next(suite for suite in suites() if suite.name == "fx_rates")
    result = _result(suite, [HELD, BROKEN])
    assert (result.passed, result.severity) == (False, dg.AssetCheckSeverity.ERROR)
    assert result.description == "currency is a code: 2 broken, as currency 'eur' (file f.csv, line 7)"
    assert "| currency is a code | NO | 2 | currency 'eur' (file f.csv, line 7) |" in str(result.metadata["verdicts"].value)


def test_promises_that_hold_say_nothing_more() -> None:
    suite = next(suite for suite in suites() if suite.name == "fx_rates")
    assert (_result(suite, [HELD]).passed, _result(suite, [HELD]).description) == (True, None)


def test_a_suite_that_only_asks_for_a_person_warns() -> None:
    suite = next(suite for suite in suites() if suite.warn_only)
    assert _result(suite, [BROKEN]).severity is dg.AssetCheckSeverity.WARN
