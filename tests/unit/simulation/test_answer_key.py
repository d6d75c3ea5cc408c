"""The key names what is in the files, and every promised mistake is there."""

from __future__ import annotations

import hashlib
import io
from collections import Counter

import polars as pl
import pytest

from transactional.simulation.world import CLASSES, World, WorldSpec, answer_key, build

PROMISED = """missing_in_ledger missing_at_psp missing_in_settlement missing_at_bank duplicate_ledger duplicate_psp duplicate_file amount currency exponent
sign fee_variance fx_variance batch_residue batch_gap restated unknown_kind orphan_chargeback reversal_unposted chargeback_unposted payout_returned
timing_open""".split()


@pytest.mark.slow
def test_the_default_world_has_every_promised_class_at_least_twice_and_spread() -> None:
    key = pl.read_parquet(io.BytesIO(answer_key(build(WorldSpec(2_000, 30, 1)))))
    counts = dict(key["break_class"].value_counts().iter_rows())
    assert {name: counts.get(name, 0) for name in PROMISED if counts.get(name, 0) < 2} == {}
    assert key["psp"].drop_nulls().n_unique() == 2
    assert {"EUR", "GBP", "USD", "JPY", "KWD", "TRY", "CAD"} <= set(key["currency"])


def test_nothing_is_planted_that_was_not_asked_for(quiet: World) -> None:
    assert {row.break_class for row in quiet.expected} == {"timing_open"}


def test_every_item_key_names_a_line_that_exists(mistaken: World) -> None:
    lines = {hashlib.sha256(content).hexdigest()[:12]: content.count(b"\n") for content in mistaken.files.values()}
    entries = {
        hashlib.sha256(content).hexdigest()[:12]: content.count(b"<Ntry>") + content.count(b":61:") + content.count(b"\n16,")
        for content in mistaken.files.values()
    }
    key = pl.read_parquet(io.BytesIO(answer_key(mistaken)))
    for item in key["item_keys"].explode().drop_nulls():
        source, *parts = item.split(":")
        if source in ("activity", "settlement", "payout"):
            assert 2 <= int(parts[1]) <= lines[parts[0]], item
        elif source == "bank":
            assert 1 <= int(parts[1]) <= entries[parts[0]], item


def test_no_item_carries_two_mistakes(mistaken: World) -> None:
    # blocks: two mistakes on one line, of which a reconciliation can only find one
    items = Counter(spot for row in mistaken.expected for spot in row.spots)
    assert [spot for spot, count in items.items() if count > 1] == []


def test_a_restated_file_comes_again_under_the_same_name_last(mistaken: World) -> None:
    again = [path for path in mistaken.files if path.startswith("v2/")]
    assert again
    for path in again:
        assert mistaken.files[path.removeprefix("v2/")] != mistaken.files[path]
    assert sorted(mistaken.files)[-len(again) :] == sorted(again)


def test_every_class_of_mistake_has_a_place_in_the_list_that_the_command_line_shows() -> None:
    assert set(PROMISED) - {"timing_open"} <= set(CLASSES)
