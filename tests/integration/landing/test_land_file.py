"""The door: once, whole or not at all, counted."""

from __future__ import annotations

import threading
from datetime import timedelta
from typing import Any

import psycopg
import pytest

from assets.landing.detection import FolderHints
from assets.landing.doors import LandedFile, land_file
from pipelines.resources.object_store import FolderStore
from pipelines.resources.warehouse import Warehouse
from tests.integration.landing.offers import HISTORY, NOW, STATEMENT, Land, totals
from transactional.vocabulary.errors import InvariantBroken


def test_a_file_lands_with_its_counts_and_its_original(land: Land, warehouse: Warehouse, store: FolderStore) -> None:
    landed = land(STATEMENT, "s.sta", FolderHints("in/bank", source="bank"))
    assert (landed.status, landed.source, landed.report, landed.account, landed.version) == ("landed", "bank", "mt940", "DE89370400440532013000", 1)
    assert (landed.counts.rows_in, landed.counts.landed, landed.counts.rejected, landed.counts.duplicate) == (3, 2, 1, 0)
    assert landed.errors == ("s.sta, line 7, column ':61: value date': '260230' is no date; expected YYMMDD",)
    (line,) = warehouse.read(
        "select amount_minor, _file_sha256, _source_file, _file_version, _source_line, _loaded_at from raw.bank__statement_lines"
    ).rows()
    assert line == (1250, landed.sha256, "s.sta", 1, 1, NOW)
    assert warehouse.read("select difference_minor from raw.bank__statements").item() == 100
    (key,) = warehouse.read("select object_key from raw.source_files").to_series()
    assert store.get(key) == STATEMENT


def test_the_same_bytes_again_change_no_total_under_whatever_name(land: Land, warehouse: Warehouse) -> None:
    land(STATEMENT, "s.sta")
    before = totals(warehouse)
    again = land(STATEMENT, "copy of s.sta", FolderHints("elsewhere"), NOW + timedelta(hours=1))
    assert (again.status, again.counts.rows_in, again.counts.duplicate, again.counts.landed) == ("duplicate", 3, 3, 0)
    assert again.is_clean
    assert totals(warehouse) == before
    assert warehouse.read("select name, folder, rows_duplicate from raw.file_sightings").rows() == [("copy of s.sta", "elsewhere", 3)]


def test_the_same_name_with_other_bytes_is_the_next_version(land: Land, warehouse: Warehouse) -> None:
    versions = [land(STATEMENT.replace(b"12,50", amount), "s.sta").version for amount in (b"12,50", b"12,51", b"12,52")]
    assert versions == [1, 2, 3]
    assert land(STATEMENT.replace(b"12,50", b"12,53"), "other.sta").version == 1
    assert land(STATEMENT.replace(b"DE89370400440532013000", b"OTHER"), "s.sta").version == 1, "another account's file of that name"
    assert warehouse.read("select _file_version, amount_minor from raw.bank__statement_lines where _source_file = 's.sta' order by 2, 1").rows()[
        -1
    ] == (
        3,
        1252,
    )


def test_a_refused_file_leaves_no_row_but_its_reason_and_may_be_offered_again(land: Land, warehouse: Warehouse, store: FolderStore) -> None:
    refused = land(b"<html></html>", "s.xml")
    assert (refused.status, refused.counts.rows_in) == ("refused", 0)
    again = land(b"<html></html>", "s.xml", now=NOW + timedelta(hours=1))
    assert (again.status, again.errors) == ("refused", refused.errors)
    assert totals(warehouse)["files"] == [
        (refused.sha256, "s.xml", "unknown", "unknown", None, 0, "refused", 0, 0, 0, 0, "s.xml, line 1: XML, but not camt.052, camt.053 or camt.054")
    ]
    assert store.exists(f"originals/{refused.sha256[:2]}/{refused.sha256}"), "the evidence is kept"


def test_a_refused_file_lands_once_its_parser_knows_it(land: Land, warehouse: Warehouse, monkeypatch: pytest.MonkeyPatch) -> None:
    with monkeypatch.context() as patch:
        patch.setattr("assets.landing.doors.LARGEST_FILE_BYTES", 10)
        assert land(STATEMENT, "s.sta").status == "refused"
    assert land(STATEMENT, "s.sta").status == "landed"
    assert [row[6] for row in totals(warehouse)["files"]] == ["landed"]


def test_a_file_in_the_wrong_folder_lands_nothing(land: Land, warehouse: Warehouse) -> None:
    refused = land(STATEMENT, "s.sta", FolderHints("psp/adyen/X", "adyen", "X"))
    assert refused.errors == ("s.sta: lies in the folder of 'adyen', but its content is mt940 of 'bank'",)
    assert totals(warehouse)["lines"] == []


