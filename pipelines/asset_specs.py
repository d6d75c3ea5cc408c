"""What does Dagster show of a table that Python writes: key, group, owner, columns, all from its contract. For every asset that writes one.

The trap: a description typed a second time beside the asset, and a group that says which tool wrote the table. The contract and the list of domains
say everything; adding a table needs no edit here.
"""

from __future__ import annotations

from collections.abc import Iterable

import dagster as dg

from transactional.vocabulary.domains import BY_NAME, PLATFORM_OWNER
from transactional.vocabulary.tables import Table

_CATALOGUE = "_catalogue"


def key_of(table: Table) -> dg.AssetKey:
    """[schema, table]: the same key dbt's sources have, so that the two meet without a mapping."""
    return dg.AssetKey([table.schema, table.name])


def group_of(schema: str, relation: str) -> str:
    """source_<system> for raw tables, the domain for results, `catalogues` for registries."""
    prefix, separator, _ = relation.partition("__")
    if schema == "raw":
        return f"source_{prefix}" if separator else "source_landing"
    return "catalogues" if relation.endswith(_CATALOGUE) else prefix


def owner_of(group: str) -> str:
    """Who answers for a group: the domain's team, the platform for the rest."""
    return BY_NAME[group].owner if group in BY_NAME else PLATFORM_OWNER


def spec_of(table: Table, deps: Iterable[dg.AssetKey] = (), *, skippable: bool = False) -> dg.AssetSpec:
    """The asset spec of one contract."""
    group = group_of(table.schema, table.name)
    columns = [
        dg.TableColumn(column.name, column.type.value, column.doc, dg.TableColumnConstraints(nullable=column.nullable)) for column in table.columns
    ]
    return dg.AssetSpec(
        key_of(table),
        deps=list(deps),
        description=f"Grain: one row per {table.grain.removeprefix('one ')}. Key: {', '.join(table.key)}.",
        metadata={"dagster/column_schema": dg.TableSchema(columns), "dagster/table_name": table.address},
        group_name=group,
        owners=[owner_of(group)],
        kinds={"python", "postgres"},
        skippable=skippable,
    )
