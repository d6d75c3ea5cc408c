"""Do two tables come out as what they are, whatever their columns, marks, zones and signs; and is a row that cannot be read refused and counted?"""

from __future__ import annotations

from datetime import UTC, date, datetime

import pytest

from assets.reconciliation.standalone.cells import keyed
from assets.reconciliation.standalone.comparison import Comparison, compare
from assets.reconciliation.standalone.map_file import read_map
from assets.reconciliation.standalone.mapping import Normalise, Side
from assets.reconciliation.standalone.rows import TextTable, read_rows
from transactional.vocabulary.errors import ContractBroken

AS_OF = datetime(2026, 3, 31, tzinfo=UTC)
PLAIN = "{key: k, amount: a, currency: c, date: d, line_id: i}"


def table(name: str, headers: str, *rows: str, misshapen: tuple[tuple[int, str], ...] = ()) -> TextTable:
    """Cells separated by bars; line 1 is the header."""
    cells = [row.split("|") for row in rows]
    names = tuple(headers.split("|"))
    return TextTable(name, names, range(2, len(rows) + 2), [[row[place] for row in cells] for place in range(len(names))], misshapen)


def compared(left: TextTable, right: TextTable, left_map: str = PLAIN, right_map: str = PLAIN, rest: str = "") -> Comparison:
    return compare(read_map(f"left: {left_map}\nright: {right_map}\n{rest}", "map.yaml"), [left], [right], AS_OF)


def rows(*cells: str, name: str = "left.csv") -> TextTable:
    return table(name, "k|a|c|d|i", *cells)


def classes(found: Comparison) -> list[tuple[str, str, int]]:
    return [(row["break_class"], row["key"], row["amount_minor"]) for row in found.breaks.iter_rows(named=True)]


def test_each_difference_is_its_own_class() -> None:
    left = rows(
        "same|10.00|EUR|2026-03-01|1", "other|10.00|EUR|2026-03-01|2", "tenfold|10.00|EUR|2026-03-01|3", "sign|10.00|EUR|2026-03-01|4",
        "currency|10.00|EUR|2026-03-01|5", "mine|10.00|EUR|2026-03-01|6", "twice|3.00|EUR|2026-03-01|7", "twice|3.00|EUR|2026-03-01|8",
        "thrice|3.00|EUR|2026-03-01|9",
    )  # fmt: skip
    right = rows(
        "same|10.00|EUR|2026-03-02|1", "other|10.01|EUR|2026-03-02|2", "tenfold|100.00|EUR|2026-03-02|3", "sign|-10.00|EUR|2026-03-02|4",
        "currency|10.00|USD|2026-03-02|5", "yours|7.00|EUR|2026-03-02|6", "twice|3.00|EUR|2026-03-02|7", "thrice|3.00|EUR|2026-03-02|8",
        "thrice|3.00|EUR|2026-03-02|9", "thrice|3.00|EUR|2026-03-02|10", name="right.csv",
    )  # fmt: skip
    found = compared(left, right)
    assert classes(found) == [
        ("amount", "other", 1),
        ("currency", "currency", 1000),
        ("duplicate_ledger", "twice", 300),
        ("duplicate_psp", "thrice", 600),
        ("exponent", "tenfold", 9000),
        ("missing_at_psp", "mine", 1000),
        ("missing_in_ledger", "yours", 700),
        ("sign", "sign", -2000),
    ]
    assert found.matched.rows() == [("EUR", 3, 1600)]
    assert found.certificate["closes"].all()
    assert found.certificate["in_count"].sum() == left_and_right(found) == 19
    assert not found.is_clean


def left_and_right(found: Comparison) -> int:
    return found.rows.filter(found.rows["disposition"].is_not_null()).height


def test_marks_zones_signs_and_spellings_are_the_maps_business() -> None:
    left = table("books.csv", "nr|betrag|richtung|tag", "ab-001|1.234,50|S|31.12.2025", "ab-002|7,00|H|01.01.2026")
    right = table("bank.csv", "ref|minor|at", "AB1|-123450|2025-12-31T23:30:00Z", "AB2|700|2025-12-31T23:30:00Z")
    key = "normalise: [digits, no_leading_zeros]"
    found = compared(
        left,
        right,
        f"{{key: {{columns: nr, {key}}}, amount: {{column: betrag, decimal: ',', thousands: .}}, currency: EUR, "
        "date: {column: tag, format: '%d.%m.%Y', zone: Europe/Stockholm}, direction: {column: richtung, in: H, out: S}}",
        f"{{key: {{columns: ref, {key}}}, amount: {{column: minor, unit: minor}}, currency: EUR, date: {{column: at, zone: Europe/Stockholm}}}}",
    )
    assert (found.is_clean, found.matched.rows()) == (True, [("EUR", 2, -122750)])
    assert found.rows.filter(found.rows["side"] == "right")["booked_on"].to_list() == [date(2026, 1, 1)] * 2


