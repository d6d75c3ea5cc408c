"""Is a Parquet file of items reconciled as the same items in memory are, and refused as they would be?"""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path

import polars as pl
import pytest
from polars.testing import assert_frame_equal

from assets.reconciliation.layers import plain
from assets.reconciliation.matching import reconcile, reconcile_file
from pipelines.benchmarks.contenders import bench_context
from pipelines.benchmarks.two_sides import AS_OF, two_sides
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


def test_a_file_read_in_parts_and_cut_at_its_moment_is_the_same_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    # blocks: a case in two parts of the references, a case told by the row of another part, and an item nobody knew yet that ends somewhere
    items = two_sides(800).with_columns(
        known_at=pl.when(pl.col("item_key") == "settlement:100:1").then(pl.lit(AS_OF + timedelta(days=1))).otherwise("known_at"),
        currency=pl.when(pl.col("psp_reference").is_in(["P101", "P102"])).then(pl.lit("SEK")).otherwise("currency"),
    )
    items.write_parquet(tmp_path / "items.parquet")
    told = reconcile(items, bench_context(), shortcut=False)
    monkeypatch.setattr(plain, "_PART", 300)
    parts = reconcile(tmp_path / "items.parquet", bench_context())
    for name in ("groups", "dispositions", "breaks", "certificate"):
        assert_frame_equal(getattr(parts, name), getattr(told, name), check_row_order=False)
    assert "settlement:100:1" not in parts.dispositions["item_key"].to_list()


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
