"""The doors a command needs that reads facts, marts and originals: the app database, the warehouse, the object store. For composition roots."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

from sqlalchemy import Engine

from pipelines.resources.object_store import ObjectStore, open_object_store
from pipelines.resources.warehouse import Warehouse
from pipelines.standing.state import nothing_published
from transactional.db.engine import PIPELINE_ROLE, SERVICE_ROLE, make_engine
from transactional.db.location import locate_databases
from transactional.migrations.runner import revision_state
from transactional.settings import Settings


@dataclass(frozen=True, slots=True)
class Doors:
    """`app` acts as the service, `warehouse` as the pipeline."""

    app: Engine
    warehouse: Warehouse
    store: ObjectStore


@contextmanager
def doors_of(settings: Settings) -> Iterator[Doors]:
    """The doors of one configuration. Raises: Refused (`nothing_published`) where not even a schema is."""
    databases = locate_databases(settings)
    if revision_state(databases.warehouse_url).current is None:
        raise nothing_published()
    engine = make_engine(databases.app_url, role=SERVICE_ROLE, application_name="countroom close", pool_size=1)
    try:
        store = open_object_store(settings.object_store, settings.object_store_endpoint_url)
        yield Doors(engine, Warehouse(databases.warehouse_url, role=PIPELINE_ROLE), store)
    finally:
        engine.dispose()
