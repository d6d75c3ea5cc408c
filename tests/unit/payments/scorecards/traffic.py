"""Attempts made by hand or by a seed, as hour buckets: what the dbt model and the light path make of facts, in plain Python."""

from __future__ import annotations

import random
from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

import polars as pl

from assets.payments.scorecards.decay import decay_weight, decay_weight_squared

BEGIN = datetime(2026, 3, 1, 6, tzinfo=UTC)
HALF_LIFE = 3600


@dataclass(frozen=True)
class Try:
    """One attempt. `outcome`: approved, failed (somebody of the other side is to blame), payer (the payer is) or pending."""

    at: datetime
    psp: str
    outcome: str
    country: str = "SE"
    method: str = "card"
    issuer_group: str = "SEB"
    bin: str = "457112"
    amount_band: str = "20_50"
    direction: str = "deposit"
    first: bool = True


def buckets(tries: Iterable[Try], half_life: int = HALF_LIFE) -> pl.DataFrame:
    """Hour buckets of leaf cells."""
    sums: dict[tuple[object, ...], list[int]] = defaultdict(lambda: [0] * 9)
    for each in tries:
        hour = each.at.replace(minute=0, second=0, microsecond=0)
        second = int((each.at - hour).total_seconds())
        approved, counts = each.outcome == "approved", each.outcome in ("approved", "failed")
        weight, squared = decay_weight(second, half_life), decay_weight_squared(second, half_life)
        values = (
            *(1, each.first and each.outcome != "pending", approved, each.first and approved, each.outcome == "pending", each.outcome == "failed"),
            *(approved * weight, counts * weight, counts * squared),
        )
        key = (hour, each.direction, each.country, each.method, each.issuer_group, each.bin, each.amount_band, each.psp)
        sums[key] = [total + int(value) for total, value in zip(sums[key], values, strict=True)]
    keys = ("bucket_at", "direction", "country", "method", "issuer_group", "bin", "amount_band", "psp")
    names = ("n_attempts", "n_first", "n_approved", "n_approved_first", "n_pending", "n_blamed", "s_int", "n_int", "w2_int")
    schema = {name: pl.Datetime("us", "UTC") if name == "bucket_at" else pl.String() for name in keys} | dict.fromkeys(names, pl.Int64())
    return pl.DataFrame([(*key, *values) for key, values in sums.items()], schema=schema, orient="row")


def drawn(seed: int, count: int, psps: tuple[str, ...] = ("adyen", "paypal", "stripe"), hours: int = 3) -> list[Try]:
    """Random traffic: countries, methods and BINs of very different sizes, some without a BIN."""
    source = random.Random(seed)
    tries = []
    for _ in range(count):
        country = source.choices(("SE", "DE", "TR"), (8, 3, 1))[0]
        bin_ = source.choice(("", "457112", "510510"))
        tries.append(
            Try(
                BEGIN + timedelta(seconds=source.randrange(hours * 3600)),
                source.choice(psps),
                source.choices(("approved", "failed", "payer", "pending"), (12, 4, 2, 1))[0],
                country,
                source.choice(("card", "wallet")),
                source.choice(("SEB", "country:SE")) if bin_ else "",
                bin_,
                source.choice(("20_50", "50_100")),
                source.choices(("deposit", "withdrawal"), (5, 1))[0],
                source.random() < 0.8,
            )
        )
    return tries
