"""Are the definitions what the last reviewed diff said, light to import, and each asset with a group, an owner and a description."""

from __future__ import annotations

from typing import Any

import pytest
from syrupy.assertion import SnapshotAssertion

from transactional.vocabulary.domains import BY_NAME

LAYER_GROUPS = {"catalogues", "core", "serve"}


@pytest.mark.golden
def test_the_graph_is_the_reviewed_one(definitions: dict[str, Any], snapshot: SnapshotAssertion) -> None:
    graph = {key: {"group": asset["group"], "deps": asset["deps"], "checks": asset["checks"]} for key, asset in definitions["assets"].items()}
    assert {"assets": graph, **{kind: definitions[kind] for kind in ("jobs", "schedules", "sensors")}} == snapshot


def test_definitions_load_nothing_heavy(definitions: dict[str, Any]) -> None:
    # great-expectations costs 7 s of CPU, and every process that loads definitions would pay it
    assert definitions["heavy"] == []


def test_every_asset_is_in_a_domain_or_names_its_source(definitions: dict[str, Any]) -> None:
    homeless = {
        key: asset["group"]
        for key, asset in definitions["assets"].items()
        if asset["group"] not in BY_NAME and asset["group"] not in LAYER_GROUPS and not asset["group"].startswith("source_")
    }
    assert homeless == {}


def test_every_asset_has_an_owner_and_a_description(definitions: dict[str, Any]) -> None:
    bare = [key for key, asset in definitions["assets"].items() if asset["materializable"] and not (asset["owners"] and asset["described"])]
    assert bare == []


def test_every_asset_says_what_makes_it_and_what_each_of_its_columns_means(definitions: dict[str, Any]) -> None:
    made = {key: asset for key, asset in definitions["assets"].items() if asset["materializable"]}
    assert [key for key, asset in made.items() if not {"python", "dbt"} & set(asset["kinds"])] == []
    assert [key for key, asset in made.items() if not asset["columns"]] == []
    assert [f"{key}.{name}" for key, asset in made.items() for name, meaning in asset["columns"].items() if not meaning] == []


def test_keys_are_schema_and_table(definitions: dict[str, Any]) -> None:
    assert [key for key in definitions["assets"] if len(key.split("/")) != 2] == []


def test_names_of_jobs_and_their_triggers_share_a_stem(definitions: dict[str, Any]) -> None:
    assert [job for job in definitions["jobs"] if not job.endswith("_job")] == []
    assert [name for name in definitions["schedules"] if not name.endswith("_schedule")] == []
    assert [name for name in definitions["sensors"] if not name.endswith("_sensor")] == []