def test_two_keys_never_become_one_by_being_joined() -> None:
    assert keyed(["ab", "c"], ()) != keyed(["a", "bc"], ())
    assert keyed(["a|", "b"], ()) != keyed(["a", "|b"], ())
    assert keyed(["a\\", "b"], ()) != keyed(["a", "\\b"], ()) != keyed(["a\\|b", ""], ())
    assert keyed(["", ""], ()) == ""  # blank is no key; `-` under alphanumeric is blank too
    assert keyed(["-"], [Normalise.ALPHANUMERIC]) == ""


def test_rows_without_a_key_match_nothing_by_being_blank_but_by_a_reference_that_only_one_has() -> None:
    mapped = "{key: k, amount: a, currency: EUR, reference: m, date: d}"
    left = table("l", "k|a|m|d", "K1|5.00|order 7|2026-03-01", "K2|6.00|order 8|2026-03-01", "K3|6.00|order 8|2026-03-01", "|9.00||2026-03-01")
    right = table("r", "k|a|m|d", "|5.00|order 7|2026-03-03", "|6.00|order 8|2026-03-03", "|9.00||2026-03-01")
    found = compared(left, right, mapped, mapped)
    assert found.matched.rows() == [("EUR", 1, 500)]
    assert [(row["break_class"], row["key"]) for row in found.breaks.iter_rows(named=True)] == [
        ("ambiguous_group", "K2"),
        ("missing_at_psp", "left line 5 of l, without a key"),
        ("missing_in_ledger", "right line 4 of r, without a key"),
    ]


def test_a_row_waits_as_long_as_the_map_says_and_is_no_break_until_then() -> None:
    left, right = rows("a|1.00|EUR|2026-03-28|1", "b|1.00|EUR|2026-03-27|2", "c|1.00|EUR|2026-03-01|3"), rows("c|1.00|EUR|2026-03-20|1", name="r")
    found = compared(left, right, rest="tolerances: {wait_days: 3}")
    assert [(row["break_class"], row["key"], row["counts_as_break"]) for row in found.breaks.iter_rows(named=True)] == [
        ("missing_at_psp", "b", True),
        ("timing_open", "a", False),
    ]


def test_net_and_fee_are_checked_on_the_right() -> None:
    right = table("r", "k|a|n|f", "x|10.00|9.70|0.30", "y|10.00|9.71|0.30", "z|-10.00|-10.30|0.30")
    left = table("l", "k|a", "x|10.00", "y|10.00", "z|-10.00")
    found = compared(left, right, "{key: k, amount: a, currency: EUR}", "{key: k, amount: a, net: n, fee: f, currency: EUR}")
    assert classes(found) == [("row_arithmetic", "y", 1)]
    assert found.gates.filter(found.gates["gate"] == "G4")["failed_count"].to_list() == [1]


def test_kinds_by_word_and_by_sign() -> None:
    by_word = "{key: k, amount: a, currency: EUR, kind: {column: t, words: {Sale: deposit, Back: chargeback, Note: information}}}"
    left = table("l", "k|a", "p|10.00", "q|20.00", "p|-10.00")
    right = table("r", "k|a|t", "p|10.00|Sale", "p|-10.00|Back", "q|-20.00|Back", "z|-5.00|Back", "n|1.00|Note", "u|2.00|New thing")
    found = compared(left, right, "{key: k, amount: a, currency: EUR, kind: {positive: deposit, negative: chargeback}}", by_word)
    assert [(row["break_class"], row["key"]) for row in found.breaks.iter_rows(named=True)] == [
        ("chargeback_unposted", "q"),
        ("missing_at_psp", "q"),
        ("orphan_chargeback", "z"),
        ("unknown_kind", "u"),
    ]
    assert found.rows.filter(found.rows["disposition"] == "ignored")["reason"].to_list() == ["information"]


