"""What a report may declare of how it prints: record types, directions, dates, marks, a balance after each row. On reports of a PSP nobody heard of."""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from typing import Any

import pytest

from assets.landing.canonical import SCHEMA, Reader
from assets.landing.cells import ymd
from assets.landing.reports.balances import statements_of
from assets.landing.tabular import read_sheet
from transactional.payments.money_kinds import MoneyKind
from transactional.payments.psps.spec import AmountSource, PspSpec, RecordLayout, ReportFormat, TimeSource, WebhookSpec
from transactional.vocabulary.errors import ContractBroken

LAYOUT = RecordLayout("HD", frozenset({"RW"}), section={"AC": {1: "Account"}}, counted_by=("CT", 1), silent=frozenset({"ZZ"}))
RECORDS = ReportFormat(
    name="records",
    role="settlement",
    required=frozenset({"Id", "Type"}),
    kind="Type",
    kinds={"pay": MoneyKind.DEPOSIT, "fee": MoneyKind.FEE},
    negative_kinds={"pay": MoneyKind.WITHDRAWAL},
    moves_nothing=("State", frozenset({"no"})),
    gross=(AmountSource("Sum", "Cur", direction="Side"),),
    net=None,
    net_is_gross_less_fees=True,
    occurred=TimeSource("At"),
    account="Account",
    texts={"psp_reference": ("Id",)},
    fees={"commission_minor": ("Fee",)},
    fee_direction="Fee side",
    exponent=2,
    minor_units=True,
    records=LAYOUT,
)
BALANCED = ReportFormat(
    name="balanced",
    role="activity",
    required=frozenset({"Day", "Balance"}),
    kind="Type",
    kinds={"pay": MoneyKind.DEPOSIT},
    gross=(AmountSource("Net", "Cur"),),
    net=AmountSource("Net", "Cur"),
    occurred=TimeSource("Day", clock="Clock", order="dmy or mdy"),
    balance="Balance",
    decimal_mark=",",
    thousands_mark=".",
)
SPEC = PspSpec("nobody", "UTC", (RECORDS, BALANCED), WebhookSpec(lambda *_: None, lambda *_: [], lambda _: ""))
HEADER = "HD,Id,Type,State,Side,Sum,Cur,Fee side,Fee,At"


def read(rows: list[str], report: ReportFormat = RECORDS, layouts: tuple[RecordLayout, ...] = (LAYOUT,)) -> tuple[list[dict[str, Any]], list[Any]]:
    lines, rejected = Reader(read_sheet("\n".join(rows).encode(), "r.csv", layouts), SPEC, report, "main").lines()
    return lines.to_dicts(), rejected


def row(kind: str = "pay", side: str = "CR", amount: str = "1050", currency: str = "EUR", fee: str = "DR,50", state: str = "ok") -> str:
    return f"RW,1,{kind},{state},{side},{amount},{currency},{fee},2026/01/05 23:30:00 -0800"


def test_rows_stand_under_their_header_and_sections_say_whose_they_are() -> None:
    lines, rejected = read(["ZZ,1", "AC,first", HEADER, row(), "CT,1", "AC,second", HEADER, row(), row(), "CT,2", "ZZ,3"])
    assert rejected == []
    assert [(line["account"], line["line_no"]) for line in lines] == [("first", 4), ("second", 8), ("second", 9)]
    assert (lines[0]["net_minor"], lines[0]["commission_minor"], str(lines[0]["occurred_at"])) == (1_000, 50, "2026-01-06 07:30:00+00:00")


def test_a_record_of_a_type_nobody_declared_is_refused_and_not_skipped() -> None:
    _, rejected = read(["AC,a", HEADER, row(), "XX,what,is,this", "RW,too,short"])
    assert [(each.line, each.code) for each in rejected] == [(4, "cell_count"), (5, "cell_count")]
    assert "type" in rejected[0].expected


@pytest.mark.parametrize(
    ("rows", "code"),
    [
        (["AC,a", HEADER, row(), "CT,2"], "control_count"),
        (["AC,a", HEADER, row(), "CT"], "control_count"),
        (["AC,a", row()], "no_header"),
        (["AC,a", "ZZ"], "no_header"),
        (["AC,a", HEADER, HEADER.replace("Fee side", "Other")], "two_headers"),
    ],
)
def test_a_file_of_records_that_is_not_whole_is_refused(rows: list[str], code: str) -> None:
    with pytest.raises(ContractBroken) as refusal:
        read(rows)
    assert refusal.value.code == code


def test_one_word_for_both_directions_is_what_its_side_says() -> None:
    lines, _ = read(["AC,a", HEADER, row(), row(side="DR"), row(kind="fee", side="DR", fee=","), row(state="NO"), row(kind="new")])
    assert [(line["kind"], line["gross_minor"], line["net_minor"]) for line in lines] == [
        ("deposit", 1_050, 1_000),
        ("withdrawal", -1_050, -1_100),
        ("fee", -1_050, -1_050),
        ("information", 1_050, 1_000),
        ("unknown", 1_050, 1_000),
    ]


