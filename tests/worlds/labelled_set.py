"""How well does the stand-alone engine do on a labelled set it was not made for: precision and recall per scenario label of recon_labelled/ctx01_*.

`python -m tests.worlds.labelled_set [folder]` prints the table of docs/benchmarks.md. The labels are read here and nowhere else: the maps
(tests/data/standalone) do not name them. A scenario's outcome is what a reconciliation without tolerances on amounts should say of such a row.
"""

from __future__ import annotations

import csv
import json
import sys
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from assets.reconciliation.standalone.comparison import Comparison, compare
from assets.reconciliation.standalone.map_file import read_map
from pipelines.standalone.sources import read_file

MAPS = Path(__file__).parents[1] / "data" / "standalone"
AS_OF = datetime(2026, 4, 30, tzinfo=UTC)

LEDGER, SETTLEMENT, CHARGEBACKS, FEES = (
    "ctx01_ledger-midaz.csv",
    "ctx01_acquirer-settlement.json",
    "ctx01_chargebacks.csv",
    "ctx01_acquirer-fees.csv",
)
LINE_ID = {LEDGER: "ledger_tx_id", SETTLEMENT: "acquirer_tx_id", CHARGEBACKS: "chargeback_id", FEES: "fee_id"}

# What each label should come out as; a label with two outcomes is right with either.
EXPECTED: Mapping[str, Mapping[str, frozenset[str]]] = {
    LEDGER: {
        "ledger_sale_candidate": frozenset({"matched", "amount"}),
        "ledger_only": frozenset({"missing_at_psp"}),
        "ledger_chargeback": frozenset({"matched"}),
    },
    SETTLEMENT: {
        "exact_order_and_authorization_match": frozenset({"matched"}),
        "settlement_lag_candidate": frozenset({"matched"}),
        "amount_tolerance_candidate": frozenset({"amount"}),
        "amount_mismatch_outside_tolerance": frozenset({"amount"}),
        "duplicate_settlement_candidate": frozenset({"duplicate_psp"}),
        "acquirer_only_settlement": frozenset({"missing_in_ledger"}),
        "fee_variance_candidate": frozenset({"fee_variance"}),
    },
    CHARGEBACKS: {
        "chargeback_links_to_original_order": frozenset({"matched", "chargeback_unposted"}),
        "chargeback_only_unmatched": frozenset({"orphan_chargeback"}),
        "duplicate_chargeback_candidate": frozenset({"duplicate_psp"}),
    },
    FEES: {
        "fee_matches_settlement": frozenset({"matched"}),
        "fee_only_unmatched": frozenset({"missing_at_psp"}),
        "fee_variance_candidate": frozenset({"amount"}),
    },
}


@dataclass(frozen=True, slots=True)
class Score:
    """One label of one file. `claimed`: rows of the file with one of its outcomes; `claimed_rightly`: those whose label has that outcome."""

    file: str
    scenario: str
    outcomes: frozenset[str]
    rows: int
    found: int
    claimed: int
    claimed_rightly: int
    misses: Mapping[str, int]

    @property
    def recall(self) -> float:
        return self.found / self.rows

    @property
    def precision(self) -> float | None:
        return self.claimed_rightly / self.claimed if self.claimed else None


def run(map_name: str, folder: Path) -> Comparison:
    """One map over the files it names."""
    two = read_map((MAPS / map_name).read_text(), map_name)
    left, right = ([read_file(folder / str(rule.file), str(rule.file)) for rule in rules] for rules in (two.left, two.right))
    return compare(two, left, right, AS_OF)


def outcomes(found: Comparison) -> dict[tuple[str, str], str]:
    """(file, line id) → matched, a break class, or ignored."""
    classes = {row["break_id"]: row["break_class"] for row in found.breaks.iter_rows(named=True)}
    return {
        (row["file_name"], row["line_id"]): classes[row["break_id"]] if row["break_id"] else row["disposition"]
        for row in found.rows.iter_rows(named=True)
    }


def labels(folder: Path, file: str) -> dict[str, str]:
    """Line id → scenario."""
    text = (folder / file).read_text()
    rows = json.loads(text) if file.endswith(".json") else list(csv.DictReader(text.splitlines()))
    return {row[LINE_ID[file]]: row["scenario"] for row in rows}


def scores(folder: Path) -> Iterator[Score]:
    """Every label of every file."""
    books, fees = outcomes(run("ctx01_books.yaml", folder)), outcomes(run("ctx01_fees.yaml", folder))
    for file in (LEDGER, SETTLEMENT, CHARGEBACKS, FEES):
        of_run, told = fees if file == FEES else books, labels(folder, file)
        came_to = {line: of_run[file, line] for line in told}
        for scenario, wanted in EXPECTED[file].items():
            lines = [line for line, label in told.items() if label == scenario]
            claimed = [line for line in told if came_to[line] in wanted]
            yield Score(
                file,
                scenario,
                wanted,
                rows=len(lines),
                found=sum(came_to[line] in wanted for line in lines),
                claimed=len(claimed),
                claimed_rightly=sum(came_to[line] in EXPECTED[file][told[line]] for line in claimed),
                misses=dict(Counter(came_to[line] for line in lines if came_to[line] not in wanted)),
            )


def table(scored: Iterable[Score]) -> Iterator[str]:
    """The lines of the table in docs/benchmarks.md."""
    yield "| file | scenario | should be | rows | found | recall | precision | missed as |"
    yield "|---|---|---|---:|---:|---:|---:|---|"
    for each in scored:
        precision = "-" if each.precision is None else f"{each.precision:.4f}"
        missed = ", ".join(f"{count} {outcome}" for outcome, count in sorted(each.misses.items()))
        cells = (each.file, each.scenario, " or ".join(sorted(each.outcomes)), each.rows, each.found, f"{each.recall:.4f}", precision, missed)
        yield "| " + " | ".join(str(cell) for cell in cells) + " |"


if __name__ == "__main__":
    given = Path(sys.argv[1] if len(sys.argv) > 1 else "../shared/data/recon_labelled")
    sys.stdout.write("\n".join(table(scores(given))) + "\n")
