"""Files whose days stand in their name only: equal bytes are another file where the name says another day or report, and a repetition where it does not."""

from __future__ import annotations

from collections.abc import Callable
from uuid import UUID

import psycopg
import pytest

from assets.landing.again import land_again, originals_of
from assets.landing.detection import FolderHints
from assets.landing.doors import LandedFile
from pipelines.resources.object_store import FolderStore
from pipelines.resources.warehouse import Warehouse
from tests.conftest import REPOSITORY
from tests.integration.landing.offers import Land
from transactional.db.engine import PIPELINE_ROLE

SUMMARY = b"category,description,net_amount,currency\nstarting_balance,,10.00,usd\nactivity,,0.00,usd\npayouts,,0.00,usd\nending_balance,,10.00,usd\n"
ACTIVITY = (REPOSITORY / "tests/data/psps/stripe/balance_change_from_activity_itemized_2026-02-02.csv").read_bytes()
NO_LINE = ACTIVITY.split(b"\n")[0] + b"\n"
OURS, THEIRS = (FolderHints(f"psp/stripe/{account}", "stripe", account) for account in ("acct_1", "acct_2"))
LIST, LATER_LIST, MOVES = "ending_balance_2026-02-02.csv", "ending_balance_2026-02-03.csv", "balance_change_from_activity_itemized_2026-02-02.csv"
TOLD = {
    "files": "select file_id::text, sha256, said_by_name, name, report, account, version, state, rows_in from raw.source_files order by 1",
    "open": "select _file_id::text, _source_line, balance_on::text, net_minor from raw.psp__balance_lines order by 1, 2",
    "activity": "select _file_id::text, _source_line, booked_on::text, net_minor from raw.psp__activity_lines order by 1, 2",
    "balances": "select _file_id::text, statement_id, bank_account, closing_minor from raw.bank__statements order by 1, 2",
}


def told(warehouse: Warehouse) -> dict[str, list[tuple[object, ...]]]:
    return {name: warehouse.read(query).rows() for name, query in TOLD.items()}


def statuses(*files: LandedFile) -> list[str]:
    return [file.status for file in files]


def test_two_days_on_which_nothing_moved_are_two_summaries(land: Land, warehouse: Warehouse, store: FolderStore) -> None:
    days = [land(SUMMARY, f"balance_summary_2026-02-0{day}.csv", OURS) for day in (3, 4)]
    assert statuses(*days, land(SUMMARY, "balance_summary_2026-02-04.csv", THEIRS)) == ["landed"] * 3
    assert warehouse.read("select bank_account, closing_date::text from raw.bank__statements order by 1, 2").rows() == [
        ("stripe acct_1", "2026-02-03"),
        ("stripe acct_1", "2026-02-04"),
        ("stripe acct_2", "2026-02-04"),
    ]
    assert {file.sha256 for file in days} == {days[0].sha256}
    assert warehouse.read("select distinct object_key from raw.source_files").height == 1, "the original is kept once, by its bytes"


def test_the_same_day_under_another_name_is_a_repetition(land: Land, warehouse: Warehouse) -> None:
    # the trap: the name taken for what it says, so that a copy counts twice
    first, list_, moves = land(SUMMARY, "balance_summary_2026-02-03.csv", OURS), land(ACTIVITY, LIST, OURS), land(ACTIVITY, MOVES, OURS)
    before = told(warehouse)
    copies = [
        land(SUMMARY, "copy of balance_summary_2026-02-03_to_2026-02-03.csv", OURS),
        land(SUMMARY, "balance_summary_2026-02-03.csv", FolderHints("elsewhere")),
        land(ACTIVITY, f"copy of {LIST}", OURS),
        land(ACTIVITY, f"copy of {MOVES}", OURS),
    ]
    assert statuses(*copies) == ["duplicate"] * 4
    assert [copy.file_id for copy in copies] == [first.file_id, first.file_id, list_.file_id, moves.file_id]
    assert told(warehouse) == before
    assert warehouse.read("select file_id::text from raw.file_sightings order by seen_at, sighting_id").to_series().sort().to_list() == sorted(
        str(copy.file_id) for copy in copies
    )


