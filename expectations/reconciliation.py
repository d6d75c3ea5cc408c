"""What finance may rely on in the reconciliation marts. Outbound: others close days and answer auditors with these."""

from __future__ import annotations

from expectations.suite import Edge, Suite

SUITES = (
    Suite(
        name="breaks_can_be_acted_on",
        schema="reconciliation",
        table="fct_breaks",
        at=Edge.OUTBOUND,
        why="A break nobody can act on: without an amount, a place, an explanation or an identity that stays the same.",
        not_null=("break_id", "break_class", "psp", "account", "currency", "amount_minor", "event_date", "explanation"),
        unique=("break_id",),
        matches={"break_id": "^brk_", "currency": "^[A-Z]{3}$"},
        one_of={"exposure": ("owed_to_us", "owed_by_us", "unknown"), "age_bucket": ("0-1", "2-7", "8-30", "over 30")},
        between={"age_days": (0, 36_500)},
        in_catalogue={"break_class": "break_class_catalogue.break_class"},
    ),
    Suite(
        name="certificate_closes",
        schema="reconciliation",
        table="fct_certificate",
        at=Edge.OUTBOUND,
        why="The certificate is evidence: every line's counts are there and nothing in it is open.",
        not_null=("run_id", "as_of", "source", "currency", "booked_on", "in_count", "in_minor"),
        unique=("source", "currency", "booked_on"),
        one_of={"source": ("ledger", "attempt", "activity", "settlement", "payout", "bank"), "closes": ("true",)},
    ),
    Suite(
        name="dispositions_are_complete",
        schema="reconciliation",
        table="fct_item_dispositions",
        at=Edge.OUTBOUND,
        why="Each item ends in exactly one place, with words from the registries.",
        not_null=("item_key", "disposition", "source", "currency", "amount_minor"),
        unique=("item_key",),
        one_of={
            "disposition": ("matched", "broken", "ignored"),
            "reason": ("superseded", "repeated_in_file", "reversed", "information", "zero_amount", "not_psp"),
        },
        in_catalogue={"kind": "money_kind_catalogue.kind"},
    ),
)
