"""Gates G1 to G7: each fails on its trap and passes beside it, and its failure is a break of the day that a close sees. Reference LR §5.2."""

from __future__ import annotations

from datetime import date
from pathlib import Path
from typing import Any

import polars as pl
import pytest

from assets.landing.detection import FolderHints
from assets.landing.doors import parse_file
from assets.reconciliation.context import STATEMENT_SCHEMA, RunContext, Terms
from assets.reconciliation.items import item_schema
from assets.reconciliation.matching import Outcome, reconcile
from assets.reconciliation.standing.day import GATE_CLASSES, standing_of
from tests.unit.reconciliation.test_matching import DAY, LATE, chain, found, item
from transactional.vocabulary.errors import ContractBroken

Rows = list[dict[str, Any]]
SAMPLES = Path(__file__).parents[2] / "data" / "psps"
MODELS = Path(__file__).parents[3] / "dbt_project" / "models" / "intermediate" / "reconciliation"


def context(statements: Rows | None = None) -> RunContext:
    told = pl.DataFrame(statements or [], schema=dict(STATEMENT_SCHEMA), orient="row")
    return RunContext(as_of=LATE, psp_terms={"acme": Terms(consecutive_batches=True)}, psp_names={"acme": ("acme",)}, statements=told)


def run(rows: Rows, statements: Rows | None = None) -> Outcome:
    return reconcile(pl.DataFrame(rows, schema=item_schema()), context(statements))


def looked_at(outcome: Outcome, gate: str) -> list[tuple[int, int]]:
    """Per subject of a gate: how many it looked at, and how many failed."""
    return sorted(outcome.gates.filter(pl.col("gate") == gate).select("checked_count", "failed_count").rows())


def paid(minor: int) -> dict[str, dict[str, Any]]:
    """What the PSP paid out, arrived at the bank as it was paid."""
    return {"payout": {"amount_minor": -minor, "net_minor": -minor}, "bank": {"amount_minor": minor}}


def next_batch(number: int) -> Rows:
    """A line in another batch, which is not paid out yet."""
    return [
        *(item(f"{source}:{number}", source, 500, psp_reference=f"P{number}") for source in ("ledger", "attempt", "activity")),
        item(f"settlement:{number}", "settlement", 500, psp_reference=f"P{number}", batch_id=str(number), net_minor=490),
        item(f"payout:{number + 500}", "payout", -490, batch_id=str(number), bank_reference=f"TX{number:03}XT"),
        item(f"bank:{number}", "bank", 490, bank_reference=f"ACME TX{number:03}XT"),
    ]


def statement(number: int, opening: int, closing: int, **other: Any) -> dict[str, Any]:
    day = date(2026, 1, number)
    told = {"bank_account": "acme Main", "currency": "EUR", "statement_id": f"S{number}", "opening_date": day, "closing_date": day, "known_at": LATE}
    return told | {"opening_minor": opening, "moves_minor": 100, "closing_minor": closing} | other


TIED = [statement(3, 0, 100), statement(4, 100, 200)]
# gate: (rows, statements), whether it passes, and what break it is
CASES: dict[str, tuple[str, Rows, Rows, list[tuple[str, int]]]] = {
    "the next number is no gap": ("G3", [*chain(), *next_batch(8)], [], []),
    "a batch nobody sent is seen by the hole it leaves": ("G3", [*chain(), *next_batch(9)], [], [("batch_gap", 0)]),
    "a number far away is another numbering and not 900 lost files": ("G3", [*chain(), *next_batch(907)], [], []),
    "a row that does not add up is named although its batch does": (
        "G4",
        chain(settlement={"net_minor": 985}, **paid(985)),
        [],
        [("row_arithmetic", -5)],
    ),
    "a fee in another column is a fee": ("G4", chain(settlement={"commission_minor": 7, "markup_minor": 3}), [], []),
    "a payout smaller than its lines by one minor unit": ("G5", chain(**paid(989)), [], [("batch_residue", 1)]),
    "two lines that are wrong by as much each way do not fail their batch, but their rows": (
        "G5",
        [*chain(settlement={"net_minor": 985}), item("settlement:3", "settlement", 0, net_minor=5, kind="correction", commission_minor=None)],
        [],
        [("row_arithmetic", -5)],
    ),
    "statements that follow each other": ("G6", chain(), TIED, []),
    "a statement that does not add up": ("G6", chain(), [statement(3, 0, 101), statement(4, 101, 201)], [("statement_gap", 1)]),
    "a statement that never came is the jump to the next": ("G6", chain(), [statement(3, 0, 100), statement(6, 130, 230)], [("statement_gap", 30)]),
    "a kind nobody knows is no fee by default": (
        "G7",
        [*chain(**paid(965)), item("settlement:3", "settlement", 0, kind="unknown", net_minor=-25, commission_minor=None)],
        [],
        [("unknown_kind", -25)],
    ),
}


