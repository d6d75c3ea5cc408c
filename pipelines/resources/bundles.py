"""The door to evidence bundles: kept for a day, told as rows. For the job that keeps evidence, which knows neither reports nor closes."""

from __future__ import annotations

from datetime import date
from typing import TYPE_CHECKING, Protocol

import polars as pl

if TYPE_CHECKING:
    import dagster as dg


class Bundles(Protocol):
    """Whoever makes and keeps bundles."""

    def keep(self, day: date, instance: dg.DagsterInstance) -> pl.DataFrame:
        """Keep the bundles of a day. Shape: reporting__evidence_bundles without `kept_at`. Raises: Refused (`nothing_published`)."""
