"""Is a Parquet file of items reconciled as the same items in memory are, and refused as they would be?"""

from __future__ import annotations

from pathlib import Path

import polars as pl
import pytest
from polars.testing import assert_frame_equal

from assets.reconciliation.matching import reconcile, reconcile_file
from pipelines.benchmarks.contenders import bench_context
from pipelines.benchmarks.two_sides import two_sides
from transactional.vocabulary.errors import ContractBroken


def test_what_is_written_is_what_is_answered(tmp_path: Path) -> None:
    # blocks: another ladder for large files
    items = two_sides(800)
    items.write_parquet(tmp_path / "items.parquet")
    told = reconcile(items, bench_context())
    certificate = reconcile_file(tmp_path / "items.parquet", bench_context(), tmp_path)
    assert_frame_equal(certificate, told.certificate)
    for name in ("groups", "dispositions", "breaks"):
        assert_frame_equal(pl.read_parquet(tmp_path / f"{name}.parquet"), getattr(told, name), check_row_order=False)


@pytest.mark.parametrize(
    ("change", "words"),
    [
        (pl.lit("ledger:1:1").alias("item_key"), "items.item_key"),
        (pl.lit("moon").alias("source"), "items.source is none of"),
        (pl.col("amount_minor").cast(pl.Float64), "expected integer minor units"),
        (pl.lit(None, pl.String()).alias("account"), "items.account is null"),
    ],
)
def test_a_file_that_is_not_the_normal_form_is_refused_before_anything_is_written(tmp_path: Path, change: pl.Expr, words: str) -> None:
    two_sides(400).with_columns(change).write_parquet(tmp_path / "items.parquet")
    with pytest.raises(ContractBroken, match=words):
        reconcile_file(tmp_path / "items.parquet", bench_context(), tmp_path)
    assert [path.name for path in tmp_path.iterdir()] == ["items.parquet"]
