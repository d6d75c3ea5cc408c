"""LR §5.8 no. 14: for every PSP and currency, what a report prints for an amount is read back as that amount, and a webhook's minor units too."""

from __future__ import annotations

import csv
import io
from datetime import date

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from assets.landing.psp_files import parse_psp_file
from transactional.payments.money_kinds import EXPECTED_SIGN, MoneyKind
from transactional.payments.psps.registry import SPECS
from transactional.payments.psps.spec import PspSpec, ReportFormat, house_money
from transactional.vocabulary.currencies import PERIODS, exponent_of
from transactional.vocabulary.errors import InputRejected
from transactional.vocabulary.money import Money

ON = date(2026, 1, 15)
CURRENCIES = sorted(
    {"EUR", "USD", "GBP", "JPY", "KWD", "TRY", "HUF", "TWD", "CLF"} | {code for spec in SPECS.values() for code in spec.exponent_overrides}
)
IN_USE = sorted(code for code, periods in PERIODS.items() if any(each.since <= ON < each.until for each in periods))
REPORTS = [
    (spec, report) for spec in SPECS.values() for report in spec.reports if report.net is not None and MoneyKind.DEPOSIT in report.kinds.values()
]
minors = st.integers(1, 10**12)


def printed(minor: int, exponent: int) -> str:
    """A signed decimal by string arithmetic alone, so that the reader is not checked against itself."""
    digits = str(abs(minor)).rjust(exponent + 1, "0")
    whole, rest = (digits[:-exponent], "." + digits[-exponent:]) if exponent else (digits, "")
    return ("-" if minor < 0 else "") + whole + rest


def moment(report: ReportFormat) -> dict[str, str]:
    """10:00 on the 15th of January, as this report prints it: no date that could be read two ways."""
    day = {"ymd": "2026-01-15", "mdy": "01/15/2026"}.get(report.occurred.order, "15/01/2026")
    return {report.occurred.local: day, report.occurred.clock: "10:00:00"} if report.occurred.clock else {report.occurred.local: f"{day} 10:00:00"}


def file_of(spec: PspSpec, report: ReportFormat, currency: str, minor: int) -> bytes:
    """One deposit of `minor` in house units, net equal to gross, as this report prints it."""
    psp_minor = spec.psp_minor(minor, currency, ON)
    text = str(psp_minor) if report.minor_units else printed(psp_minor, spec.exponent(currency, ON))
    deposit = min(name for name, kind in report.kinds.items() if kind is MoneyKind.DEPOSIT)
    row = dict.fromkeys(sorted(report.required), "") | {report.kind: deposit} | moment(report)
    text = text.replace(".", report.decimal_mark or ".")
    assert report.net is not None
    for source in (report.gross[-1] if report.gross[0].only_if_not or report.gross[0].sign_from else report.gross[0], report.net):
        row |= {source.column: text, source.currency: currency}
    for label, value in ((report.occurred.label, "CET"), (report.rate, "1"), (report.account, "Main")):
        row |= {label: value} if label else {}
    out = io.StringIO()
    writer = csv.DictWriter(out, list(row))
    writer.writeheader()
    writer.writerow(row)
    return out.getvalue().encode()


def fits(spec: PspSpec, currency: str, minor: int) -> bool:
    try:
        spec.psp_minor(minor, currency, ON)
    except InputRejected:
        return False
    return True


@pytest.mark.parametrize(("spec", "report"), REPORTS, ids=lambda value: value.psp if isinstance(value, PspSpec) else value.name)
@settings(max_examples=15)
@given(st.sampled_from(CURRENCIES), minors)
def test_14_what_a_report_prints_is_read_back(spec: PspSpec, report: ReportFormat, currency: str, minor: int) -> None:
    whole = minor if fits(spec, currency, minor) else minor * 100
    (line,) = parse_psp_file(file_of(spec, report, currency, whole), f"{report.name}.csv", account_hint="Main").lines.iter_rows(named=True)
    assert (line["kind"], line["gross_currency"], line["gross_minor"], line["net_minor"]) == ("deposit", currency, whole, whole)


@pytest.mark.parametrize("spec", SPECS.values(), ids=lambda spec: spec.psp)
@given(st.sampled_from(IN_USE), st.integers(-(10**15), 10**15))
def test_14_a_psps_minor_units_come_back_or_are_refused_and_never_rounded(spec: PspSpec, currency: str, minor: int) -> None:
    if minor % 10 ** max(0, exponent_of(currency, ON) - spec.exponent(currency, ON)):
        with pytest.raises(InputRejected):
            spec.psp_minor(minor, currency, ON)
    else:
        assert house_money(spec.psp_minor(minor, currency, ON), currency.lower(), ON, spec.exponent_overrides) == Money(currency, minor)


def test_14_an_amount_with_more_decimals_than_its_currency_has_is_refused_and_the_rest_goes_on() -> None:
    spec, report = SPECS["adyen"], SPECS["adyen"].report("settlement_detail_report")
    content = file_of(spec, report, "JPY", 1500).decode()
    head, row = content.splitlines()
    parsed = parse_psp_file("\n".join([head, row, row.replace("1500", "15.5")]).encode(), "report.csv")
    assert (parsed.lines.height, [(each.line, each.code) for each in parsed.rejected]) == (1, [(3, "too_many_decimals")])
    assert all(EXPECTED_SIGN[MoneyKind(kind)] > 0 for kind in parsed.lines["kind"])
