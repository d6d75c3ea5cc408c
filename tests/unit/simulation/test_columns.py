"""The world's reports have the columns of the real ones: of the vendor's files where the shared data hold one, of its documentation else."""

from __future__ import annotations

import csv
from pathlib import Path

import pytest

from transactional.simulation.world import World

# Stripe's documented columns that the casino's reports must have; its files in shared/data were assembled by a connector, with columns of its own.
STRIPE_ITEMIZED = (
    *(
        "balance_transaction_id",
        "created_utc",
        "created",
        "available_on_utc",
        "available_on",
        "currency",
        "gross",
        "fee",
        "net",
        "reporting_category",
    ),
    *("source_id", "description", "customer_facing_amount", "customer_facing_currency", "regulatory_tag", "automatic_payout_id"),
    *("automatic_payout_effective_at_utc", "automatic_payout_effective_at", "customer_id", "charge_id", "payment_intent_id", "charge_created_utc"),
    *("charge_created", "invoice_id", "invoice_number", "subscription_id", "payment_method_type", "is_link", "card_brand", "card_funding"),
    *("card_country", "statement_descriptor", "dispute_reason"),
)
STRIPE_OF_PAYOUTS = ("destination_payment_id", "order_id", "trace_id", "trace_id_status")


def header(content: bytes) -> list[str]:
    return next(csv.reader([content.decode("utf-8-sig").splitlines()[0]]))


def headers_of(world: World, word: str) -> list[list[str]]:
    """The distinct headers of the reports with a word in their name."""
    found = {tuple(header(content)) for path, content in world.files.items() if word in path}
    assert found, word
    return [list(one) for one in found]


@pytest.mark.parametrize(
    ("word", "real"),
    [
        ("settlement_detail_report", "settlement_detail_report_batch_380.csv"),
        ("payments_accounting_report", "single_cases/payments_accounting_report_nyce.csv"),
    ],
)
def test_adyens_columns_are_those_of_the_real_file(quiet: World, shared_data: Path, word: str, real: str) -> None:
    expected = header((shared_data / "psp_reports" / "adyen" / real).read_bytes())
    assert [set(told) for told in headers_of(quiet, word)] == [set(expected)]


@pytest.mark.parametrize(
    ("word", "documented"),
    [
        ("balance_change_from_activity", STRIPE_ITEMIZED),
        ("ending_balance_reconciliation", STRIPE_ITEMIZED),
        ("payout_reconciliation", (*STRIPE_ITEMIZED, *STRIPE_OF_PAYOUTS)),
    ],
)
def test_stripes_columns_are_the_documented_ones_and_what_metadata_the_casino_sends(quiet: World, word: str, documented: tuple[str, ...]) -> None:
    (told,) = headers_of(quiet, word)
    assert [column for column in told if not column.startswith("payment_metadata[")] == list(documented)