def test_a_direction_that_is_none_and_a_sign_beside_a_direction_are_refused() -> None:
    _, rejected = read(["AC,a", HEADER, row(side="XX"), row(amount="-5"), row(fee=",50"), row(side="", amount="", fee=",")])
    assert [(each.line, each.column, each.code) for each in rejected] == [
        (3, "Side", "no_direction"),
        (4, "Side", "unexpected_sign"),
        (5, "Fee side", "no_direction"),
        (6, "Sum", "no_amount"),
    ]


@pytest.mark.parametrize(("currency", "amount", "minor"), [("EUR", "10000", 10_000), ("JPY", "10000", 100), ("KWD", "10000", 100_000)])
def test_hundredths_of_every_currency_are_its_own_minor_units(currency: str, amount: str, minor: int) -> None:
    lines, _ = read(["AC,a", HEADER, row(amount=amount, currency=currency, fee=",")])
    assert [line["gross_minor"] for line in lines] == [minor]


def test_hundredths_that_a_currency_does_not_have_are_refused_and_not_rounded() -> None:
    _, rejected = read(["AC,a", HEADER, row(amount="10050", currency="JPY", fee=",")])
    assert [each.code for each in rejected] == ["too_many_decimals"]


@pytest.mark.parametrize(
    ("dates", "order", "read_as"),
    [
        (["2/1/2020", "13/1/2020"], "dmy or mdy", ["2020-01-02", "2020-01-13"]),
        (["2/1/2020", "1/13/2020"], "dmy or mdy", ["2020-02-01", "2020-01-13"]),
        (["2/1/2020"], "dmy", ["2020-01-02"]),
        (["2/1/2020"], "mdy", ["2020-02-01"]),
        (["2020-01-02"], "ymd", ["2020-01-02"]),
        (["soon"], "dmy", ["soon"]),
    ],
)
def test_dates_are_read_the_one_way_that_all_of_a_file_allow(dates: list[str], order: Any, read_as: list[str]) -> None:
    assert ymd(dates, order) == read_as


@pytest.mark.parametrize("days", [["2/1/2020", "3/2/2020"], ["13/1/2020", "1/13/2020"]])
def test_dates_that_could_be_read_two_ways_are_refused(days: list[str]) -> None:
    rows = [f"{day};10:00:00;pay;EUR;1,00;1,00" for day in days]
    _, rejected = read(["Day;Clock;Type;Cur;Net;Balance", *rows], BALANCED)
    assert [(each.column, each.code) for each in rejected] == [("Day", "ambiguous_date")] * 2


def balances(*rows: tuple[str, str], currency: str = "EUR") -> list[tuple[Any, ...]]:
    printed = [f"13/01/2020;10:00:00;pay;{currency};{net};{balance}" for net, balance in rows]
    lines, _ = Reader(read_sheet("\n".join(["Day;Clock;Type;Cur;Net;Balance", *printed]).encode(), "b.csv"), SPEC, BALANCED, "main").lines()
    assert set(lines.columns) == {*SCHEMA, "_balance_minor"}
    columns = ("bank_account", "statement_id", "opening_minor", "moves_minor", "closing_minor", "difference_minor")
    return [tuple(one[name] for name in columns) for one in statements_of(lines).rows.to_dicts()]


def test_an_unbroken_balance_is_one_statement_whichever_end_is_printed_first() -> None:
    rows = [("1.000,00", "1.500,00"), ("-200,00", "1.300,00"), ("0,50", "1.300,50")]
    assert [one[2:] for one in balances(*rows)] == [(50_000, 80_050, 130_050, 0)]
    assert [one[2:] for one in balances(*rows[::-1])] == [(50_000, 80_050, 130_050, 0)]


def test_a_row_that_is_missing_is_a_difference_on_the_line_after_it() -> None:
    first, second = balances(("100,00", "100,00"), ("-30,00", "70,00"), ("5,00", "95,00"))
    assert first == ("nobody main", "EUR from line 0000002", 0, 7_000, 7_000, 0)
    assert second == ("nobody main", "EUR from line 0000004", 7_000, 500, 9_500, 2_000)


def test_a_row_may_end_before_columns_without_a_name_and_nowhere_else() -> None:
    sheet = read_sheet(b"A,B,,\n1,2\n3,4,5\n6\n", "s.csv")
    assert sheet.headers == ("A", "B", " #1", " #2")
    assert (sheet.lines, sheet.column("B"), [each.line for each in sheet.misshapen]) == ([2, 3], ["2", "4"], [4])


def test_a_zone_in_full_needs_no_list_and_a_short_one_does() -> None:
    labelled = replace(BALANCED, occurred=TimeSource("Day", label="Zone", clock="Clock", order="dmy"))
    rows = [f"02/07/2020;10:00:00;pay;EUR;1,00;1,00;{label}" for label in ("Europe/Berlin", "EST", "No/Where")]
    lines, rejected = read(["Day;Clock;Type;Cur;Net;Balance;Zone", *rows], labelled)
    assert [(str(line["occurred_at"]), line["booked_on"]) for line in lines] == [("2020-07-02 08:00:00+00:00", date(2020, 7, 2))]
    assert [each.code for each in rejected] == ["unknown_zone"] * 2
