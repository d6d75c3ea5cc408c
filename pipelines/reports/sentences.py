"""How is a break's sentence told in another language: read back out of the English one, value by value, and told again. For pages, workbooks, alerts and text.

The engine writes English (breaks.SENTENCES), frozen with the day; a second sentence beside it would be a second answer. The trap: a guess. What is read
back gives the very same English again, or the English stands as it is.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from datetime import date
from functools import cache
from typing import Any

from assets.reconciliation.breaks import SENTENCES, BreakClass
from assets.reconciliation.items import SOURCES
from pipelines.reports.language import Language
from pipelines.reports.words import FEE_PARTS, LISTS, word

_MONEY = r"-?\d+(?:\.\d+)? [A-Z]{3}"
_DAY = r"\d{4}-\d{2}-\d{2}"
_HOP = "|".join(SOURCES)
_PART = "|".join(FEE_PARTS)
_SHAPES: Mapping[str, str] = {
    "money": _MONEY,
    "day": _DAY,
    "number": r"\d+",
    "decimal": r"-?\d+(?:\.\d+)?",
    "text": r".+?",
    "hop": _HOP,
    "hops": rf"(?:{_HOP})(?:\+(?:{_HOP}))*",
    "part": _PART,
    "parts": rf"(?:{_PART}) .+",
    "kind": "|".join(re.escape(each) for each in sorted(LISTS["kind"], key=len, reverse=True)),
    "kinds": ".+",
    "reference": ".*?",
    "amount": _MONEY,
    "detail": ".*",
    "due": f"(?:{_DAY})?",
    "what": "|".join(sorted(LISTS["candidates"], key=len, reverse=True)),
    "name": "|".join(LISTS["reference name"]),
}
"""What a place may hold: of details by the name before its number (`money_2` is money), of sentences by its name."""

PHRASES = (
    "charged {money}, contract line {text} says {money_2}: {parts}",
    "charged {money}, contract line {text} says {money_2} for {number} {kind}",
    "charged {money}, contract line {text} says {money_2}",
    "converted {money}, at the reference of {day} less {decimal} bps {money_2}",
    "version {number} of {text}, line {number_2}",
    "line {number} of {text}",
    "gross {money}, fees {money_2}, net {money_3}, rate {decimal}",
    "opening {money}, moves {money_2}, closing {money_3}, previous closing unknown",
    "opening {money}, moves {money_2}, closing {money_3}, previous closing {money_4}",
    "lines {money}, paid out {money_2}",
    "payout {money}, booked nowhere, at the bank nothing",
    "payout {money}, booked nowhere, at the bank {money_2}",
    "payout {money}, booked {money_2}, at the bank nothing",
    "payout {money}, booked {money_2}, at the bank {money_3}",
    "arrived {money}",
    "arrived nothing",
    "held {money} on {day}, came back {money_2}",
    "in our books on {day}, at the PSP on {day_2}",
    "{hop} line booked on the closed {day}",
    "{part} {money} instead of {money_2}",
    "{hop} {money}",
    "{hops}",
    "reference {text}",
    "batch {text}",
    "no payout fits it",
    "its payout batch",
    "the bank line",
    "the payout",
    "the activity report",
    "the settlement report",
)
"""What the layers say in the place {detail}; the first that fits is meant. Several stand beside each other with `; ` or `, `."""

REASONS = (
    "{money} is the sum of {number} of {number_2} {what} of {text}, and no other sum of them makes it",
    "{money} is the sum of {number} of {number_2} {what} of {text}, and at least {number_3} other sums make it too",
    "{money} is the sum of {number} of {number_2} {what} of {text}, and {number_3} other sums make it too",
    "equal amounts are among them, the earliest are named",
    "{number} other suggestions take one of them",
    "{money} on both sides, and '{text}' is nearly in the text of the bank line",
    "{money} on both sides, and our {name} '{text}' is their '{text_2}'",
    "{money} on both sides, and our {name} '{text}' is nearly their '{text_2}'",
    "no other pairs of the two are as possible",
    "{number} other pairs of the two are as possible",
    "not searched: {number} {what} of {text} could be part of it, too many to tell apart",
    "not searched: {number} bookings and {number_2} payments are of one amount, too many to tell apart",
    "one of its items is not known any more",
    "one of its items agrees with other lines now",
    "its items do not agree any more, or more than something missing is wrong with them",
)
"""Why items might belong together, and why a confirmed match is not held (assets/reconciliation/suggestions); several with `; ` between them."""


def retold(row: Mapping[str, Any], language: Language) -> str:
    """The sentence of a break (one of BREAKS, named) in a language; the English one where it cannot be read back."""
    english = str(row["explanation"])
    told = None if language.code == "en" else read_back(row)
    if told is None:
        return english
    places: dict[str, str] = {}
    for name, value in told.items():
        match name:
            case "kind":
                places[name] = word("kind", value, language)
            case "reference":
                places[name] = detail_retold(value, language) if value == f"batch {row['batch_id']}" else value
            case "detail":
                places[name] = value if row["break_class"] == BreakClass.UNKNOWN_KIND else detail_retold(value, language)
            case _:
                places[name] = _told(name, value, language)
    return language(SENTENCES[BreakClass(row["break_class"])], **places)  # no capital letter: it may begin with a reference


def read_back(row: Mapping[str, Any]) -> Mapping[str, str] | None:
    """The values of the places in a break's sentence; None where it is no sentence of its class. Filled in again, they are the sentence."""
    if row["break_class"] not in SENTENCES:
        return None
    known = {"place": " ".join(filter(None, (row["psp"], row["account"]))), "batch": row["batch_id"] or "", "count": str(row["member_count"])}
    sentence = SENTENCES[BreakClass(row["break_class"])]
    found = re.fullmatch(_pattern(sentence, known), str(row["explanation"]), re.DOTALL)
    return found.groupdict() if found and sentence.format(**found.groupdict()) == row["explanation"] else None


