"""A real settlement file has a casino behind it that agrees with it, or disagrees in just the planted places."""

from __future__ import annotations

from pathlib import Path

import pytest

from pipelines.benchmarks.world_items import reconciled
from pipelines.commands.world import _report_lines
from tests.worlds.desk_of_truth import differences
from transactional.simulation.replay.casino_side import Replayed, replay
from transactional.vocabulary.errors import InputRejected

BATCH_380 = "psp_reports/adyen/settlement_detail_report_batch_380.csv"
BATCH_1129 = "psp_reports/adyen/batch_1129/settlement_detail_report_batch_1129.csv"


def _side(path: Path, perturb: int | None = None, mistakes: int = 8) -> Replayed:
    content = path.read_bytes()
    lines, zone = _report_lines(content, path.name, "acct_of_the_test")
    return replay(content, path.name, lines, zone, perturb=perturb, mistakes=mistakes)


def test_an_undisturbed_replay_of_a_real_batch_has_no_break_and_its_payout_is_at_the_bank(shared_data: Path) -> None:
    side = _side(shared_data / BATCH_380)
    outcome = reconciled(side.files, side.chunks, side.payout_entries, side.as_of)
    assert side.expected == []
    assert outcome.breaks.is_empty()
    (payout,) = outcome.groups.filter(outcome.groups["case_kind"] == "payout").to_dicts()
    assert (payout["currency"], abs(payout["amount_minor"])) == ("USD", 55_308_07)
    assert "bank" in payout["hops"]
    assert outcome.certificate["closes"].all()


@pytest.mark.parametrize("seed", range(1, 6))
def test_a_perturbed_replay_has_exactly_the_planted_breaks(shared_data: Path, seed: int) -> None:
    side = _side(shared_data / BATCH_380, perturb=seed, mistakes=12)
    outcome = reconciled(side.files, side.chunks, side.payout_entries, side.as_of)
    assert len(side.expected) == 12
    assert differences(outcome, side.expected, side.files) == ([], [])


def test_a_file_with_faults_of_its_own_keeps_them_and_only_them(shared_data: Path) -> None:
    # two payouts in two currencies, disputes without their deposits, three rows that do not tie (EXPECTED.md)
    side = _side(shared_data / BATCH_1129)
    outcome = reconciled(side.files, side.chunks, side.payout_entries, side.as_of)
    assert dict(side.payouts_minor) == {"USD": 37_82, "EUR": 28_51}
    assert {row.break_class for row in side.expected} == {"row_arithmetic"}
    assert len(side.expected) >= 3
    assert differences(outcome, side.expected, side.files) == ([], [])


def test_a_spreadsheet_with_rounded_references_has_one_fault_the_row_that_does_not_tie(shared_data: Path) -> None:
    side = _side(shared_data / "psp_reports" / "adyen" / "adyen_test.xlsx")
    outcome = reconciled(side.files, side.chunks, side.payout_entries, side.as_of)
    (broken,) = outcome.breaks.to_dicts()
    assert (broken["break_class"], broken["amount_minor"]) == ("row_arithmetic", 659_34 - (1_598_00 - 6_66))
    assert "gross 1598.00 USD, fees 6.66 USD, net 659.34 USD" in broken["explanation"]


@pytest.mark.parametrize("name", ["stripe/settlement_report.csv", "stripe/navfa_single-payout.csv"])
def test_stripes_reports_replay_as_well(shared_data: Path, name: str) -> None:
    side = _side(shared_data / "psp_reports" / name)
    outcome = reconciled(side.files, side.chunks, side.payout_entries, side.as_of)
    assert outcome.breaks.is_empty()
    assert len(side.payouts_minor) == 1


def test_the_same_seed_replays_the_same_bytes_and_the_file_is_not_touched(shared_data: Path) -> None:
    one, other = (_side(shared_data / BATCH_380, perturb=3) for _ in range(2))
    assert (one.files, one.chunks, one.payout_entries, one.expected) == (other.files, other.chunks, other.payout_entries, other.expected)
    assert (shared_data / BATCH_380).read_bytes() in one.files.values()


def test_an_activity_report_is_not_a_settlement(shared_data: Path) -> None:
    name = "psp_reports/adyen/single_cases/payments_accounting_report_nyce.csv"
    with pytest.raises(InputRejected, match="settlement report"):
        _side(shared_data / name)
