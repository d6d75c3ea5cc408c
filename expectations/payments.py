"""What routing and risk may rely on in the payment marts. Outbound."""

from __future__ import annotations

from expectations.suite import Edge, Suite

SUITES = (
    Suite(
        name="attempts_are_whole",
        schema="payments",
        table="fct_payment_attempts",
        at=Edge.OUTBOUND,
        why="A scorecard counts attempts: each once, at a PSP we know, in a direction we know.",
        not_null=("attempt_id", "intent_id", "psp", "merchant_account", "currency", "intended_minor", "created_at"),
        unique=("attempt_id",),
        one_of={"direction": ("deposit", "withdrawal")},
        in_catalogue={"psp": "psp_catalogue.psp"},
    ),
)
