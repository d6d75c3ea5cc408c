"""A real settlement file, the casino built behind it by `countroom world replay`, and one `countroom run` over both: as a user types it.

tests/unit/simulation/test_replay.py asks the same of the pure engine over many seeds; here the doors, the database, dbt and the marts are in between.
"""

from __future__ import annotations

import json
from pathlib import Path

import polars as pl
import pytest

from pipelines.resources.warehouse import Warehouse
from pipelines.standing.score import identities_of_breaks, identities_of_key, score
from pipelines.standing.state import State, read_state
from tests.running_world import countroom

pytestmark = pytest.mark.slow

BATCH_380 = "psp_reports/adyen/settlement_detail_report_batch_380.csv"


def replayed(shared_data: Path, url: str, folder: Path, *options: str) -> State:
    """The state of a database after the two commands."""
    world, home = folder / "world", folder / "home"
    built = countroom(["world", "replay", str(shared_data / BATCH_380), "--out", str(world), *options, "--json"], url, home)
    assert built.returncode == 0, built.stderr[-4000:]
    ran = countroom(["run", str(world), "--as-of", json.loads(built.stdout)["as_of"], "--json"], url, home)
    assert ran.returncode in (0, 1), ran.stderr[-4000:]
    assert json.loads(ran.stdout)["failed_steps"] == []
    return read_state(Warehouse(url))


def test_an_undisturbed_batch_has_no_break_and_its_payout_is_matched_to_its_bank_line(shared_data: Path, database_url: str, tmp_path: Path) -> None:
    state = replayed(shared_data, database_url, tmp_path)
    assert state.breaks.is_empty()
    assert state.certificate.closes is True
    (batch,) = Warehouse(database_url).read("select * from reconciliation.fct_payout_batches").to_dicts()
    assert (batch["batch_id"], batch["currency"], batch["line_count"], batch["payout_count"]) == ("380", "USD", 227, 1)
    assert (batch["payment_net_minor"], batch["account_net_minor"], batch["payout_minor"]) == (5_643_852 - 109_235, -3810, -5_530_807)
    assert (batch["residue_minor"], batch["status"], batch["bank_minor"]) == (0, "matched", 5_530_807)
    fees = ("commission_minor", "markup_minor", "scheme_fee_minor", "interchange_minor")
    assert tuple(abs(batch[fee]) for fee in fees) == (7091, 18737, 2071, 11064)
    assert countroom(["reconcile"], database_url, tmp_path / "home").returncode == 0


def test_a_perturbed_batch_has_exactly_the_planted_breaks(shared_data: Path, database_url: str, tmp_path: Path) -> None:
    state = replayed(shared_data, database_url, tmp_path, "--perturb", "7", "--mistakes", "12")
    key = pl.read_parquet(tmp_path / "world" / "answer_key.parquet")
    outcome = score(identities_of_breaks(state.breaks), identities_of_key(key))
    assert (key.height, outcome.missed, outcome.invented) == (12, (), ())
    assert state.certificate.closes is True
