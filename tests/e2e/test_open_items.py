"""What Stripe lists as open is ours, line by line; a list that leaves a line out and changes another is told by exactly those two lines."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator
from datetime import timedelta
from decimal import Decimal
from pathlib import Path

import polars as pl
import pytest

from assets.landing.detection import FolderHints
from assets.landing.doors import land_file
from pipelines.resources.dbt import Dbt, DbtTarget
from pipelines.resources.object_store import FolderStore
from pipelines.resources.warehouse import Warehouse
from tests.running_world import RunWorld
from transactional.db.engine import PIPELINE_ROLE

pytestmark = pytest.mark.slow

MODELS = ("int_reconciliation__wallet_items_compared", "fct_psp_wallet_items", "agg_psp_wallets")
COUNTS = "select finding, count(*) as line_count from reconciliation.fct_psp_wallet_items group by finding order by finding"
SUMS = "select business_date, currency from reconciliation.agg_psp_wallets where listed_minor <> open_items_minor or listed_difference_count <> 0"
OFF = "select business_date::text, ext_id, finding, difference_minor from reconciliation.fct_psp_wallet_items where finding <> 'agrees' order by finding"


def last_list(world: RunWorld) -> Path:
    return max(world.folder.rglob("ending_balance_reconciliation_itemized_*.csv"), key=lambda path: path.name)


def planted(path: Path) -> tuple[bytes, str, str]:
    """The list with its first line of dollars left out and 1.00 more in its second; the ids of both."""
    rows = list(csv.DictReader(io.StringIO(path.read_text())))
    left_out, changed = [row for row in rows if row["currency"] == "usd"][:2]
    for column in ("gross", "net"):
        changed[column] = str(Decimal(changed[column]) + 1)
    written = io.StringIO()
    writer = csv.DictWriter(written, list(rows[0]), lineterminator="\n")
    writer.writeheader()
    writer.writerows(row for row in rows if row is not left_out)
    return written.getvalue().encode(), left_out["balance_transaction_id"], changed["balance_transaction_id"]


@pytest.fixture
def url(run_world: RunWorld) -> Iterator[str]:
    with run_world.copy_of() as url:
        yield url


def test_a_list_is_held_against_our_lines_one_by_one(run_world: RunWorld, url: str, tmp_path: Path) -> None:
    warehouse = Warehouse(url, role=PIPELINE_ROLE)
    ((finding, line_count),) = warehouse.read(COUNTS).rows()
    assert (finding, line_count > 100) == ("agrees", True)
    assert warehouse.read(SUMS).is_empty()
    path = last_list(run_world)
    content, left_out, changed = planted(path)
    with warehouse.connect() as connection:
        hints, now = FolderHints.of(path.relative_to(run_world.folder)), run_world.as_of + timedelta(hours=1)
        landed = land_file(content, path.name, hints, connection, FolderStore(tmp_path / "objects"), now=now)
    assert (landed.status, landed.version) == ("landed", 2)
    with Dbt(DbtTarget.postgres(url, PIPELINE_ROLE), tmp_path) as dbt:
        list(dbt.build(["--select", *MODELS, "--exclude-resource-type", "unit_test", "--indirect-selection", "cautious"]))
    off = warehouse.read(OFF)
    assert off.select("finding", "ext_id").rows() == [("amount", changed), ("only_ours", left_out)]
    assert off.filter(pl.col("finding") == "amount")["difference_minor"].to_list() == [100]
    assert set(off["business_date"]) == {path.stem[-10:]}