def test_a_history_that_comes_every_day_lands_only_its_news(land: Land, warehouse: Warehouse) -> None:
    first = land(HISTORY, "h.csv")
    longer = land(HISTORY.replace(b"JPY,\n", b"JPY,\n2026-03-04,1.09,162,\n"), "h.csv", now=NOW + timedelta(days=1))
    restated = land(HISTORY.replace(b"1.0810", b"1.0811"), "h.csv", now=NOW + timedelta(days=2))
    back_again = land(HISTORY + b"\n", "h.csv", now=NOW + timedelta(days=3))
    assert [(each.counts.landed, each.counts.duplicate) for each in (first, longer, restated, back_again)] == [(4, 0), (2, 4), (1, 3), (1, 3)]
    assert warehouse.read("select count(*) from raw.fx__rates").item() == 8


def test_two_processes_with_the_same_file_land_it_once(warehouse: Warehouse, store: FolderStore) -> None:
    begin, outcomes = threading.Barrier(6), list[LandedFile]()

    def offer() -> None:
        with warehouse.connect() as connection:
            begin.wait()
            outcomes.append(land_file(STATEMENT, "s.sta", FolderHints(), connection, store, now=NOW))

    _together(offer, 6)
    assert sorted(outcome.status for outcome in outcomes) == ["duplicate"] * 5 + ["landed"]
    assert len(totals(warehouse)["lines"]) == 1
    assert warehouse.read("select count(*) from raw.file_sightings").item() == 5


def test_two_files_of_one_name_at_once_are_two_versions(warehouse: Warehouse, store: FolderStore) -> None:
    begin, outcomes, contents = threading.Barrier(6), list[LandedFile](), [STATEMENT.replace(b"12,50", f"12,5{n}".encode()) for n in range(6)]

    def offer() -> None:
        content = contents.pop()
        with warehouse.connect() as connection:
            begin.wait()
            outcomes.append(land_file(content, "s.sta", FolderHints(), connection, store, now=NOW))

    _together(offer, 6)
    assert sorted(outcome.version for outcome in outcomes) == [1, 2, 3, 4, 5, 6]


def test_a_failure_while_writing_leaves_nothing(
    land: Land, warehouse: Warehouse, landing: psycopg.Connection[Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    def disk_full(*_: object) -> None:
        raise psycopg.errors.DiskFull("no space left")

    monkeypatch.setattr("assets.landing.registry.record_rejected", disk_full)
    with pytest.raises(psycopg.errors.DiskFull):
        land(STATEMENT, "s.sta")
    assert {name for name, rows in totals(warehouse).items() if rows} == set()
    assert landing.info.transaction_status == psycopg.pq.TransactionStatus.IDLE
    monkeypatch.undo()
    assert land(STATEMENT, "s.sta").status == "landed"


def test_a_file_inside_somebody_s_transaction_is_our_bug(land: Land, landing: psycopg.Connection[Any]) -> None:
    landing.execute("select 1")
    with pytest.raises(InvariantBroken, match="idle"):
        land(STATEMENT, "s.sta")


@pytest.mark.parametrize(
    "statement",
    [
        "update raw.bank__statement_lines set amount_minor = 1",
        "delete from raw.bank__statement_lines",
        "truncate raw.bank__statement_lines",
        "delete from raw.rejected_rows",
        "update raw.source_files set rows_landed = 3, rows_rejected = 0",
        "delete from raw.source_files",
    ],
)
@pytest.mark.parametrize("role", [None, "countroom_pipeline"])
def test_what_landed_is_never_changed_not_even_by_the_owner(land: Land, database_url: str, statement: Any, role: str | None) -> None:
    land(STATEMENT, "s.sta")
    with (
        Warehouse(database_url, role=role).connect() as connection,
        pytest.raises((psycopg.errors.RestrictViolation, psycopg.errors.InsufficientPrivilege)),
    ):
        connection.execute(statement)


def test_rows_in_is_what_landed_was_rejected_or_known_and_the_table_says_so(land: Land, landing: psycopg.Connection[Any]) -> None:
    land(STATEMENT, "s.sta")
    with pytest.raises(psycopg.errors.CheckViolation, match="rows_add_up"):
        landing.execute(
            """insert into raw.source_files
               select ('0' || substr(sha256, 2, 31))::uuid, '0' || substr(sha256, 2), name, folder, source, report, account, 2, size_bytes,
                      received_at, object_key, state, rows_in + 1, rows_landed, rows_rejected, rows_duplicate, refusal from raw.source_files"""
        )


def _together(action: Any, count: int) -> None:
    threads = [threading.Thread(target=action) for _ in range(count)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
