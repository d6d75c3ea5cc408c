"""What SQL needs to weigh and to group attempts as Python does, as frames: one row per second of an hour, one per band of amounts. Pure."""

from __future__ import annotations

import polars as pl

from assets.payments.scorecards.decay import decay_weights
from assets.payments.scorecards.parameters import Parameters
from assets.payments.scorecards.tables import AMOUNT_BANDS, DECAY_WEIGHTS
from transactional.payments.scorecards.cells import AMOUNT_BANDS as BANDS
from transactional.vocabulary.tables import Table


def registry(table: Table, parameters: Parameters) -> pl.DataFrame:
    """The rows of DECAY_WEIGHTS or AMOUNT_BANDS. Raises: KeyError for another table."""
    return {DECAY_WEIGHTS.name: lambda: decay_weights(parameters.half_life_seconds), AMOUNT_BANDS.name: _bands}[table.name]()


def _bands() -> pl.DataFrame:
    schema = {"amount_band": pl.String(), "exponent": pl.Int32(), "from_minor": pl.Int64(), "below_minor": pl.Int64()}
    return pl.DataFrame([(band.name, band.exponent, band.from_minor, band.below_minor) for band in BANDS], schema=schema, orient="row")
