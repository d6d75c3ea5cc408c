"""The sentence of a break in another language: every value of the English one is in it, and where it cannot be read back the English stands."""

from __future__ import annotations

import re
from datetime import date
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from assets.reconciliation.breaks import SENTENCES, BreakClass
from pipelines.reports.language import language_of
from pipelines.reports.sentences import PHRASES, detail_retold, is_known, read_back, retold
from pipelines.reports.words import LISTS
from transactional.vocabulary.money import format_minor

TURKISH = language_of("tr")
# the traps: a reference with a brace, a comma, the words of a sentence, or what an expression gives a meaning to
texts = st.text(st.sampled_from("AZaz09._-{}()[]\\+*?:;, 'ğİ"), min_size=1, max_size=12) | st.sampled_from(
    ["of 1.00 EUR", "{amount}", " by 2026-01-01 (x)."]
)
money = st.builds(
    lambda minor, code: f"{format_minor(minor, code[1])} {code[0]}",
    st.integers(-(10**12), 10**12),
    st.sampled_from([("EUR", 2), ("JPY", 0), ("KWD", 3)]),
)


@st.composite
def breaks(draw: st.DrawFn, kind: BreakClass) -> dict[str, Any]:
    row: dict[str, Any] = {"break_class": kind.value, "psp": draw(st.none() | texts), "account": draw(texts), "batch_id": draw(texts)}
    row |= {"member_count": draw(st.integers(0, 9)), "due_on": draw(st.none() | st.dates())}
    filled = {
        "place": " ".join(filter(None, (row["psp"], row["account"]))),
        "kind": draw(st.sampled_from(LISTS["kind"])),
        "reference": draw(texts),
        "amount": draw(money),
        "detail": draw(texts | st.sampled_from(["activity+settlement", "ledger 1.00 EUR, attempt 2.00 EUR", "its payout batch"])),
        "due": str(row["due_on"] or ""),
        "batch": row["batch_id"],
        "count": str(row["member_count"]),
    }
    return row | {"explanation": SENTENCES[kind].format(**filled), "filled": filled}


@pytest.mark.parametrize("kind", BreakClass)
@settings(max_examples=12, deadline=None)
@given(data=st.data())
def test_a_sentence_of_any_class_is_read_back_exactly_and_told_whole(kind: BreakClass, data: st.DataObject) -> None:
    row = data.draw(breaks(kind))
    told = read_back(row)
    assert told is not None
    assert SENTENCES[kind].format(**told) == row["explanation"]
    turkish = retold(row, TURKISH)
    assert turkish != row["explanation"]
    assert row["filled"]["place"] in turkish
    assert retold(row, language_of("en")) == row["explanation"]


@pytest.mark.parametrize("kind", BreakClass)
def test_plain_values_come_back_as_they_went_in(kind: BreakClass) -> None:
    filled = {
        "place": "acme Main",
        "kind": "deposit",
        "reference": "M2",
        "amount": "-1234.50 EUR",
        "detail": "activity+settlement",
        "due": "2026-01-09",
    }
    filled |= {"batch": "77", "count": "3"}
    row = {
        "break_class": kind.value,
        "psp": "acme",
        "account": "Main",
        "batch_id": "77",
        "member_count": 3,
        "explanation": SENTENCES[kind].format(**filled),
    }
    told = read_back(row)
    assert told == {name: filled[name] for name in re.findall(r"\{(\w+)\}", SENTENCES[kind])}
    if "{amount}" in SENTENCES[kind]:
        assert "-1.234,50\N{NO-BREAK SPACE}EUR" in retold(row, TURKISH)


def test_a_sentence_of_other_words_stays_english() -> None:
    # the trap: a standing signed with the words of an older version, told as something it does not say
    row = {"break_class": "amount", "psp": "acme", "account": "Main", "batch_id": None, "member_count": 1, "explanation": "Older words of 1.00 EUR."}
    assert retold(row, TURKISH) == "Older words of 1.00 EUR."
    assert retold(row | {"break_class": "a class of later"}, TURKISH) == "Older words of 1.00 EUR."


def test_every_phrase_of_the_layers_is_read_back() -> None:
    values = {"money": "-1234.50 EUR", "day": "2026-01-09", "number": "7", "decimal": "1.5", "text": "a, b.csv", "hop": "bank", "kind": "deposit"}
    values |= {"hops": "ledger+bank", "part": "scheme fee", "parts": "markup 0.10 EUR instead of 0.20 EUR, interchange 1.00 EUR instead of 0.90 EUR"}
    for phrase in PHRASES:
        english = phrase.format(**{name: values[name.partition("_")[0]] for name in re.findall(r"\{(\w+)\}", phrase)})
        assert is_known(english), english
        assert detail_retold(english, language_of("en")) != ""
        if "money" in phrase:
            assert "-1.234,50\N{NO-BREAK SPACE}EUR" in detail_retold(english, TURKISH)
        assert TURKISH.date(date(2026, 1, 9)) in detail_retold(english, TURKISH) or "{day" not in phrase


def test_details_beside_each_other_are_told_one_by_one_and_an_unknown_one_stays() -> None:
    assert detail_retold("ledger 1.00 EUR, attempt 2.00 EUR", TURKISH) == "defter 1,00\N{NO-BREAK SPACE}EUR, ödeme girişimi 2,00\N{NO-BREAK SPACE}EUR"
    assert detail_retold("ledger 1.00 EUR, what nobody wrote", TURKISH) == "ledger 1.00 EUR, what nobody wrote"
    assert not is_known("ledger 1.00 EUR, what nobody wrote")
