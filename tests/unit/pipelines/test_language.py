"""Words, figures and dates in the reader's language: exact, and by the currency's own decimals."""

from __future__ import annotations

from datetime import UTC, date, datetime

import pytest

from pipelines.reports.language import language_of
from transactional.vocabulary.errors import InputRejected

DAY = date(2026, 1, 5)


@pytest.mark.parametrize(
    ("code", "minor", "currency", "told"),
    [
        ("en", -123456789, "EUR", "-1,234,567.89"),
        ("tr", -123456789, "EUR", "-1.234.567,89"),
        ("tr", 1234, "JPY", "1.234"),  # the trap: two decimals for every currency
        ("tr", 5, "KWD", "0,005"),
        ("en", 2**63 - 1, "EUR", "92,233,720,368,547,758.07"),  # the trap: a float on the way
        ("tr", 1500, "XXQ", "1.500 alt birim"),
        ("en", 1500, "HRK", "1,500 minor units"),  # a currency that is no more: nobody knows its decimals today
    ],
)
def test_an_amount_is_told_exactly_in_the_readers_figures(code: str, minor: int, currency: str, told: str) -> None:
    assert language_of(code).amount(minor, currency, DAY) == told


def test_days_and_moments_are_told_with_the_month_as_a_word() -> None:
    moment = datetime(2026, 3, 4, 23, 5, 6, tzinfo=UTC)
    assert (language_of("en").date(DAY), language_of("tr").date(DAY)) == ("5 Jan 2026", "5 Oca 2026")
    assert (language_of("en").instant(moment), language_of("tr").instant(moment)) == ("4 Mar 2026 23:05:06 UTC", "4 Mar 2026 23:05:06 UTC")


def test_a_language_nobody_translated_is_refused_by_name() -> None:
    with pytest.raises(InputRejected, match="no language 'xx': there are en, tr"):
        language_of("xx")
