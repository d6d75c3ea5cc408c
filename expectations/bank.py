"""What a bank statement must look like once it has landed. Inbound: CAMT, MT940 and BAI2 as the banks send them."""

from __future__ import annotations

from expectations.suite import IN_FILE, Edge, Suite

SUITES = (
    Suite(
        name="bank_statement_lines",
        schema="raw",
        table="bank__statement_lines",
        at=Edge.INBOUND,
        found_by=IN_FILE,
        why="A bank changed its export: an entry without an amount, a currency that is no code, a status we do not know.",
        not_null=("bank_account", "currency", "amount_minor", "booking_date", "statement_id", "is_booked"),
        unique=("_file_id", "_source_line"),
        matches={"currency": "^[A-Z]{3}$", "bank_account": "^[A-Z0-9/_-]+$"},
        one_of={"status": ("booked", "pending", "information")},
        between={"transaction_count": (1, 1_000_000)},
    ),
    Suite(
        name="bank_statements",
        schema="raw",
        table="bank__statements",
        at=Edge.INBOUND,
        found_by=IN_FILE,
        why="A statement that does not tie on its own is a broken or incomplete file; the engine says so too (statement_gap).",
        not_null=("bank_account", "currency", "statement_id", "moves_minor"),
        between={"difference_minor": (0, 0)},
        warn_only=True,
    ),
)
