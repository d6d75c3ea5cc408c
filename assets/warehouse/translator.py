"""Which asset is a dbt node: its address, its folder's group, its domain's owner. No names in here (house style P6).

The trap: `meta` blocks in YAML that repeat for each source what the path says already. A node's place is read from its path, once; models and
sources are treated alike, so a source and the Python asset that writes its table are one node.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Self

import dagster as dg
from dagster_dbt import DagsterDbtTranslator, DbtProject

from pipelines.asset_specs import group_of, owner_of


@dataclass(frozen=True, slots=True)
class Place:
    """Where a node lives: schema and relation, the layer and the folder that say what it is about."""

    schema: str
    relation: str
    layer: str
    folder: str

    @classmethod
    def of(cls, node: Mapping[str, Any]) -> Self:
        """The place of a model or source of the manifest."""
        if node["resource_type"] == "source":
            return cls(node["schema"], node["identifier"], "source", "")
        return cls(node["schema"], node["alias"], node["fqn"][1], node["fqn"][2])

    @property
    def key(self) -> dg.AssetKey:
        return dg.AssetKey([self.schema, self.relation])

    @property
    def group(self) -> str:
        if self.layer == "source":
            return group_of(self.schema, self.relation)
        return f"source_{self.folder}" if self.layer == "staging" else self.folder


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