UNREADABLE = {
    "k|10.005|EUR|2026-03-01|1": ("a", "more than the 2 decimals"),
    "k|1,000.00|EUR|2026-03-01|1": ("a", "not a plain decimal amount"),
    "k|NaN|EUR|2026-03-01|1": ("a", "not a plain decimal amount"),
    "k|1e5|EUR|2026-03-01|1": ("a", "not a plain decimal amount"),
    "k||EUR|2026-03-01|1": ("a", "is empty"),
    "k|1000000000000.01|EUR|2026-03-01|1": ("a", "more than 100,000,000,000,000 minor units"),
    "k|1.00|EURO|2026-03-01|1": ("a", "'EURO' is not an ISO 4217 code"),
    "k|1.00|EUR|2026-02-30|1": ("d", "not a date or time like"),
    "k|1.00|EUR|0001-01-01|1": ("d", "not a year from 1970"),
    "k\x00|1.00|EUR|2026-03-01|1": ("k", "a NUL character"),
}


def test_a_row_that_cannot_be_read_is_refused_and_counted_and_the_rest_goes_on() -> None:
    bent = ((99, "has 3 cells under a header of 5"),)
    left = table("left.csv", "k|a|c|d|i", "ok|1.00|EUR|2026-03-01|9", *UNREADABLE, misshapen=bent)
    found = compared(left, rows("ok|1.00|EUR|2026-03-01|9", name="right.csv"))
    refused = {row.line_no: (row.column, row.why) for row in found.refused}
    assert refused.pop(99) == ("", bent[0][1])
    for line, (column, why) in enumerate(UNREADABLE.values(), 3):
        told_column, told_why = refused.pop(line)
        assert (told_column, why in told_why) == (column, True), (line, told_why)
    assert (refused, found.matched.rows(), found.is_clean) == ({}, [("EUR", 1, 100)], False)
    assert found.readings[0].rows_in == found.readings[0].rows.height + len(found.refused) == 12


def test_a_map_that_fits_no_row_is_an_error_and_not_a_thousand_breaks() -> None:
    with pytest.raises(ContractBroken, match=r"left.csv, line 2, column 'a': none of its 1 rows can be read with this map"):
        compared(rows("x|1,00|EUR|2026-03-01|1"), rows("x|1.00|EUR|2026-03-01|1", name="right.csv"))


def test_a_missing_or_doubled_header_is_told_with_what_is_there() -> None:
    with pytest.raises(ContractBroken, match=r"l, column 'a': the map names this column, but the table has 'k', 'amount', 'c'"):
        compared(table("l", "k|amount|c|d|i"), rows("x|1.00|EUR|2026-03-01|1"))
    doubled = table("l", "k|a|a #2|c|d|i", "x|1.00|9.00|EUR|2026-03-01|1")
    with pytest.raises(ContractBroken, match=r"column 'a': is there more than once; say 'a #1' or 'a #2'"):
        compared(doubled, rows("x|1.00|EUR|2026-03-01|1", name="r"))
    for column, amount in (("'a #1'", 100), ("'a #2'", 900)):
        rule = read_map(f"left: {PLAIN.replace('amount: a', f'amount: {column}')}\nright: {PLAIN}", "map.yaml").left[0]
        assert read_rows(doubled, rule, Side.LEFT, "r", AS_OF, AS_OF.date()).rows["amount_minor"].to_list() == [amount]


def test_a_line_that_two_files_of_one_side_hold_counts_once() -> None:
    two = read_map(f"left: {PLAIN}\nright: {PLAIN}", "map.yaml")
    left = [rows("a|1.00|EUR|2026-03-01|1", "b|2.00|EUR|2026-03-01|2", name="mon"), rows("b|2.00|EUR|2026-03-01|2", name="tue")]
    found = compare(two, left, [rows("a|1.00|EUR|2026-03-01|1", "b|2.00|EUR|2026-03-01|2", name="r")], AS_OF)
    assert found.is_clean
    assert found.rows.filter(found.rows["disposition"] == "ignored")["reason"].to_list() == ["repeated_in_file"]
    with pytest.raises(ContractBroken, match="mon is given more than once"):
        compare(two, [left[0], left[0]], left, AS_OF)
    with pytest.raises(ContractBroken, match="describes 2 tables of the left side, but 1 were given"):
        compare(read_map(f"left: [{PLAIN}, {PLAIN}]\nright: {PLAIN}", "m"), left[:1], left[1:], AS_OF)


def test_empty_sides_are_an_answer_too() -> None:
    nothing = compared(rows(), rows(name="r"))
    assert (nothing.is_clean, nothing.run_id, nothing.rows.height) == (True, "", 0)