@pytest.mark.parametrize("trap", CASES)
def test_a_gate_fails_on_its_trap_and_passes_beside_it(trap: str) -> None:
    gate, rows, statements, broken = CASES[trap]
    outcome = run(rows, statements)
    assert found(outcome) == broken
    fails = bool(broken) and broken[0][0] != "row_arithmetic" if gate == "G5" else bool(broken)
    assert bool(sum(failed for _, failed in looked_at(outcome, gate))) is fails
    assert sum(checked for checked, _ in looked_at(outcome, gate)) > 0  # the trap: a gate that passes since it looked at nothing


def elsewhere(number: int, rows: Rows) -> Rows:
    """The same rows at another account of the PSP and another bank account, under other names."""
    account = {"acme": f"Main{number}", None: f"IBAN{number}"}
    renamed = {"item_key": f":{number}", "file_name": f".{number}"}
    return [
        row
        | {"account": account[row["psp"]]}
        | {name: row[name] and row[name] + suffix for name, suffix in renamed.items()}
        | {"bank_reference": row["bank_reference"] and row["bank_reference"].replace("TX", f"TX{number}")}
        for row in rows
    ]


def test_a_failed_gate_is_open_on_the_day_and_hides_no_other() -> None:
    failing = {gate: trap for trap, (gate, _, _, broken) in reversed(CASES.items()) if broken and broken[0][0] == GATE_CLASSES[gate].value}
    assert sorted(failing) == sorted(GATE_CLASSES)
    rows = [row for number, trap in enumerate(failing.values()) for row in elsewhere(number, CASES[trap][1])]
    statements = [told | {"bank_account": "acme Main0"} for trap in failing.values() for told in CASES[trap][2]]
    standing = standing_of(pl.DataFrame(rows, schema=item_schema()), context(statements), date(2026, 1, 31), "acme")
    assert sorted(standing.breaks["break_class"]) == sorted(each.value for each in GATE_CLASSES.values())
    assert dict(standing.gates.select("gate", "failed_count").rows()) == dict.fromkeys(GATE_CLASSES, 1)
    quiet = standing_of(pl.DataFrame(chain(), schema=item_schema()), context(TIED), date(2026, 1, 31), "acme")
    assert dict(quiet.gates.select("gate", "failed_count").rows()) == dict.fromkeys(GATE_CLASSES, 0)


def test_a_whole_chain_passes_every_gate_that_looks_at_it() -> None:
    outcome = run([*chain(), *next_batch(8)], TIED)
    seen = {gate: looked_at(outcome, gate) for gate in GATE_CLASSES}
    assert seen == {"G3": [(2, 0)], "G4": [(2, 0)], "G5": [(2, 0)], "G6": [(2, 0)], "G7": [(6, 0)]}


def test_every_gate_is_among_what_stands_in_the_way_of_a_close() -> None:
    # the trap: a gate of the day that the calendar of closes does not know; what the model makes of them is tested beside it
    blocks = (MODELS / "int_reconciliation__days_blocked.sql").read_text()
    assert [each.value for each in GATE_CLASSES.values() if f"'{each.value}'" not in blocks] == []


def test_g1_the_same_file_again_changes_nothing_and_other_bytes_under_its_name_restate_what_they_change() -> None:
    # landing keeps equal bytes once (tests/integration/landing/test_land_file.py); what comes here as a second version is another file of one name
    first = chain(settlement={"amount_minor": 900, "net_minor": 890})
    version = {"file_version": 2, "net_minor": 990}
    again = item("settlement:9", "settlement", 1_000, **version)
    same = [
        *chain(),
        item("settlement:9", "settlement", 1_000, **version | {"line_no": 2}),
        item("payout:8", "payout", -990, file_version=2, line_no=2),
    ]
    assert found(run(same)) == []
    restated = run([*first, again | {"line_no": 2}, item("payout:8", "payout", -990, file_version=2, line_no=2)])
    assert ("restated", 100) in found(restated)


def test_g2_a_header_nobody_knows_is_refused_whole_and_the_sample_is_read() -> None:
    # the trap: a column of money that was renamed, read as empty
    path = next(iter(sorted((SAMPLES / "adyen").glob("*settlement_detail*.csv"))))
    content, hints = path.read_bytes(), FolderHints()
    assert not parse_file(content, path.name, hints).rejected
    renamed = content.replace(b"Net Credit (NC)", b"Net Credited", 1)
    assert renamed != content
    with pytest.raises(ContractBroken, match="Net Credit"):
        parse_file(renamed, path.name, hints)


def test_a_gap_of_a_batch_is_of_the_day_after_it_and_of_its_psp() -> None:
    # blocks: a missing file that no day's close would ever see
    (row,) = run([*chain(), *next_batch(9)]).breaks.select("psp", "account", "event_date", "batch_id").rows()
    assert row == ("acme", "Main", DAY, "8")
