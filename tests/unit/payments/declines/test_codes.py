"""Is every code read as what it means: by the most precise word, on its day, and loudly where nobody knows it."""

from __future__ import annotations

from datetime import date, timedelta

import pytest

from transactional.payments.declines.codes import ADVICE_NEVER, ADVICE_WAITS, NETWORK_CODES, Decline, read_decline
from transactional.payments.declines.taxonomy import TAXONOMIES, DeclineClass, Remedy, UnifiedDecline, taxonomy_on
from transactional.payments.psps.registry import SPECS

U, C, R = UnifiedDecline, DeclineClass, Remedy
TODAY = date(2026, 11, 28)


def read(psp: str, raw: str | None, network: str | None = None, advice: str | None = None, scheme: str = "visa", on: date = TODAY) -> Decline:
    return read_decline(SPECS[psp].declines, on, raw_code=raw, network_code=network, advice_code=advice, scheme=scheme)


@pytest.mark.parametrize(
    ("psp", "raw", "network", "advice", "scheme", "unified", "decline_class"),
    [
        ("stripe", "insufficient_funds", None, None, "visa", U.INSUFFICIENT_FUNDS, C.SOFT_WAIT),
        # the PSP's vague word hides the scheme's precise one
        ("stripe", "card_declined", "51", None, "visa", U.INSUFFICIENT_FUNDS, C.SOFT_WAIT),
        ("adyen", "2", "54", None, "visa", U.EXPIRED_CARD, C.SOFT_FIX),
        ("adyen", "2", None, None, "visa", U.DO_NOT_HONOUR, C.SOFT_WAIT),
        # the PSP's precise word is not overruled by a vague code
        ("stripe", "stolen_card", "05", None, "visa", U.LOST_OR_STOLEN, C.HARD),
        ("adyen", "12", "05", None, "visa", U.INSUFFICIENT_FUNDS, C.SOFT_WAIT),
        # one code, two schemes
        ("adyen", "2", "65", None, "visa", U.LIMIT_EXCEEDED, C.SOFT_WAIT),
        ("adyen", "2", "65", None, "mastercard", U.AUTHENTICATION_REQUIRED, C.SOFT_FIX),
        ("adyen", "2", "1a", None, "visa", U.AUTHENTICATION_REQUIRED, C.SOFT_FIX),
        # Mastercard's advice is more precise than both
        ("adyen", "2", "51", "03", "mastercard", U.NEVER_APPROVED, C.HARD),
        ("stripe", "do_not_honor", "05", "21", "mastercard", U.NEVER_APPROVED, C.HARD),
        ("stripe", "lost_card", "41", "03", "mastercard", U.LOST_OR_STOLEN, C.HARD),
        ("stripe", "expired_card", "54", "01", "mastercard", U.NEW_CARD_DATA, C.SOFT_FIX),
        # what we or a PSP's risk engine stopped is no refusal of the issuer
        ("adyen", "20", None, None, "visa", U.BLOCKED_BY_PSP_RISK, C.MERCHANT_BLOCK),
        ("adyen", "31", None, None, "visa", U.SUSPECTED_FRAUD, C.HARD),
        ("adyen", "46", None, None, "visa", U.BLOCKED_BY_RETRY_RULE, C.MERCHANT_BLOCK),
        ("stripe", "merchant_blacklist", None, None, "visa", U.BLOCKED_BY_US, C.MERCHANT_BLOCK),
        ("adyen", "16", None, None, "visa", U.CANCELLED_BY_PAYER, C.PAYER),
        # a key in use: the same payment is under way, which is no refusal at all
        ("stripe", "idempotency_key_in_use", None, None, "visa", U.OUTCOME_UNKNOWN, C.UNKNOWN_OUTCOME),
    ],
)
def test_a_code_is_read_by_the_most_precise_word(
    psp: str, raw: str, network: str | None, advice: str | None, scheme: str, unified: UnifiedDecline, decline_class: DeclineClass
) -> None:
    found = read(psp, raw, network, advice, scheme)
    assert (found.unified, found.decline_class, found.unread_code) == (unified, decline_class, None)


@pytest.mark.parametrize(("raw", "network"), [("newly_invented", None), (None, None), ("newly_invented", "XX")])
def test_a_code_nobody_has_read_is_loud_and_nothing_is_tried_by_itself(raw: str | None, network: str | None) -> None:
    """Blocks the default branch that retries what it does not understand."""
    found = read("stripe", raw, network)
    assert (found.unified, found.decline_class, found.meaning.remedies) == (U.UNREAD, C.UNKNOWN, ())
    assert found.unread_code == (raw or "none")


@pytest.mark.parametrize(("code", "hours"), [("24", 1), ("25", 24), ("26", 48), ("27", 96), ("28", 144), ("29", 192), ("30", 240), ("02", 72)])
def test_the_issuer_s_own_hour_replaces_asking_another_psp(code: str, hours: int) -> None:
    """Another PSP asks the same issuer, who said when."""
    found = read("adyen", "2", "05", code, "mastercard")
    assert (found.meaning.remedies, found.meaning.wait) == ((R.WAIT,), timedelta(hours=hours))


def test_not_permitted_is_never_tried_again_from_the_day_visa_says_so() -> None:
    """At gambling merchants 57 is the issuer's own rule; the change of 2026-10-25 must not rewrite what was right before."""
    before, after = (read("adyen", "2", "57", on=day) for day in (date(2026, 10, 24), date(2026, 10, 25)))
    assert (before.decline_class, before.taxonomy_version) == (C.SOFT_WAIT, "2025-01")
    assert (after.decline_class, after.taxonomy_version, after.meaning.remedies) == (C.HARD, "2026-10", ())


def test_every_version_gives_every_decline_a_meaning_and_follows_the_one_before() -> None:
    assert [one.since for one in TAXONOMIES] == sorted({one.since for one in TAXONOMIES})
    for taxonomy in TAXONOMIES:
        assert set(taxonomy.meanings) == set(UnifiedDecline)
    assert taxonomy_on(date(2020, 1, 1)) is TAXONOMIES[0]


@pytest.mark.parametrize("taxonomy", TAXONOMIES, ids=lambda one: one.version)
def test_no_final_or_foreign_failure_is_tried_elsewhere_and_no_unknown_one_before_it_is_resolved(taxonomy: object) -> None:
    for unified, meaning in taxonomy.meanings.items():  # type: ignore[attr-defined]
        if meaning.decline_class in (C.HARD, C.PAYER, C.UNKNOWN):
            assert meaning.remedies == (), unified
        if meaning.decline_class is C.UNKNOWN_OUTCOME:
            assert meaning.remedies == (R.RESOLVE,), unified
        assert (R.WAIT in meaning.remedies) == (meaning.wait is not None), unified


def test_maps_name_their_source_and_each_unified_decline_is_reached_by_some_code() -> None:
    """A word no code leads to is dead; a map without a source cannot be checked."""
    maps = [SPECS[psp].declines for psp in ("stripe", "adyen")]
    assert all(one.source and one.vague <= set(one.codes) for one in maps)
    reached = {unified for one in maps for unified in one.codes.values()} | set(NETWORK_CODES.values())
    assert set(UnifiedDecline) - reached == {U.UNREAD}
    assert not ADVICE_NEVER & set(ADVICE_WAITS)
