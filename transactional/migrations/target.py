"""What should the schema be: every table of every models module and every table contract. For autogenerate and its test.

Found by place, not by a list: `transactional/<domain>/models.py` declares on `transactional.db.base.metadata`; `assets/<domain>/tables.py` holds
contracts (`vocabulary.tables.Table` as module attributes). The trap: a models module nobody imported is a table autogenerate wants to drop.
"""

from __future__ import annotations

import importlib
from pathlib import Path
from typing import Any

import sqlalchemy as sa

from transactional.db.base import NAMING, metadata
from transactional.db.contracts import sqlalchemy_table
from transactional.vocabulary.tables import Table

VERSION_SCHEMA = "migrations"
MANAGED_SCHEMAS = ("app", "raw", "derived")
COMPARISON: dict[str, Any] = {
    "version_table_schema": VERSION_SCHEMA,
    "include_schemas": True,
    # dbt's schemas are not ours to compare
    "include_name": lambda name, kind, _parents: name in MANAGED_SCHEMAS if kind == "schema" else True,
    "compare_type": True,
    "compare_server_default": True,
}
"""How Alembic compares: the same for drafting a revision and for the test that there is nothing to draft."""
_ROOT = Path(__file__).parents[2]


def target_metadata() -> list[sa.MetaData]:
    """The app tables and the contracts' tables, as Alembic compares them. Raises: ValueError when two contracts claim one address."""
    for module in _modules("transactional", "models.py"):
        importlib.import_module(module)
    contracts = sa.MetaData(naming_convention=NAMING)
    for table in table_contracts():
        sqlalchemy_table(table, contracts)
    return [metadata, contracts]


def table_contracts() -> list[Table]:
    """Each contract of schemas that migrations manage, once, by address."""
    found: dict[str, Table] = {}
    for module in _modules("assets", "tables.py"):
        for table in _tables_of(module):
            if found.setdefault(table.address, table) is not table:
                raise ValueError(f"two contracts describe {table.address}; the second is in {module}")
    return [found[address] for address in sorted(found) if found[address].schema in MANAGED_SCHEMAS]


def _tables_of(module: str) -> list[Table]:
    values = vars(importlib.import_module(module)).values()
    listed = [item for value in values if isinstance(value, tuple) for item in value]
    return [item for item in (*values, *listed) if isinstance(item, Table)]


def _modules(package: str, filename: str) -> list[str]:
    return [".".join(path.relative_to(_ROOT).with_suffix("").parts) for path in sorted((_ROOT / package).rglob(filename))]
