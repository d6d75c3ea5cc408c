"""Which matches have two people confirmed by a moment, and what did a run make of each? Pure; for whoever starts a run of the engine.

The trap: a signature that silently has no effect. A match that no longer holds (a line came, an amount changed) is told with its reason; its items are
breaks again by themselves.
"""

from __future__ import annotations

import polars as pl

from assets.reconciliation.context import ACCEPTED_SCHEMA
from assets.reconciliation.suggestions.tables import ACCEPTED_MATCHES
from pipelines.resources.frames import polars_schema

CONFIRMED = """
select said.suggestion_id, accepted.layer, accepted.item_keys, accepted.actor as accepted_by, said.actor as confirmed_by,
    said.recorded_at as confirmed_at
from raw.app__match_events as said
inner join raw.app__match_events as accepted on accepted.suggestion_id = said.suggestion_id and accepted.event_no = said.event_no - 1
where said.kind = 'confirmed' and said.recorded_at <= $1::timestamptz and not exists (
    select from raw.app__match_events as later
    where later.suggestion_id = said.suggestion_id and later.event_no > said.event_no and later.recorded_at <= $1::timestamptz)
order by said.suggestion_id
"""
"""What holds at a moment ($1): confirmed, and not taken back by then."""


def as_accepted(confirmed: pl.DataFrame) -> pl.DataFrame:
    """Shape: rows of CONFIRMED → ACCEPTED_SCHEMA, one row per item, as `RunContext.accepted` takes it."""
    listed = confirmed.select(pl.col("suggestion_id").alias("match_id"), pl.col("item_keys").str.split(" ").alias("item_key"), "confirmed_at")
    exploded = listed.explode("item_key") if listed.height else listed.with_columns(pl.lit("").alias("item_key"))
    return exploded.select(pl.col(name).cast(dtype) for name, dtype in ACCEPTED_SCHEMA.items())


def told(confirmed: pl.DataFrame, dispositions: pl.DataFrame, groups: pl.DataFrame) -> pl.DataFrame:
    """Shape: rows of CONFIRMED with MEMBERS and GROUPS of the run → ACCEPTED_MATCHES."""
    ended = as_accepted(confirmed).join(dispositions.select("item_key", "disposition", "group_id", "break_id"), on="item_key", how="left")
    held = ended.join(groups.filter(pl.col("layer") == "L9").select("group_id", pl.col("layer").alias("held")), on="group_id", how="left")
    unknown, matched = pl.col("disposition").is_null().any(), (pl.col("disposition") == "matched").any()
    why = (
        pl.when(unknown)
        .then(pl.lit("one of its items is not known any more"))
        .when(matched)
        .then(pl.lit("one of its items agrees with other lines now"))
        .otherwise(pl.lit("its items do not agree any more, or more than something missing is wrong with them"))
    )
    judged = held.group_by("match_id").agg(
        ((pl.col("group_id").n_unique() == 1) & pl.col("held").is_not_null().all()).alias("holds"), pl.col("group_id").min(), why.alias("why")
    )
    rows = confirmed.join(judged, left_on="suggestion_id", right_on="match_id").with_columns(
        group_id=pl.when("holds").then("group_id"), not_held_because=pl.when(~pl.col("holds")).then("why")
    )
    return rows.select(pl.col(name).cast(dtype) for name, dtype in polars_schema(ACCEPTED_MATCHES).items()).sort("suggestion_id")
