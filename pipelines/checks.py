"""Suites of expectations as asset checks: one per suite, found by the registry. Judged in the expectations worker.

An outbound promise that does not hold is an error: somebody relies on it. So is an inbound one, unless the suite says it only asks for a person.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import dagster as dg

from expectations.registry import suites
from expectations.suite import Suite
from pipelines.resources.expectations import ExpectationsRunner
from pipelines.resources.warehouse import Warehouse

# no step waits for a suite: it is judged when everything is built, by a worker that imported what it needs meanwhile
LAST = {"dagster/priority": "-1"}


def expectation_checks() -> list[dg.AssetChecksDefinition]:
    """One asset check per registered suite."""
    return [_check(suite) for suite in suites()]


def _check(suite: Suite) -> dg.AssetChecksDefinition:
    @dg.asset_check(
        asset=dg.AssetKey([suite.schema, suite.table]),
        name=suite.name,
        description=f"{suite.why} ({suite.at.value} suite, expectations/)",
        additional_deps=sorted({dg.AssetKey(["derived", catalogue.partition(".")[0]]) for catalogue in suite.in_catalogue.values()}),
        op_tags=LAST,
    )
    def check(expectations: dg.ResourceParam[ExpectationsRunner], warehouse: dg.ResourceParam[Warehouse]) -> dg.AssetCheckResult:
        return _result(suite, expectations.judge(suite, warehouse))

    return check


def _result(suite: Suite, verdicts: Sequence[dict[str, Any]]) -> dg.AssetCheckResult:
    broken = [verdict for verdict in verdicts if not verdict["held"]]
    lines = ["| promise | held | broken by | for example |", "|---|---|---|---|"]
    lines += [f"| {v['promise']} | {'yes' if v['held'] else 'NO'} | {v['broken_count']} | {'; '.join(v['examples'])} |" for v in verdicts]
    return dg.AssetCheckResult(
        passed=not broken,
        severity=dg.AssetCheckSeverity.WARN if suite.warn_only else dg.AssetCheckSeverity.ERROR,
        description="; ".join(f"{v['promise']}: {v['broken_count']} broken, as {v['examples'][0]}" for v in broken if v["examples"]) or None,
        metadata={"promises": len(verdicts), "broken": len(broken), "verdicts": dg.MetadataValue.md("\n".join(lines).replace("|^", "|\\^"))},
    )
