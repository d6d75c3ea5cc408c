"""The typed door to the warehouse: what goes in comes out, a partition is replaced whole or not at all."""

from __future__ import annotations

from datetime import UTC, date, datetime

import polars as pl
import psycopg
import pytest

from pipelines.resources.frames import polars_schema
from pipelines.resources.warehouse import Warehouse, append, replace
from transactional.vocabulary.errors import ContractBroken, Transient
from transactional.vocabulary.tables import Column, ColumnType, Table

T = ColumnType
TABLE = Table(
    "derived",
    "things",
    "one thing of one day",
    (
        Column("day", T.DATE, ""),
        Column("name", T.TEXT, ""),
        Column("amount_minor", T.BIGINT, "", nullable=True),
        Column("number", T.INTEGER, "", nullable=True),
        Column("flag", T.BOOLEAN, "", nullable=True),
        Column("seen_at", T.TIMESTAMPTZ, "", nullable=True),
        Column("rate", T.NUMERIC, "", nullable=True),
        Column("fields", T.JSONB, "", nullable=True),
        Column("thing_id", T.UUID, "", nullable=True),
    ),
    key=("day", "name"),
    partition="day",
)
MONDAY, TUESDAY = date(2026, 3, 2), date(2026, 3, 3)
# every text that COPY could misread: an end of data, an escape, a null, line ends, quotes, an empty text
NASTY = ["\\.", "a\n\\.\nb", "\\N", "\\", "", "tab\there", "cr\rlf\n", 'quo"te', "ünï ☃", "null", " spaces "]


@pytest.fixture
def warehouse(database_url: str) -> Warehouse:
    made = Warehouse(database_url, role="countroom_pipeline")
    columns = ", ".join(f"{column.name} {column.type.value}" for column in TABLE.columns)
    with made.transaction() as connection:
        connection.execute(f"create table derived.things ({columns}, primary key (day, name))")  # type: ignore[arg-type]
    return made


def frame(day: date, names: list[str], **values: object) -> pl.DataFrame:
    return pl.DataFrame(
        {
            column.name: {"day": [day] * len(names), "name": names}.get(column.name, [values.get(column.name)] * len(names))
            for column in TABLE.columns
        },
        schema=polars_schema(TABLE),
    )


def test_every_type_and_every_nasty_text_comes_back_as_it_went_in(warehouse: Warehouse) -> None:
    moment = datetime(2026, 3, 2, 23, 59, 59, 123456, tzinfo=UTC)
    full = frame(
        MONDAY,
        NASTY,
        amount_minor=-(2**62),
        number=7,
        flag=True,
        seen_at=moment,
        rate="0.123456789012345678",
        fields='{"a": "\\\\n\\""}',
        thing_id="00000000-0000-0000-0000-000000000001",
    )
    sent = pl.concat([full, frame(TUESDAY, NASTY)])
    assert warehouse.append(TABLE, sent) == 2 * len(NASTY)
    assert warehouse.read(TABLE).sort("day", "name").equals(sent.sort("day", "name"))


def test_an_empty_table_reads_with_its_types(warehouse: Warehouse) -> None:
    assert warehouse.read(TABLE).schema == polars_schema(TABLE)
    assert warehouse.append(TABLE, warehouse.read(TABLE)) == 0


def test_a_partition_is_replaced_and_the_others_stay(warehouse: Warehouse) -> None:
    warehouse.append(TABLE, pl.concat([frame(MONDAY, ["a", "b"]), frame(TUESDAY, ["a"])]))
    for _ in range(2):
        assert warehouse.replace(TABLE, frame(MONDAY, ["c"]), MONDAY) == 1
    assert warehouse.read("select day, name from derived.things order by 1").rows() == [(MONDAY, "c"), (TUESDAY, "a")]
    assert warehouse.replace(TABLE, frame(MONDAY, []), MONDAY) == 0
    assert warehouse.read("select count(*) from derived.things").item() == 1


def test_a_row_of_another_partition_is_refused_and_nothing_is_deleted(warehouse: Warehouse) -> None:
    warehouse.append(TABLE, frame(MONDAY, ["a"]))
    for rows, partition in ((frame(TUESDAY, ["x"]), MONDAY), (frame(MONDAY, ["x"]), None)):
        with pytest.raises(ContractBroken) as caught:
            warehouse.replace(TABLE, rows, partition)
        assert caught.value.code == "partition"
    assert warehouse.read("select name from derived.things").to_series().to_list() == ["a"]


def test_a_replace_that_fails_half_way_leaves_what_was_there(warehouse: Warehouse) -> None:
    warehouse.append(TABLE, frame(MONDAY, ["a"]))
    with pytest.raises(psycopg.errors.InvalidTextRepresentation):
        warehouse.replace(TABLE, frame(MONDAY, ["b", "c"], fields="not json"), MONDAY)
    assert warehouse.read("select name from derived.things").to_series().to_list() == ["a"]


def test_several_tables_become_true_together(warehouse: Warehouse) -> None:
    with warehouse.transaction() as connection:
        append(connection, TABLE, frame(MONDAY, ["a"]))
        replace(connection, TABLE, frame(TUESDAY, ["b"]), TUESDAY)
        assert warehouse.read(TABLE).is_empty(), "seen from outside"
        connection.rollback()
        replace(connection, TABLE, frame(TUESDAY, ["c"]), TUESDAY)
    assert warehouse.read("select name from derived.things").to_series().to_list() == ["c"]


def test_parameters_are_sent_beside_the_query(warehouse: Warehouse) -> None:
    warehouse.append(TABLE, frame(MONDAY, ["a", "'; drop table derived.things; --"]))
    found = warehouse.read("select name from derived.things where name = $1", ["'; drop table derived.things; --"])
    assert found.height == 1


def test_sessions_act_as_the_given_role_in_utc(warehouse: Warehouse) -> None:
    assert warehouse.read("select current_user::text, current_setting('timezone')").rows() == [("countroom_pipeline", "UTC")]
    with warehouse.connect() as connection:
        assert connection.execute("select current_user, current_setting('timezone')").fetchone() == ("countroom_pipeline", "UTC")


def test_an_unreachable_warehouse_is_transient_and_shows_no_password() -> None:
    with pytest.raises(Transient) as caught:
        Warehouse("postgresql://somebody:s3cret@127.0.0.1:1/none").connect()
    assert "s3cret" not in str(caught.value)
    assert "s3cret" not in repr(Warehouse("postgresql://somebody:s3cret@127.0.0.1:1/none"))
