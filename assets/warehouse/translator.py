"""Which asset is a dbt node: its address, its folder's group, its domain's owner. No names in here (house style P6); places.py reads the path."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import dagster as dg
from dagster_dbt import DagsterDbtTranslator, DbtProject

from assets.warehouse.places import Place
from pipelines.asset_specs import owner_of


class CountroomTranslator(DagsterDbtTranslator):
    """dbt node to asset spec: key, group and owner from the node's place; the rest as dagster-dbt does it."""

    def get_asset_spec(self, manifest: Mapping[str, Any], unique_id: str, project: DbtProject | None) -> dg.AssetSpec:
        """The spec of a model or source."""
        spec = super().get_asset_spec(manifest, unique_id, project)
        place = Place.of(self.get_resource_props(manifest, unique_id))
        return spec.replace_attributes(key=place.key, group_name=place.group, owners=[owner_of(place.group)])

    def get_asset_key(self, dbt_resource_props: Mapping[str, Any]) -> dg.AssetKey:
        """Used by dagster-dbt for dependencies and tests."""
        return Place.of(dbt_resource_props).key
