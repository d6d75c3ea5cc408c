"""Does the same dbt project say the same on PostgreSQL and on DuckDB, over the same raw rows, in every table, to the cent."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any, cast

import duckdb
import polars as pl
import pytest

from pipelines.resources.dbt import DbtTarget, project_folder
from pipelines.resources.warehouse import Warehouse
from tests.running_world import ROOT, RunWorld
from transactional.migrations.target import table_contracts
from transactional.vocabulary.tables import ColumnType

pytestmark = pytest.mark.slow

DUCKDB_TYPES = {
    ColumnType.TEXT: "varchar",
    ColumnType.BIGINT: "bigint",
    ColumnType.INTEGER: "integer",
    ColumnType.BOOLEAN: "boolean",
    ColumnType.DATE: "date",
    ColumnType.TIMESTAMPTZ: "timestamptz",
    ColumnType.NUMERIC: "decimal(38, 12)",
    ColumnType.DOUBLE: "double",
    ColumnType.JSONB: "varchar",
    ColumnType.UUID: "uuid",
}


WHOLE = {(pl.Int64(), pl.Int64()), (pl.Int32(), pl.Int32())}


@pytest.fixture(scope="module")
def duck(run_world: RunWorld, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A DuckDB file with the same raw and derived rows, and the project built on it, unit tests included."""
    folder = tmp_path_factory.mktemp("duck")
    path, warehouse = folder / "countroom.duckdb", Warehouse(run_world.url)
    with duckdb.connect(str(path)) as connection:
        connection.execute("set TimeZone = 'UTC'; create schema raw; create schema derived")
        for table in table_contracts():
            if table.schema in {"raw", "derived"}:
                warehouse.read(table).write_parquet(folder / f"{table.name}.parquet")
                columns = ", ".join(f'cast("{column.name}" as {DUCKDB_TYPES[column.type]}) as "{column.name}"' for column in table.columns)
                connection.execute(f"create table {table.address} as select {columns} from read_parquet('{folder / table.name}.parquet')")
    dbt_build(DbtTarget.duckdb(path), folder)
    return path


def dbt_build(target: DbtTarget, folder: Path) -> list[dict[str, Any]]:
    """A whole `dbt build`, tests and unit tests included; its results."""
    environment = os.environ | dict(target.environment) | {"DBT_TARGET_PATH": str(folder / "target"), "DBT_LOG_PATH": str(folder / "logs")}
    program = str(Path(sys.executable).with_name("dbt"))
    command = [program, "build", "--project-dir", str(project_folder()), "--profiles-dir", str(project_folder())]
    built = subprocess.run(command, cwd=ROOT, env=environment, capture_output=True, text=True, check=False, timeout=400)
    assert built.returncode == 0, built.stdout[-6000:]
    results: list[dict[str, Any]] = json.loads((folder / "target" / "run_results.json").read_text())["results"]
    return results


def tables(path: Path) -> Sequence[tuple[str, str]]:
    with duckdb.connect(str(path), read_only=True) as connection:
        found = connection.execute(
            "select table_schema, table_name from information_schema.tables where table_schema not in ('raw', 'derived', 'main') order by 1, 2"
        ).fetchall()
    return [(str(schema), str(name)) for schema, name in found]


def rows_of(frame: pl.DataFrame) -> list[tuple[str, ...]]:
    """Rows as text in an order of their own; instants in UTC, decimals by value."""
    exact = frame.select(
        pl.col(name).dt.convert_time_zone("UTC").dt.strftime("%Y-%m-%dT%H:%M:%S%.6f")
        if isinstance(dtype, pl.Datetime)
        else pl.col(name).cast(pl.String).str.replace(r"(\.\d*?)0+$", "$1")
        if dtype.is_decimal()
        else pl.col(name).cast(pl.String)
        for name, dtype in frame.schema.items()
    )
    return sorted(tuple("∅" if cell is None else cell for cell in row) for row in exact.iter_rows())


def from_duckdb(path: Path, schema: str, name: str) -> pl.DataFrame:
    with duckdb.connect(str(path), read_only=True) as connection:
        connection.execute("set TimeZone = 'UTC'")
        return cast(pl.DataFrame, pl.from_arrow(connection.sql(f"select * from {schema}.{name}").to_arrow_table()))


def from_postgres(run_world: RunWorld, schema: str, name: str, columns: Sequence[str]) -> pl.DataFrame:
    numeric = ", ".join(f'"{column}"::numeric(38, 12)::text as "{column}"' if column == "rate" else f'"{column}"' for column in columns)
    return Warehouse(run_world.url).read(f"select {numeric} from {schema}.{name}")  # type: ignore[arg-type]


def published_models(run_world: RunWorld) -> dict[tuple[str, str], dict[str, Any]]:
    """Every model that is a table or a view, by address."""
    manifest = json.loads((run_world.dbt_folder / "manifest.json").read_text())
    models = (node for node in manifest["nodes"].values() if node["resource_type"] == "model" and node["config"]["materialized"] != "ephemeral")
    return {(node["schema"], node["alias"]): node for node in models}


def test_every_model_is_compared(run_world: RunWorld, duck: Path) -> None:
    # the trap: a comparison of the tables that happen to be there
    assert set(tables(duck)) == set(published_models(run_world))


def test_money_is_a_whole_number_of_64_bits_on_both(run_world: RunWorld, duck: Path) -> None:
    # the trap: sum(bigint) is numeric in PostgreSQL and hugeint in DuckDB, and a division makes a float of either
    wrong = []
    for schema, name in published_models(run_world):
        theirs = from_duckdb(duck, schema, name)
        ours = from_postgres(run_world, schema, name, theirs.columns)
        wrong += [
            f"{schema}.{name}.{column}: {ours[column].dtype}, {theirs[column].dtype}"
            for column in theirs.columns
            if column.endswith(("_minor", "_count")) and (ours[column].dtype, theirs[column].dtype) not in WHOLE
        ]
    assert wrong == []


def test_every_table_is_the_same(run_world: RunWorld, duck: Path) -> None:
    different = {}
    for schema, name in published_models(run_world):
        theirs = from_duckdb(duck, schema, name)
        if "rate" in theirs.columns:
            theirs = theirs.with_columns(pl.col("rate").cast(pl.String))
        ours = from_postgres(run_world, schema, name, theirs.columns)
        if (left := rows_of(ours)) != (right := rows_of(theirs)):
            different[f"{schema}.{name}"] = [row for row in left if row not in right][:2], [row for row in right if row not in left][:2]
    assert different == {}


def test_the_comparison_saw_the_marts_and_money_in_them(duck: Path) -> None:
    # the trap: two empty warehouses agree
    names = {name for _, name in tables(duck)}
    assert {"fct_breaks", "fct_cases", "fct_postings", "agg_daily_account_balances", "int_reconciliation__items"} <= names
    for schema, name in (("reconciliation", "fct_breaks"), ("ledger", "fct_postings"), ("payments", "fct_payment_events")):
        assert from_duckdb(duck, schema, name).height > 20


def test_each_column_that_a_mart_has_is_documented_with_its_type(duck: Path, run_world: RunWorld) -> None:
    for (schema, name), node in published_models(run_world).items():
        assert sorted(node["columns"]) == sorted(from_duckdb(duck, schema, name).columns), node["name"]
