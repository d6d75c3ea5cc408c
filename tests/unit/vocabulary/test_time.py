"""Is a day the local calendar date, whatever the clocks did: 23 hours, 25 hours, two midnights, none at all, or no such day."""

from __future__ import annotations

from datetime import UTC, date, datetime, time, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from transactional.vocabulary.errors import InputRejected
from transactional.vocabulary.time import add_business_days, business_date, day_bounds, localise, utc, zone

ZONES = [
    "Europe/Amsterdam",
    "Europe/Istanbul",
    "America/New_York",
    "America/Sao_Paulo",
    "America/Havana",
    "Asia/Tokyo",
    "Pacific/Apia",
    "Africa/Cairo",
]


def hours(day: date, zone_name: str) -> float:
    start, end = day_bounds(day, zone_name)
    return (end - start) / timedelta(hours=1)


@pytest.mark.parametrize(
    ("day", "zone_name", "length"),
    [
        (date(2026, 3, 29), "Europe/Amsterdam", 23),
        (date(2026, 10, 25), "Europe/Amsterdam", 25),
        (date(2026, 3, 8), "America/New_York", 23),
        (date(2026, 11, 1), "America/New_York", 25),
        (date(2026, 3, 29), "Europe/Istanbul", 24),  # Türkiye keeps summer time since 2016
        (date(2026, 4, 5), "Australia/Lord_Howe", 24.5),
        (date(2011, 12, 30), "Pacific/Apia", 0),  # the day Samoa skipped
    ],
)
def test_a_day_is_as_long_as_the_clocks_made_it(day: date, zone_name: str, length: float) -> None:
    assert hours(day, zone_name) == length


def test_a_day_with_two_midnights_starts_at_the_first() -> None:
    # Cuba puts the clock from 01:00 back to 00:00: midnight of 1 November 2026 comes twice
    start, end = day_bounds(date(2026, 11, 1), "America/Havana")
    assert start == datetime(2026, 11, 1, 4, tzinfo=UTC)
    assert end - start == timedelta(hours=25)
    second_midnight = start + timedelta(hours=1)
    assert second_midnight.astimezone(zone("America/Havana")).time() == time(0)
    assert business_date(second_midnight, "America/Havana") == date(2026, 11, 1)


def test_a_day_without_a_midnight_starts_after_the_gap() -> None:
    # São Paulo went from 00:00 to 01:00 on 4 November 2018
    start, end = day_bounds(date(2018, 11, 4), "America/Sao_Paulo")
    assert start.astimezone(zone("America/Sao_Paulo")).time() == time(1)
    assert end - start == timedelta(hours=23)
    assert business_date(start - timedelta(seconds=1), "America/Sao_Paulo") == date(2018, 11, 3)


@given(st.dates(date(2012, 1, 1), date(2030, 12, 30)), st.sampled_from(ZONES), st.integers(0, 2**40))
def test_days_tile_time_and_agree_with_the_business_date(day: date, zone_name: str, draw: int) -> None:
    start, end = day_bounds(day, zone_name)
    assert end == day_bounds(day + timedelta(days=1), zone_name)[0]
    # whole microseconds: a share of the day as a float rounds up to its end
    inside = start + timedelta(microseconds=draw % ((end - start) // timedelta(microseconds=1)))
    assert business_date(inside, zone_name) == day
    assert business_date(end, zone_name) == day + timedelta(days=1)


def test_a_cut_off_opens_the_next_days_book() -> None:
    late = datetime(2026, 6, 30, 20, 0, tzinfo=UTC)  # 22:00 in Stockholm
    assert business_date(late, "Europe/Stockholm", time(22)) == date(2026, 7, 1)
    assert business_date(late - timedelta(microseconds=1), "Europe/Stockholm", time(22)) == date(2026, 6, 30)


def test_the_hour_that_comes_twice_and_the_hour_that_never_comes() -> None:
    twice = datetime(2026, 10, 25, 2, 30)
    first, second = localise(twice, "Europe/Amsterdam"), localise(twice, "Europe/Amsterdam", second_pass=True)
    assert (first.hour, second.hour) == (0, 1)
    assert localise(datetime(2026, 3, 29, 2, 30), "Europe/Amsterdam") == datetime(2026, 3, 29, 1, 30, tzinfo=UTC)


def test_a_time_without_a_zone_is_no_instant() -> None:
    with pytest.raises(InputRejected) as refusal:
        utc(datetime(2026, 1, 1))
    assert refusal.value.code == "naive_time"
    with pytest.raises(InputRejected):
        business_date(datetime(2026, 1, 1), "Europe/Amsterdam")


@pytest.mark.parametrize("label", ["PDT", "Europe/Nowhere", "", "../etc/passwd"])
def test_a_label_is_no_zone(label: str) -> None:
    with pytest.raises(InputRejected) as refusal:
        zone(label)
    assert refusal.value.code == "unknown_zone"


def test_bank_days_leave_out_weekends_and_holidays() -> None:
    friday = date(2026, 4, 3)
    assert add_business_days(friday, 1) == date(2026, 4, 6)
    assert add_business_days(friday, 1, frozenset({date(2026, 4, 6)})) == date(2026, 4, 7)
    assert add_business_days(friday, 0) == friday
