"""What a history of reference rates must look like once it has landed. Inbound: the ECB's file as it publishes it."""

from __future__ import annotations

from expectations.suite import IN_FILE, Edge, Suite

_CURRENCY = "^[A-Z]{3}$"

SUITES = (
    Suite(
        name="fx_rates",
        schema="raw",
        table="fx__rates",
        at=Edge.INBOUND,
        found_by=IN_FILE,
        why="A provider changed its history: a rate of nothing, a currency that is no code, a provider we never agreed to believe.",
        not_null=("rate_date", "base_currency", "currency", "rate"),
        unique=("_file_id", "rate_date", "base_currency", "currency"),
        matches={"base_currency": _CURRENCY, "currency": _CURRENCY, "rate": r"^(?!0+(\.0+)?$)[0-9]+(\.[0-9]+)?$"},
        one_of={"provider": ("ecb",)},
    ),
)
