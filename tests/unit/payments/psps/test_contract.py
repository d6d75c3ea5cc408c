"""What every PSP must come with, whichever it is: a new spec is tested by being there, with its samples in tests/data/psps/<psp>/."""

from __future__ import annotations

import logging
import re
from datetime import date
from pathlib import Path

import pytest
from syrupy.assertion import SnapshotAssertion

from assets.landing.psp_files import ParsedReport, parse_psp_file
from transactional.payments.fee_schedules import COMPONENTS
from transactional.payments.money_kinds import MoneyKind
from transactional.payments.psps.registry import SPECS
from transactional.payments.psps.spec import PspSpec, ReportFormat
from transactional.vocabulary.currencies import exponent_of
from transactional.vocabulary.time import zone

SAMPLES = Path(__file__).parents[3] / "data" / "psps"
FILES = sorted(SAMPLES.glob("*/*.csv"))
REPORTS = [(spec, report) for spec in SPECS.values() for report in spec.reports]
_SHOWN = ("line_no", "kind", "gross_currency", "gross_minor", "net_currency", "net_minor", *COMPONENTS, "exchange_rate", "psp_reference")
_SHOWN += ("modification_reference", "merchant_reference", "ext_id", "batch_id", "bank_reference", "booked_on")


def parsed(path: Path) -> ParsedReport:
    return parse_psp_file(path.read_bytes(), path.name, account_hint="acct_of_the_folder", psp_hint=path.parent.name)


@pytest.mark.parametrize("spec", SPECS.values(), ids=lambda spec: spec.psp)
def test_a_spec_says_all_that_others_rely_on(spec: PspSpec) -> None:
    assert spec.source
    assert zone(spec.zone)
    assert all(zone(name) for names in spec.zone_labels.values() for name in names)
    assert {report.role for report in spec.reports} == {"settlement", "activity"}
    assert len({report.name for report in spec.reports}) == len(spec.reports)
    assert min(spec.activity_lag_days, spec.settles_after_days, spec.bank_lag_days) >= 1
    for currency in ("EUR", "JPY", "KWD", *spec.exponent_overrides):
        assert spec.house_minor(spec.psp_minor(700, currency, date(2026, 1, 1)), currency, date(2026, 1, 1)) == 700


@pytest.mark.parametrize(("spec", "report"), REPORTS, ids=lambda value: value.psp if isinstance(value, PspSpec) else value.name)
def test_a_report_is_known_by_its_header_and_reads_no_column_it_did_not_ask_for(spec: PspSpec, report: ReportFormat) -> None:
    read = {report.kind, *report.gross[0].headers(), report.occurred.local, report.occurred.clock or report.kind}
    optional = set(report.gross[0].headers()) - report.required
    assert read - report.required <= optional | {report.occurred.utc}
    twins = [other.name for other in spec.reports if other is not report and other.required == report.required]
    assert not twins, "a file must be of one report: the one whose columns it has most of"
    assert all(printed == printed.strip().casefold() for printed in report.kinds)
    assert report.money_kind("a kind of tomorrow") is MoneyKind.UNKNOWN


@pytest.mark.parametrize("psp", SPECS)
def test_a_psp_has_a_sample_of_a_settlement_and_of_an_activity_report(psp: str) -> None:
    assert {parsed(path).role for path in FILES if path.parent.name == psp} >= {"settlement", "activity"}


@pytest.mark.golden
@pytest.mark.parametrize("path", FILES, ids=lambda path: f"{path.parent.name}-{path.stem}")
def test_a_sample_comes_out_as_reviewed(path: Path, snapshot: SnapshotAssertion) -> None:
    lines = parsed(path).lines
    assert [" ".join(f"{name}={row[name]}" for name in _SHOWN if row[name] is not None) for row in lines.iter_rows(named=True)] == snapshot


@pytest.mark.parametrize("path", FILES, ids=lambda path: f"{path.parent.name}-{path.stem}")
def test_a_sample_loses_no_row(path: Path) -> None:
    report = parsed(path)
    assert report.lines.height + len(report.rejected) == report.row_count
    assert not report.rejected


@pytest.mark.parametrize("psp", SPECS)
def test_the_settlement_samples_of_a_psp_add_up_and_show_a_type_nobody_listed(psp: str) -> None:
    # some PSPs print the payout in a report of its own, so it is the samples together that add up
    settled = [report.lines for path in FILES if path.parent.name == psp and (report := parsed(path)).role == "settlement"]
    assert any("unknown" in lines["kind"].to_list() for lines in settled), "it must land with its money"
    assert sum(lines["net_minor"].sum() for lines in settled) == 0


@pytest.mark.parametrize("path", FILES, ids=lambda path: f"{path.parent.name}-{path.stem}")
def test_nobodys_name_or_address_is_kept_or_logged(path: Path, caplog: pytest.LogCaptureFixture) -> None:
    persons = re.findall(r"\w+@example\.org|\w+ Somebody", path.read_text())
    with caplog.at_level(logging.DEBUG):
        report = parsed(path)
    kept = report.lines.write_ndjson() + repr(report.rejected) + caplog.text
    assert not [person for person in persons if person in kept]


def test_the_exponents_of_a_psp_are_not_iso_where_it_says_so() -> None:
    # adyen-commercetools 1085: ISK has two decimals at Adyen; compared with the PSP's own file, not with our echo
    on, adyen = date(2026, 1, 1), SPECS["adyen"]
    assert {code: (adyen.exponent(code, on), exponent_of(code, on)) for code in ("ISK", "CLP", "CVE", "IDR", "JPY", "KWD")} == {
        "ISK": (2, 0),
        "CLP": (2, 0),
        "CVE": (0, 2),
        "IDR": (0, 2),
        "JPY": (0, 0),
        "KWD": (3, 3),
    }
