"""Where is a dbt node: key, group and owner follow from its path, for models and sources alike."""

from __future__ import annotations

from typing import Any

import dagster as dg
import pytest

from assets.warehouse.places import Place
from pipelines.asset_specs import owner_of


def model(schema: str, alias: str, *folders: str) -> dict[str, Any]:
    return {"resource_type": "model", "schema": schema, "alias": alias, "fqn": ["countroom", *folders, alias]}


def source(schema: str, identifier: str) -> dict[str, Any]:
    return {"resource_type": "source", "schema": schema, "identifier": identifier, "fqn": ["countroom", "staging", "psp", "psp", identifier]}


@pytest.mark.parametrize(
    ("node", "key", "group", "owner"),
    [
        (model("reconciliation", "fct_breaks", "marts", "reconciliation"), "reconciliation/fct_breaks", "reconciliation", "team:finance"),
        (model("staging", "stg_psp__settlement_lines", "staging", "psp"), "staging/stg_psp__settlement_lines", "source_psp", "team:platform"),
        (model("core", "dim_date", "marts", "core"), "core/dim_date", "core", "team:platform"),
        (source("raw", "psp__settlement_lines"), "raw/psp__settlement_lines", "source_psp", "team:platform"),
        (source("raw", "source_files"), "raw/source_files", "source_landing", "team:platform"),
        (source("derived", "reconciliation__breaks"), "derived/reconciliation__breaks", "reconciliation", "team:finance"),
        (source("derived", "psp_catalogue"), "derived/psp_catalogue", "catalogues", "team:platform"),
    ],
)
def test_a_place_says_key_group_and_owner(node: dict[str, Any], key: str, group: str, owner: str) -> None:
    place = Place.of(node)
    assert place.key == dg.AssetKey.from_user_string(key)
    assert place.group == group
    assert owner_of(place.group) == owner


def test_the_table_python_writes_and_the_source_dbt_reads_are_one_asset() -> None:
    from assets.landing.tables import FILE_TABLES
    from pipelines.asset_specs import key_of, spec_of

    for table in FILE_TABLES:
        place = Place.of(source(table.schema, table.name))
        assert (key_of(table), spec_of(table).group_name) == (place.key, place.group)
