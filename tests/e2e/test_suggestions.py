"""A slip in a reference, from the command line: suggested with its rivals, accepted by one, confirmed by another, and followed by the next run."""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import dagster as dg
import psycopg
import pytest

from assets.landing.assets import app_facts
from assets.reconciliation.assets import reconciled
from pipelines import cli
from pipelines.resources.clock import FixedClock
from pipelines.resources.object_store import FolderStore
from pipelines.resources.warehouse import Warehouse
from tests.running_world import RunWorld

pytestmark = pytest.mark.slow

_PAYMENT = """
select items.psp_reference from intermediate.int_reconciliation__items as items
inner join derived.reconciliation__groups as groups
    on groups.hops = 'activity+attempt+ledger+settlement' and groups.item_count = 4 and groups.case_kind = 'transaction'
inner join derived.reconciliation__dispositions as ended on ended.group_id = groups.group_id and ended.item_key = items.item_key
where items.kind = 'deposit' and length(items.psp_reference) >= 12 and items.source = 'ledger' and items.currency = 'EUR' and items.psp = 'adyen'
order by items.item_key limit 1
"""
_SLIP = """
update intermediate.int_reconciliation__items
set psp_reference = %(wrong)s, modification_reference = reverse(modification_reference), merchant_reference = null
where psp_reference = %(right)s and source in ('ledger', 'attempt') and kind = 'deposit'
"""
# what dbt publishes of a suggestion nobody spoke of (its SQL is tested beside the model): the command reads marts only
_PUBLISH = """
insert into reconciliation.fct_suggestions (suggestion_id, state, is_suggested, layer, finding, psp, account, currency, amount_minor, residue_minor,
    rivals_count, rivals_capped, pool_count, score_bps, break_id, other_break_ids, item_keys, why)
select suggestion_id, 'open', true, layer, finding, psp, account, currency, amount_minor, residue_minor, rivals_count, rivals_capped, pool_count,
    score_bps, break_id, other_break_ids, item_keys, why from derived.reconciliation__suggestions
"""


@pytest.fixture
def slipped(run_world: RunWorld, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Iterator[str]:
    """The casino, in which our books tell one deposit under a reference with two characters swapped."""
    with run_world.copy_of() as url:
        monkeypatch.setenv("COUNTROOM_DATABASE_URL", url)
        monkeypatch.setenv("COUNTROOM_HOME", str(tmp_path / "home"))
        with psycopg.connect(url) as connection:
            row = connection.execute(_PAYMENT).fetchone()
            assert row is not None
            right = row[0]
            at = next(n for n in range(4, len(right) - 1) if right[n] != right[n + 1])
            connection.execute(_SLIP, {"right": right, "wrong": right[:at] + right[at + 1] + right[at] + right[at + 2 :]})
        yield url


def run_again(url: str, home: Path, *assets: dg.AssetsDefinition) -> None:
    doors = {
        "warehouse": Warehouse(url),
        "app_database": Warehouse(url),
        "object_store": FolderStore(home / "objects"),
        "clock": FixedClock(datetime.now(UTC)),
    }
    with dg.DagsterInstance.ephemeral() as instance:
        assert dg.materialize([*assets], resources=doors, instance=instance).success


def test_two_people_make_a_suggestion_a_group_in_the_next_run(slipped: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    def breaks(*arguments: str) -> tuple[int, str]:
        capsys.readouterr()
        code = cli.run(["breaks", *arguments])
        told = capsys.readouterr()
        return code, told.out + told.err

    run_again(slipped, tmp_path, reconciled)
    with psycopg.connect(slipped) as connection:
        connection.execute(_PUBLISH)
    code, told = breaks("suggestions", "--json")
    (found,) = [row for row in json.loads(told)["suggestions"] if row["layer"] == "L8"]
    name = found["suggestion_id"]
    assert (code, found["finding"], len(found["item_keys"].split())) == (1, "unique", 4)
    assert "nearly their" in breaks("suggestions")[1]
    assert breaks("confirm", name, "--as", "ben")[0] == 1
    assert breaks("accept", name, "--as", "ana", "-m", "two characters swapped") == (0, f"{name}  accepted\n")
    code, told = breaks("confirm", name, "--as", "ana")
    assert (code, "another person" in told) == (1, True)
    assert breaks("confirm", name, "--as", "ben") == (0, f"{name}  confirmed\n")
    run_again(slipped, tmp_path, app_facts)
    run_again(slipped, tmp_path, reconciled)
    read = Warehouse(slipped).read
    (match,) = read("select * from derived.reconciliation__accepted_matches").to_dicts()
    assert (match["accepted_by"], match["confirmed_by"], match["not_held_because"]) == ("ana", "ben", None)
    (group,) = read("select layer, item_count from derived.reconciliation__groups where group_id = $1", [match["group_id"]]).rows()
    assert group == ("L9", 4)
    assert read("select bool_and(closes) from derived.reconciliation__certificate").item() is True
    ended = read("select distinct ended_how from derived.reconciliation__break_threads where break_id = $1", [found["break_id"]])
    assert ended["ended_how"].to_list() == ["healed"]  # by the lines of the other half
