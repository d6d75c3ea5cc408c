"""What an auditor may rely on in the ledger mart. Outbound."""

from __future__ import annotations

from expectations.suite import Edge, Suite

SUITES = (
    Suite(
        name="postings_are_whole",
        schema="ledger",
        table="fct_postings",
        at=Edge.OUTBOUND,
        why="A posting without an entry, an account class of the chart or a currency cannot be audited.",
        not_null=("entry_id", "line", "entry_kind", "effective_at", "recorded_at", "account_code", "currency", "amount_minor"),
        unique=("entry_id", "line"),
        matches={"currency": "^[A-Z]{3}$"},
        in_catalogue={"account_class": "account_class_catalogue.account_class"},
    ),
)
