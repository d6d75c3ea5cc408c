"""May this card be asked for this amount once more, by the card schemes' own rules? For retrying and for the price of a retry.

One counter per (card fingerprint, amount, currency, merchant) over all our PSPs: each PSP counts only what went through it, and the scheme counts all. Dated
rows with their source, never constants. The traps: fifteen written into code (Visa's limit is 20 now); a counter per PSP, so that failing over resets it; an
approved payment between two refusals that is counted as a re-attempt.

Source: RT §2.2 (processors' pages; the rule books themselves were not read): each row names its page.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Literal

EVERYWHERE = "*"
_DAY = timedelta(days=1)
_MONTH = timedelta(days=30)


@dataclass(frozen=True, slots=True)
class CardKey:
    """What the schemes count by. `fingerprint` is our keyed hash of the card."""

    fingerprint: str
    amount_minor: int
    currency: str
    merchant: str


@dataclass(frozen=True, slots=True)
class Try:
    """One attempt that reached the issuer, at whichever PSP."""

    at: datetime
    is_approved: bool
    network_code: str | None = None
    advice_code: str | None = None


@dataclass(frozen=True, slots=True)
class SchemeRule:
    """`max_attempts` within `window` of what `counts` says, after a refusal whose code is in `codes` (None: any code).

    Counts: `reattempts` leaves the first refusal out, `attempts` counts it too. `fee_minor` of `currency` is charged for each one above.
    """

    rule_id: str
    scheme: str
    region: str
    counts: Literal["reattempts", "attempts"]
    code_kind: Literal["network", "advice"]
    codes: frozenset[str] | None
    max_attempts: int
    window: timedelta
    fee_minor: int
    currency: str
    valid_from: date
    valid_to: date
    source_url: str
    source_date: date


@dataclass(frozen=True, slots=True)
class Verdict:
    """Whether the next attempt is within the rules. `refused_by` names the rule; `free_again_at` is when it lets go, None while nobody can say."""

    refused_by: str | None = None
    free_again_at: datetime | None = None
    fee_minor: int = 0
    currency: str | None = None

    @property
    def is_allowed(self) -> bool:
        return self.refused_by is None


_NEVER_UNTIL_57 = frozenset("04 07 12 15 41 43 46 R0 R1 R3".split())
_READ = date(2026, 11, 25)
_START, _END = date(2025, 1, 1), date.max
_VISA_20_FROM, _VISA_57_FROM = date(2025, 5, 25), date(2026, 10, 25)


def _visa(rule_id: str, codes: frozenset[str] | None, most: int, since: date, until: date, url: str) -> SchemeRule:
    return SchemeRule(rule_id, "visa", EVERYWHERE, "reattempts", "network", codes, most, _MONTH, 10, "USD", since, until, url, _READ)


def _mastercard(
    rule_id: str, kind: Literal["network", "advice"], codes: frozenset[str] | None, most: int, window: timedelta, fee: int, url: str
) -> SchemeRule:
    counts: Literal["reattempts", "attempts"] = "reattempts" if codes else "attempts"
    return SchemeRule(rule_id, "mastercard", EVERYWHERE, counts, kind, codes, most, window, fee, "USD", _START, _END, url, _READ)


SCHEME_RULES: tuple[SchemeRule, ...] = (
    _visa("visa-never-2025", _NEVER_UNTIL_57, 0, _START, _VISA_57_FROM, "https://www.payway.com/visa-decline-codes"),
    _visa("visa-never-2026", _NEVER_UNTIL_57 | {"57"}, 0, _VISA_57_FROM, _END, "https://developers.tabapay.com/docs/visa-response-code-updates"),
    _visa("visa-soft-15", None, 15, _START, _VISA_20_FROM, "https://docs.adyen.com/visa-integrity-fees"),
    _visa("visa-soft-20", None, 20, _VISA_20_FROM, _END, "https://docs.cielo.com.br/changelog"),
    _mastercard("mastercard-never", "advice", frozenset({"03", "21"}), 0, _MONTH, 3, "https://www.maast.com/mastercard-mac"),
    _mastercard("mastercard-day", "network", None, 10, _DAY, 50, "https://developers.tabapay.com/docs/excessive-retry-rules"),
    _mastercard("mastercard-month", "network", None, 35, _MONTH, 50, "https://developer.paypal.com/braintree/docs/mastercard-excessive-attempts"),
)


def judge(scheme: str | None, region: str, tries: Sequence[Try], at: datetime, rules: Sequence[SchemeRule] = SCHEME_RULES) -> Verdict:
    """Whether a card may be asked once more at `at`. `tries` are those of its CardKey over all PSPs, in any order.

    A rule that refuses for ever within its window says when the window ends; several rules refuse until the last of them lets go.
    """
    since_success = _since_the_last_success(tries)
    refusing = [
        verdict
        for rule in rules
        if rule.scheme == (scheme or "").lower() and rule.region in (EVERYWHERE, region) and rule.valid_from <= at.date() < rule.valid_to
        if (verdict := _judge_one(rule, since_success, at)) is not None
    ]
    return max(refusing, key=lambda verdict: verdict.free_again_at or at, default=Verdict())


def _since_the_last_success(tries: Iterable[Try]) -> list[Try]:
    """The refusals after the last approval: a new purchase is not a re-attempt of the one before."""
    kept: list[Try] = []
    for one in sorted(tries, key=lambda one: (one.at, one.is_approved)):
        kept = [] if one.is_approved else [*kept, one]
    return kept


def _judge_one(rule: SchemeRule, refusals: Sequence[Try], at: datetime) -> Verdict | None:
    counted = [one for one in refusals if at - rule.window < one.at <= at]
    if rule.codes is not None:
        # a final refusal counts from itself on: what was tried before it was no breach
        first = next((place for place, one in enumerate(counted) if _code_of(one, rule) in rule.codes), None)
        counted = [] if first is None else counted[first:]
    if not counted:
        return None
    made = len(counted) - 1 if rule.counts == "reattempts" else len(counted)
    if made < rule.max_attempts:
        return None
    # the oldest tries leave the window one by one; free again when one fewer than the limit is left
    leaving = counted[made - rule.max_attempts]
    return Verdict(rule.rule_id, leaving.at + rule.window, rule.fee_minor, rule.currency)


def _code_of(one: Try, rule: SchemeRule) -> str | None:
    return one.network_code if rule.code_kind == "network" else one.advice_code