def detail_retold(detail: str, language: Language) -> str:
    """What the layers said, in a language; as it is, where one part of it is none of PHRASES."""
    for separator in (None, "; ", ", "):
        told = [_phrase_retold(part, language) for part in (detail.split(separator) if separator else [detail])]
        if all(part is not None for part in told):
            return (separator or "").join(part for part in told if part is not None)
    parts = detail.split("; ")
    return "; ".join(detail_retold(part, language) for part in parts) if len(parts) > 1 else detail


def reason_retold(reason: str, language: Language) -> str:
    """Why items might belong together, in a language; as it is, where one part of it is none of REASONS."""
    if language.code == "en":
        return reason
    told = [_phrase_retold(part, language, REASONS) for part in reason.split("; ")]
    return reason if None in told else "; ".join(part for part in told if part is not None)


def is_known(detail: str) -> bool:
    """Whether a detail is made of PHRASES."""
    parts = (part for part in re.split("; ", detail))
    return all(_fits(part) or all(map(_fits, part.split(", "))) for part in parts)


def _fits(part: str) -> bool:
    return any(pattern.fullmatch(part) for _, pattern in _compiled(PHRASES))


def _phrase_retold(part: str, language: Language, phrases: tuple[str, ...] = PHRASES) -> str | None:
    for phrase, pattern in _compiled(phrases):
        if found := pattern.fullmatch(part):
            return language(phrase, **{name: _told(name, value, language) for name, value in found.groupdict().items()})
    return None


def _told(name: str, value: str, language: Language) -> str:
    tellers: Mapping[str, Callable[[str], str]] = {
        "money": lambda text: _money(text, language),
        "amount": lambda text: _money(text, language),
        "day": lambda text: language.date(date.fromisoformat(text)),
        "due": lambda text: language.date(date.fromisoformat(text)) if text else text,
        "decimal": language.printed,
        "hop": lambda text: word("hop", text, language),
        "what": lambda text: word("candidates", text, language),
        "name": lambda text: word("reference name", text, language),
        "hops": lambda text: " + ".join(word("hop", each, language) for each in text.split("+")),
        "part": lambda text: word("fee part", text, language),
        "parts": lambda text: detail_retold(text, language),
        "kind": lambda text: word("kind", text, language),
    }
    teller = tellers.get(name.partition("_")[0])
    return teller(value) if teller else value


def _money(text: str, language: Language) -> str:
    amount, _, currency = text.partition(" ")
    return f"{language.printed(amount)}\N{NO-BREAK SPACE}{currency}"


def _pattern(sentence: str, known: Mapping[str, str]) -> str:
    """A sentence as an expression: known places as they are, the others by their shape."""
    parts = re.split(r"\{(\w+)\}", sentence)
    names = parts[1::2]
    pattern = re.escape(parts[0])
    for number, (name, text) in enumerate(zip(names, parts[2::2], strict=True)):
        shape = re.escape(known[name]) if name in known else _SHAPES[name.partition("_")[0]]
        pattern += (f"(?P={name})" if name in names[:number] else f"(?P<{name}>{shape})") + re.escape(text)
    return pattern


@cache
def _compiled(phrases: tuple[str, ...]) -> tuple[tuple[str, re.Pattern[str]], ...]:
    return tuple((phrase, re.compile(_pattern(phrase, {}), re.DOTALL)) for phrase in phrases)
