"""Has every currency the decimals it had on the day, as ISO 4217 says."""

from __future__ import annotations

import csv
import itertools
from datetime import date
from pathlib import Path

import pytest

from transactional.vocabulary.currencies import PERIODS, exponent_of
from transactional.vocabulary.errors import InputRejected

TODAY = date(2026, 11, 25)


def test_the_table_is_iso_4217(shared_data: Path) -> None:
    with (shared_data / "reference" / "iso4217_codes-all.csv").open(encoding="utf-8", newline="") as file:
        current = {row["AlphabeticCode"]: row["MinorUnit"] for row in csv.DictReader(file) if row["AlphabeticCode"] and not row["WithdrawalDate"]}
    published = {code: int(decimals) for code, decimals in current.items() if decimals.isdigit()}  # metals and tests have none
    ours = {code: exponent_of(code, TODAY) for code in PERIODS if any(period.since <= TODAY < period.until for period in PERIODS[code])}
    assert ours == published


def test_the_withdrawn_are_refused_after_their_day(shared_data: Path) -> None:
    with (shared_data / "reference" / "iso4217_codes-all.csv").open(encoding="utf-8", newline="") as file:
        rows = [row for row in csv.DictReader(file) if row["AlphabeticCode"]]
    withdrawn = {row["AlphabeticCode"] for row in rows} - {row["AlphabeticCode"] for row in rows if not row["WithdrawalDate"]}
    for code in withdrawn:
        with pytest.raises(InputRejected) as refusal:
            exponent_of(code, TODAY)
        assert refusal.value.code == "unknown_currency"


@pytest.mark.parametrize(("code", "exponent"), [("JPY", 0), ("KWD", 3), ("CLF", 4), ("EUR", 2), ("KRW", 0), ("BHD", 3), ("MGA", 2), ("UGX", 0)])
def test_one_divisor_for_all_currencies_would_be_wrong(code: str, exponent: int) -> None:
    assert exponent_of(code, TODAY) == exponent


def test_the_krona_of_iceland_lost_its_decimals_on_a_day() -> None:
    assert (exponent_of("ISK", date(2006, 12, 31)), exponent_of("ISK", date(2007, 1, 1))) == (2, 0)


def test_a_psp_that_deviates_wins_for_its_own_files() -> None:
    assert exponent_of("ISK", TODAY, {"ISK": 2, "IDR": 0}) == 2
    assert exponent_of("CLP", TODAY, {"ISK": 2}) == 0


def test_a_deviation_does_not_bring_a_currency_to_life() -> None:
    with pytest.raises(InputRejected, match="not valid on that date"):
        exponent_of("HRK", TODAY, {"HRK": 2})
    with pytest.raises(InputRejected, match="not an ISO 4217 code"):
        exponent_of("eur", TODAY)


def test_no_currency_has_two_exponents_on_one_day() -> None:
    for periods in PERIODS.values():
        ordered = sorted(periods, key=lambda period: period.since)
        assert all(earlier.until <= later.since for earlier, later in itertools.pairwise(ordered))
