"""Does a shortfall show on its asset as a warning with the amount, and a balance of a PSP that is off with its name."""

from __future__ import annotations

from datetime import date
from typing import cast

import dagster as dg
import polars as pl

from assets.ledger.checks import player_funds_are_covered, psp_balances_are_their_open_items
from pipelines.resources.warehouse import Warehouse
from tests.unit.ledger.funds_facts import RATES

DAY = date(2026, 3, 31)
RESIDUES = {"wallet": pl.String(), "difference_minor": pl.Int64(), "residue_minor": pl.Int64()}
PRINTED = {"wallet": pl.String(), "business_date": pl.Date(), "printed_minor": pl.Int64(), "printed_difference_minor": pl.Int64()}
LISTED = {"wallet": pl.String(), "business_date": pl.Date(), "finding": pl.String(), "line_count": pl.Int64(), "difference_minor": pl.Int64()}


class Told:
    """A warehouse that answers each question with the frame of the mart it is about."""

    def __init__(self, **frames: pl.DataFrame) -> None:
        self.frames = frames

    def read(self, query: str) -> pl.DataFrame:
        return next(frame for name, frame in self.frames.items() if name in query)


def surplus(*rows: tuple[str, int]) -> dg.AssetCheckResult:
    frame = pl.DataFrame(
        [(DAY, *row) for row in rows], schema={"business_date": pl.Date(), "currency": pl.String(), "amount_minor": pl.Int64()}, orient="row"
    )
    told = Told(agg_safeguarding_daily=frame, stg_fx__rates=RATES)
    return cast(dg.AssetCheckResult, player_funds_are_covered(warehouse=cast(Warehouse, told)))


def balances(
    residues: list[tuple[object, ...]], printed: list[tuple[object, ...]], listed: list[tuple[object, ...]] | None = None
) -> dg.AssetCheckResult:
    told = Told(
        fct_payout_batches=pl.DataFrame(residues, schema=RESIDUES, orient="row"),
        printed_minor=pl.DataFrame(printed, schema=PRINTED, orient="row"),
        fct_psp_wallet_items=pl.DataFrame(listed or [], schema=LISTED, orient="row"),
    )
    return cast(dg.AssetCheckResult, psp_balances_are_their_open_items(warehouse=cast(Warehouse, told)))


def test_a_shortfall_warns_with_its_amount_in_the_reporting_currency() -> None:
    # 100.00 EUR too much and 150.00 USD (120.00 EUR at 1.25) too little: one currency's surplus does not hide the other's shortfall
    told = surplus(("EUR", 10_000), ("USD", -15_000))
    assert (told.passed, told.severity) == (False, dg.AssetCheckSeverity.WARN)
    assert told.description == "2026-03-31: shortfall of 2000 EUR minor units"
    assert surplus(("EUR", 12_000), ("USD", -15_000)).passed


def test_a_currency_without_a_rate_warns_by_name() -> None:
    told = surplus(("EUR", 10_000), ("TRY", -1))
    assert (told.passed, "without a rate: TRY" in str(told.description)) == (False, True)


def test_a_casino_that_owes_nothing_yet_is_covered() -> None:
    assert surplus().passed


def test_a_balance_that_is_not_its_open_items_or_not_what_the_psp_prints_is_named() -> None:
    assert balances([], []).passed
    off = balances([("adyen EU EUR", 500, 500)], [("stripe acct_1 USD", DAY, 900, 7)])
    assert (off.passed, off.severity, off.metadata["balances off"].value) == (False, dg.AssetCheckSeverity.WARN, 2)
    # the trap: a list and our lines that differ by two lines and come to the same sum
    missed = balances([], [], [("stripe acct_1 USD", DAY, "only_listed", 1, 500), ("stripe acct_1 USD", DAY, "only_ours", 1, -500)])
    assert (missed.passed, missed.metadata["balances off"].value) == (False, 2)
    assert "1 open items are ours and not listed, -500 in all" in str(missed.metadata["which"].value)
    assert "stripe acct_1 USD: on 2026-03-31 the PSP printed 900, which is 7 more than our lines" in str(off.metadata["which"].value)
