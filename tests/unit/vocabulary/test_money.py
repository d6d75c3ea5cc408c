"""Is money exact: parsed, printed, split and converted without a float, a guess or a lost unit."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from transactional.vocabulary.errors import InputRejected, InvariantBroken
from transactional.vocabulary.money import INT64_MAX, Money, allocate, convert, format_minor, parse_minor, round_half_even

EXPONENTS = st.sampled_from([0, 1, 2, 3, 4])
MINOR = st.integers(-INT64_MAX, INT64_MAX)


@given(MINOR, EXPONENTS)
def test_what_is_printed_is_read_back_to_the_unit(minor: int, exponent: int) -> None:
    assert parse_minor(format_minor(minor, exponent), exponent) == minor


@pytest.mark.parametrize(
    ("text", "exponent", "minor"),
    [
        (".11", 2, 11),
        ("52.", 2, 5200),
        ("52", 2, 5200),
        ("-.5", 2, -50),
        ("10.00", 0, 10),
        ("+1.230", 3, 1230),
        ("154185.12", 2, 15418512),
        ("-0", 2, 0),
    ],
)
def test_the_spellings_of_real_reports_are_read(text: str, exponent: int, minor: int) -> None:
    assert parse_minor(text, exponent) == minor


@pytest.mark.parametrize(
    "text", ["NaN", "Infinity", "-inf", "1e5", "1.2302025304E+022", "", ".", "1,000.00", "1 000", "--1", "0x10", "١٢", "1_000", "1.2.3"]
)
def test_what_is_not_a_plain_decimal_is_refused(text: str) -> None:
    with pytest.raises(InputRejected) as refusal:
        parse_minor(text, 2)
    assert refusal.value.code == "not_a_number"


@pytest.mark.parametrize(("text", "exponent"), [("0.0000000001", 2), ("10.5", 0), ("1.2345", 3), ("1.005", 2)])
def test_more_decimals_than_the_currency_has_are_refused_not_rounded(text: str, exponent: int) -> None:
    with pytest.raises(InputRejected) as refusal:
        parse_minor(text, exponent)
    assert refusal.value.code == "too_many_decimals"


def test_an_amount_beyond_64_bits_is_refused() -> None:
    with pytest.raises(InputRejected) as refusal:
        parse_minor("92233720368547758.08", 2)
    assert refusal.value.code == "amount_out_of_range"
    with pytest.raises(InputRejected):
        Money("EUR", INT64_MAX + 1)


def test_a_decimal_comma_is_no_thousands_mark() -> None:
    assert parse_minor("1.234,50", 2, decimal_mark=",", thousands_mark=".") == 123450
    assert parse_minor("1,234.50", 2, thousands_mark=",") == 123450
    assert parse_minor("12,5", 2, decimal_mark=",") == 1250
    for text, options in (("1.25", {"decimal_mark": ","}), ("1,2", {"thousands_mark": ","}), ("12,34,567", {"thousands_mark": ","})):
        with pytest.raises(InputRejected):
            parse_minor(text, 2, **options)


@pytest.mark.parametrize("minor", [1.0, float("nan"), "1", Decimal(1), True, None])
def test_money_is_an_integer_and_nothing_that_looks_like_one(minor: Any) -> None:
    with pytest.raises(InvariantBroken):
        Money("EUR", minor)


def test_two_currencies_do_not_add_up() -> None:
    assert Money("EUR", 5) + Money("EUR", 7) == Money("EUR", 12)
    assert -(Money("EUR", 5) - Money("EUR", 7)) == Money("EUR", 2)
    with pytest.raises(InvariantBroken):
        Money("EUR", 5) + Money("JPY", 5)


@given(st.integers(-(10**15), 10**15), st.lists(st.integers(0, 10**6), min_size=1, max_size=12).filter(any))
def test_the_parts_of_a_split_add_up_and_none_is_off_by_a_whole_unit(total: int, weights: list[int]) -> None:
    parts = allocate(total, weights)
    assert sum(parts) == total
    assert all(abs(part * sum(weights) - total * weight) < sum(weights) for part, weight in zip(parts, weights, strict=True))
    assert all(part == 0 for part, weight in zip(parts, weights, strict=True) if weight == 0)


def test_the_largest_remainder_gets_the_last_unit_and_ties_go_first() -> None:
    assert allocate(100, [1, 1, 1]) == [34, 33, 33]
    assert allocate(-100, [1, 1, 1]) == [-34, -33, -33]
    assert allocate(10, [1, 2, 4]) == [1, 3, 6]
    assert allocate(5, [0, 7, 0]) == [0, 5, 0]
    for weights in ([], [0, 0], [3, -1]):
        with pytest.raises(InvariantBroken):
            allocate(1, weights)


def test_the_exponents_are_crossed_exactly_once() -> None:
    # blnk issue 61: 0.00012345 BTC at 1000 became 123,456,000 because the source's precision was applied to the destination
    assert convert(1_234_560, Decimal("1000"), 8, 2) == 1_235  # 0.0123456 of an 8-decimal unit is 12.3456
    assert convert(10_000, Decimal("158.31"), 2, 0) == 15_831  # 100.00 EUR in JPY
    assert convert(15_831, Decimal(1) / Decimal("158.31"), 0, 2) == 10_000
    assert convert(1_000, Decimal("3.25"), 3, 2) == 325  # 1.000 KWD


def test_halves_go_to_even() -> None:
    assert [round_half_even(Decimal(text)) for text in ("0.5", "1.5", "2.5", "-0.5", "-1.5", "2.51")] == [0, 2, 2, 0, -2, 3]