@pytest.mark.parametrize("content", [ACTIVITY, NO_LINE], ids=["lines", "no line"])
def test_lists_and_activity_of_the_same_bytes_land_in_either_order_and_from_originals(
    content: bytes, land: Land, warehouse: Warehouse, store: FolderStore, new_database: Callable[[], str]
) -> None:
    # the trap: the first to come took the place of the others, so the order of files decided which marts there were
    ours = [land(content, name, OURS) for name in (LIST, LATER_LIST, MOVES)]
    assert statuses(*ours) == ["landed"] * 3
    lines = ours[2].counts.landed
    assert [len(rows) for rows in told(warehouse).values()] == [3, 2 * lines, lines, 0]
    other = Warehouse(new_database(), role=PIPELINE_ROLE)
    with warehouse.connect() as connection:
        originals = originals_of(connection)
    with other.connect() as connection:
        assert statuses(*land_again(originals[::-1], connection, store)) == ["landed"] * 3
    with other.connect() as connection:
        assert statuses(*land_again(originals, connection, store)) == ["duplicate"] * 3
    assert told(other) == told(warehouse)


def test_the_id_of_a_file_that_says_all_in_its_content_is_of_its_bytes_alone(land: Land) -> None:
    list_, moves = land(ACTIVITY, LIST, OURS), land(ACTIVITY, MOVES, OURS)
    assert moves.file_id == UUID(hex=moves.sha256[:32]) != list_.file_id


def test_two_days_without_a_line_are_two_reports(land: Land) -> None:
    days = [land(NO_LINE, f"balance_change_from_activity_itemized_2026-02-0{day}.csv", OURS) for day in (2, 3, 3)]
    assert statuses(*days) == ["landed", "landed", "duplicate"]


def test_a_refusal_ends_when_the_file_lands(land: Land, warehouse: Warehouse, monkeypatch: pytest.MonkeyPatch) -> None:
    with monkeypatch.context() as patch:
        patch.setattr("assets.landing.doors.LARGEST_FILE_BYTES", 10)
        assert land(SUMMARY, "balance_summary_2026-02-03.csv", OURS).status == "refused"
    assert land(SUMMARY, "balance_summary_2026-02-03.csv", OURS).status == "landed"
    assert warehouse.read("select state, refusal from raw.source_files").rows() == [("landed", None)]


def test_a_name_without_a_day_is_refused_beside_the_file_of_the_same_bytes(land: Land, warehouse: Warehouse) -> None:
    # the trap: taken for a repetition, or refused with no row that says so, because the bytes are another file's
    land(SUMMARY, "balance_summary_2026-02-03.csv", OURS), land(ACTIVITY, MOVES, OURS)
    assert statuses(land(SUMMARY, "balance_summary.csv", OURS), land(ACTIVITY, "ending_balance.csv", OURS)) == ["refused"] * 2
    assert warehouse.read("select name from raw.source_files where state = 'refused' order by 1").rows() == [
        ("balance_summary.csv",),
        ("ending_balance.csv",),
    ]


def test_a_file_that_landed_before_names_counted_is_still_known(land: Land, warehouse: Warehouse, database_url: str) -> None:
    # the trap: every summary of a warehouse landed once more, because its id is of its bytes alone
    first = land(SUMMARY, "balance_summary_2026-02-03.csv", OURS)
    with psycopg.connect(database_url) as connection:
        connection.execute("set session_replication_role = replica")
        connection.execute("update raw.source_files set said_by_name = null, file_id = left(sha256, 32)::uuid")
    again = land(SUMMARY, "balance_summary_2026-02-03.csv", OURS)
    assert (again.status, again.file_id) == ("duplicate", UUID(hex=first.sha256[:32]))
    assert land(SUMMARY, "balance_summary_2026-02-04.csv", OURS).status == "landed"
