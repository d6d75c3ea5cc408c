"""The registries of the service, published as tables: one asset per catalogue, written by one step."""

# no postponed annotations here: dagster reads the type of `context` as it stands
from collections.abc import Iterator

import dagster as dg

from assets.catalogues.registries import catalogue
from assets.catalogues.tables import CATALOGUES
from pipelines.asset_specs import key_of, spec_of
from pipelines.failures import told_to_dagster
from pipelines.resources.warehouse import Warehouse


@dg.multi_asset(specs=[spec_of(table) for table in CATALOGUES])
def catalogues(context: dg.AssetExecutionContext, warehouse: dg.ResourceParam[Warehouse]) -> Iterator[dg.MaterializeResult[None]]:
    """PSPs, merchant accounts, fee contracts, kinds, account classes and currencies, as the code of this run knows them."""
    with told_to_dagster("exporting the registries", context.retry_number):
        for table in CATALOGUES:
            written = warehouse.replace(table, catalogue(table))
            yield dg.MaterializeResult(asset_key=key_of(table), metadata={"dagster/row_count": written})
