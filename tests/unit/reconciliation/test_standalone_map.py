"""Is a wrong map refused with its file, line and key, and never half understood?"""

from __future__ import annotations

import pytest

from assets.reconciliation.standalone.map_file import read_map
from assets.reconciliation.standalone.mapping import Amount, Currency, Dated, Direction, Key, Kinds, Normalise
from transactional.payments.money_kinds import MoneyKind
from transactional.vocabulary.errors import ContractBroken

TABLE = "{key: order, amount: paid, currency: EUR}"
WHOLE = """\
left:
  - name: books
    key: {columns: [order, part], normalise: [upper, alphanumeric]}
    amount: {column: paid, decimal: ",", thousands: ".", unit: major}
    currency: {column: EUR}
    date: {column: day, zone: Europe/Stockholm, format: "%d.%m.%Y"}
    direction: {column: dc, in: C, out: [D, DR]}
    sign: flip
    kind: {column: type, words: {Sale: deposit, no: refund}, otherwise: information}
    reference: memo
    line_id: id
right:
  key: order
  amount: paid
  net: net
  fee: fee
  currency: JPY
  kind: {positive: deposit, negative: chargeback}
tolerances: {wait_days: 0, reference_window_days: 3}
"""


def refusal(text: str) -> str:
    with pytest.raises(ContractBroken) as caught:
        read_map(text, "map.yaml")
    return str(caught.value)


def test_everything_a_map_can_say() -> None:
    two = read_map(WHOLE, "map.yaml")
    (left,), (right,) = two.left, two.right
    assert left.key == Key(("order", "part"), (Normalise.UPPER, Normalise.ALPHANUMERIC))
    assert left.amount == Amount("paid", ",", ".")
    assert left.currency == Currency(column="EUR")  # a column that is called like a currency
    assert left.dated == Dated("day", "Europe/Stockholm", "%d.%m.%Y")
    assert left.direction == Direction("dc", frozenset("C"), frozenset({"D", "DR"}))
    # `no` is a word of a bank and not the opposite of yes
    assert left.kinds == Kinds(MoneyKind.INFORMATION, MoneyKind.INFORMATION, "type", {"Sale": MoneyKind.DEPOSIT, "no": MoneyKind.REFUND})
    assert (left.is_flipped, left.reference, left.line_id) == (True, Key(("memo",)), "id")
    assert (right.currency, right.kinds) == (Currency(constant="JPY"), Kinds(MoneyKind.DEPOSIT, MoneyKind.CHARGEBACK))
    assert (two.wait_days, two.reference_window_days) == (0, 3)


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("", "map.yaml, line 1: the map is empty"),
        ("left: [", "map.yaml, line 1: not YAML"),
        ("- 1", "map.yaml, line 1: expected keys with values"),
        (f"left: {TABLE}", "lacks `right`"),
        (f"left: {TABLE}\nrihgt: {TABLE}", "map.yaml, line 2: key 'rihgt': unknown; expected one of left, right, tolerances"),
        (f"left: {TABLE}\nright:\n  key: a\n  amount: b\n  curency: EUR", "map.yaml, line 5: key 'right.curency': unknown"),
        (f"left: {TABLE}\nright:\n  key: a\n  key: b", "map.yaml, line 4: key 'right.key': is there twice"),
        (f"left: {TABLE}\nright:\n  key: []\n  amount: b\n  currency: EUR", "map.yaml, line 3: key 'right.key': an empty list"),
        (f"left: {TABLE}\nright:\n  key:\n  amount: b\n  currency: EUR", "map.yaml, line 3: key 'right.key': expected a word"),
        (
            f"left: {TABLE}\nright: [{TABLE},\n  {{key: a, amount: b, currency: EUR, sign: -1}}]",
            "line 3: key 'right[2].sign': '-1' is none of 'keep', 'flip'",
        ),
        (f"left: {TABLE}\nright: {{key: a, amount: {{column: b, decimal: ';'}}, currency: EUR}}", "key 'right.amount.decimal': ';' is none of"),
        (f"left: {TABLE}\nright: {{key: a, amount: {{column: b, thousands: .}}, currency: EUR}}", "the same mark cannot be"),
        (f"left: {TABLE}\nright: {{key: a, amount: b, currency: EUR, date: {{column: c, zone: CEST}}}}", "'CEST' is not an IANA time zone"),
        (f"left: {TABLE}\nright: {{key: a, amount: b, currency: EUR, kind: payout}}", "key 'right.kind': 'payout' is none of"),
        (f"left: {TABLE}\nright: {{key: a, amount: b, currency: EUR, kind: {{positive: deposit}}}}", "key 'right.kind': lacks `negative`"),
        (f"left: {TABLE}\nright: {{key: a, amount: b, currency: EUR, direction: {{column: c, in: C, out: C}}}}", "'C' cannot be both in and out"),
        (f"left: {TABLE}\nright: {{key: a, amount: b, currency: EUR, fee: c}}", "expected `net` and `fee` together"),
        (f"left: {{key: a, amount: b, currency: EUR, net: c, fee: d}}\nright: {TABLE}", "checked on the right side only"),
        (f"left: {{key: a, amount: b, currency: EUR, url: 'postgresql://h/d'}}\nright: {TABLE}", "expected `url` and `query` together"),
        (f"left: {TABLE}\nright: {TABLE}\ntolerances: {{amount: 0.05}}", "line 3: key 'tolerances.amount': unknown; expected one of wait_days"),
        (f"left: {TABLE}\nright: {TABLE}\ntolerances: {{wait_days: 1.5}}", "key 'tolerances.wait_days': '1.5' is no whole number"),
        (f"left: {TABLE}\nright: {TABLE}\ntolerances: {{wait_days: 2}}", "nothing can wait without a date"),
        ("left: &a [*a]\nright: *a", "expected keys with values"),
        ("a\x00b: 1", "not YAML"),
    ],
)
def test_a_wrong_map_is_refused_with_its_line_and_key(text: str, said: str) -> None:
    assert said in refusal(text)


def test_a_bomb_of_aliases_or_of_brackets_is_only_a_wrong_map() -> None:
    bomb = "a: &a [x, x]\n" + "".join(
        f"{after}: &{after} [{f'*{before}, ' * 9}*{before}]\n" for before, after in zip("abcdefgh", "bcdefghi", strict=True)
    )
    assert "unknown" in refusal(bomb)
    assert "not YAML" in refusal("[" * 100_000)


def test_a_password_in_a_map_is_not_shown_with_it() -> None:
    text = f"left: {{key: a, amount: b, currency: EUR, url: 'postgresql://u:secret@h/d', query: select 1}}\nright: {TABLE}"
    assert "secret" not in repr(read_map(text, "map.yaml"))
