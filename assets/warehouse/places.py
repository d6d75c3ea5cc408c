"""Where is a node of dbt's manifest: schema, relation, layer and folder, read from its path. For the translator and the build.

The trap: `meta` blocks in YAML that repeat for each source what the path says already. A node's place is read from its path, once; models and
sources are treated alike, so a source and the Python asset that writes its table are one node.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Self

import dagster as dg

from pipelines.asset_specs import group_of


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
