"""The client keeps the last good card, knows its age, and never raises into a payment."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta
from itertools import pairwise

import pytest

from tests.unit.payments.scorecards.cards import AT, document, manifest, row
from transactional.payments.scorecards.cells import Cell
from transactional.payments.scorecards.client import Fetched, ScorecardClient
from transactional.payments.scorecards.staleness import ALLOWED, Tier, tier_of

GOOD = document([row("adyen")])


class Service:
    """A transport that answers as told and remembers what it was asked with."""

    def __init__(self, *answers: Fetched | Exception) -> None:
        self.answers = list(answers)
        self.asked: list[str | None] = []

    def __call__(self, etag: str | None) -> Fetched:
        self.asked.append(etag)
        answer = self.answers.pop(0)
        if isinstance(answer, Exception):
            raise answer
        return answer


def client_with(*answers: Fetched | Exception) -> tuple[ScorecardClient, Service]:
    service = Service(*answers)
    return ScorecardClient(service), service


def test_a_card_that_has_not_changed_is_asked_for_by_its_etag_and_kept() -> None:
    client, service = client_with(Fetched(200, '"a"', GOOD), Fetched(304))
    first, second = client.poll(AT), client.poll(AT)
    assert service.asked == [None, '"a"']
    assert first.card is second.card
    assert second.trouble is None


@pytest.mark.parametrize(
    ("answer", "trouble"),
    [
        (OSError("connection refused"), "unreachable"),
        (RuntimeError("a bug of the transport"), "unreachable"),
        (Fetched(503), "status_503"),
        (Fetched(200, '"b"', b"<html>"), "unreadable"),
        (Fetched(200, '"b"', GOOD.replace(b"adyen", b"udyen")), "content_hash"),
        (Fetched(200, '"b"', GOOD.replace(b'"schema_version":"1', b'"schema_version":"2')), "schema_version"),
        (Fetched(200, '"b"', document([row()], version=0)), "older_version"),
        (Fetched(200, '"b"', document([row()], version=2, watermark=AT + timedelta(days=1))), "from_the_future"),
    ],
)
def test_whatever_goes_wrong_the_good_card_stays_and_the_next_poll_asks_with_its_etag(answer: Fetched | Exception, trouble: str) -> None:
    client, service = client_with(Fetched(200, '"a"', GOOD), answer, Fetched(304))
    good = client.poll(AT).card
    after = client.poll(AT)
    assert (after.card, after.trouble, after.tier) == (good, trouble, Tier.NORMAL)
    assert after.alerts == (trouble != "unreachable")
    assert (client.poll(AT).trouble, service.asked[-1]) == (None, '"a"')


def test_a_service_that_never_answered_leaves_a_router_without_card_and_without_exception() -> None:
    client, _ = client_with(OSError())
    client.poll(AT)
    found, standing = client.lookup(Cell("deposit"), AT)
    assert (found, standing.tier, standing.allowed.uses_card, standing.alerts) == (None, Tier.UNREAD, False, True)


def test_a_bad_card_does_not_stop_the_clock_of_the_good_one() -> None:
    # the trap: an unreadable card that counts as an answer, so that the old one looks fresh
    client, _ = client_with(Fetched(200, '"a"', GOOD), Fetched(200, '"b"', b"no card"))
    client.poll(AT)
    assert client.poll(AT + timedelta(minutes=20)).tier is Tier.CAUTIOUS


@pytest.mark.parametrize(
    ("age", "tier"),
    [
        (timedelta(minutes=-2), Tier.NORMAL),
        (timedelta(seconds=600), Tier.NORMAL),
        (timedelta(seconds=601), Tier.EASED),
        (timedelta(minutes=15), Tier.EASED),
        (timedelta(minutes=15, seconds=1), Tier.CAUTIOUS),
        (timedelta(minutes=59), Tier.CAUTIOUS),
        (timedelta(minutes=61), Tier.STATIC),
        (timedelta(days=400), Tier.STATIC),
    ],
)
def test_the_age_of_the_data_decides_the_tier(age: timedelta, tier: Tier) -> None:
    assert tier_of(manifest([row()], expires_at=AT + timedelta(days=500)), AT + age) is tier


def test_a_card_past_its_end_is_not_used_however_young_its_data() -> None:
    assert tier_of(manifest([row()], expires_at=AT + timedelta(minutes=1)), AT + timedelta(minutes=1)) is Tier.STATIC


def test_a_long_interval_does_not_stretch_the_later_tiers() -> None:
    hourly = manifest([row()], interval_seconds=3600, expires_at=AT + timedelta(days=1))
    assert [tier_of(hourly, AT + timedelta(minutes=minutes)) for minutes in (14, 30, 70)] == [Tier.NORMAL, Tier.CAUTIOUS, Tier.STATIC]


def test_an_old_card_is_published_again_under_a_fresh_date_and_is_as_old_as_its_data() -> None:
    again = manifest([row()], published_at=AT + timedelta(hours=3), expires_at=AT + timedelta(hours=9))
    assert tier_of(again, AT + timedelta(hours=3)) is Tier.STATIC


def test_each_tier_allows_no_more_than_the_fresher_one() -> None:
    tiers = [ALLOWED[tier] for tier in Tier]
    assert [each.exploration for each in tiers] == [1.0, 0.5, 0.5, 0.0, 0.0]
    rights = [(each.uses_card, each.exploration, each.promotes_inside_intervals, not each.alerts) for each in tiers]
    assert all(more >= less for fresher, older in pairwise(rights) for more, less in zip(fresher, older, strict=True))


@pytest.mark.parametrize(("draw", "seconds"), [(0.0, 8.0), (0.5, 10.0), (0.999999, 12.0)])
def test_polls_are_spread_around_their_interval(draw: float, seconds: float) -> None:
    client, _ = client_with()
    assert client.pause(lambda: draw).total_seconds() == pytest.approx(seconds, abs=0.001)


def test_a_decision_that_began_with_a_card_ends_with_it() -> None:
    # the card is one value: a swap in the middle of a decision changes nothing that was taken out
    at: Callable[[int], datetime] = lambda second: AT + timedelta(seconds=second)  # noqa: E731
    client, _ = client_with(Fetched(200, '"a"', GOOD), Fetched(200, '"b"', document([row("stripe")], version=2)))
    client.poll(at(0))
    found, standing = client.lookup(Cell("deposit"), at(1))
    client.poll(at(2))
    assert found is not None
    assert standing.card is not None
    assert standing.card.lookup(Cell("deposit")) == found
    assert client.standing(at(3)).card is not standing.card
