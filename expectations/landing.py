"""What the service's facts must look like once they are copied. Inbound: the service guards them with constraints, and a copy can lose what it guards.

Sums that must be zero and totals that must agree are dbt's tests; here is what one row must say.
"""

from __future__ import annotations

from expectations.suite import Edge, Suite

_CURRENCY = "^[A-Z]{3}$"

SUITES = (
    Suite(
        name="app_postings",
        schema="raw",
        table="app__postings",
        at=Edge.INBOUND,
        why="A posting without an account or a currency, or told twice by two landings, makes every balance wrong.",
        not_null=("entry_id", "line", "account_id", "currency", "amount_minor", "_batch_id"),
        unique=("entry_id", "line"),
        matches={"currency": _CURRENCY},
        between={"line": (1, 10_000)},
    ),
    Suite(
        name="app_payment_events",
        schema="raw",
        table="app__payment_events",
        at=Edge.INBOUND,
        why="A fact in words the warehouse does not know, or without a time, falls out of every count that is made of it.",
        not_null=("event_id", "psp", "merchant_account", "event_kind", "raw_kind", "effective_at", "recorded_at", "_batch_id"),
        unique=("event_id",),
        matches={"currency": _CURRENCY},
        in_catalogue={"psp": "psp_catalogue.psp", "event_kind": "fact_kind_catalogue.event_kind", "money_kind": "money_kind_catalogue.kind"},
    ),
)
