"""Which alerts are due and what is said of them: once however often the run is repeated, again only when the thing opens again."""

from __future__ import annotations

import json
from collections.abc import Sequence
from datetime import UTC, date, datetime, time, timedelta
from typing import Any

import polars as pl
import pytest

from assets.reconciliation.standing.day import GATE_CLASSES
from assets.reporting.alerts import GATE_OF, MOST_PER_MESSAGE, composed, due_alerts, follow, framed
from assets.reporting.tables import ALERT_MESSAGES, ALERTS
from pipelines.reports.alert_text import told_alerts
from pipelines.reports.language import language_of
from transactional.payments.merchant_accounts import MerchantAccount
from transactional.reconciliation.close_limits import CloseLimit

DAY = date(2026, 1, 5)
NOW = datetime(2026, 1, 6, 12, tzinfo=UTC)
LATER = NOW + timedelta(hours=1)
LIMITS = (CloseLimit("EUR", 50_00, until=date(2026, 2, 1)), CloseLimit("EUR", 10_00, since=date(2026, 2, 1)))
ACCOUNT = MerchantAccount("adyen", "Ours", "Europe/Amsterdam", reports_by=time(10))
BREAKS = {"subject": pl.String(), "break_class": pl.String(), "psp": pl.String(), "account": pl.String(), "currency": pl.String()}
SILENT = {"psp": pl.String(), "account": pl.String(), "business_date": pl.Date()}
NO_ALERTS, NO_MESSAGES = framed(ALERTS, []), framed(ALERT_MESSAGES, [])


def breaks(*rows: tuple[str, str, int], currency: str = "EUR", day: date = DAY) -> pl.DataFrame:
    told = [(thread, cause, "adyen", "Ours", currency, amount, day) for thread, cause, amount in rows]
    return pl.DataFrame(told, schema=BREAKS | {"amount_minor": pl.Int64(), "business_date": pl.Date()}, orient="row")


def silent(*days: date, account: str = "Ours") -> pl.DataFrame:
    return pl.DataFrame([("adyen", account, day) for day in days], schema=SILENT, orient="row")


def refused(*files: tuple[str, str]) -> pl.DataFrame:
    schema = {"sha256": pl.String(), "name": pl.String(), "source": pl.String(), "business_date": pl.Date()}
    return pl.DataFrame([(sha256, name, "adyen", DAY) for sha256, name in files], schema=schema, orient="row")


def due(
    found: pl.DataFrame,
    silent_days: pl.DataFrame | None = None,
    now: datetime = NOW,
    account: MerchantAccount = ACCOUNT,
    files: pl.DataFrame | None = None,
) -> list[dict[str, Any]]:
    days, unread = silent() if silent_days is None else silent_days, refused() if files is None else files
    return due_alerts(found, days, unread, now, accounts=[account], limits=LIMITS)


def said(alerts: Sequence[dict[str, Any]]) -> tuple[str, list[str]]:
    return told_alerts(alerts, language_of("en"))


@pytest.mark.parametrize(("amount", "is_due"), [(50_00, False), (50_01, True), (-50_01, True), (0, False)])
def test_a_break_alerts_above_its_limit_whichever_way_the_money_points(amount: int, is_due: bool) -> None:
    assert bool(due(breaks(("brk_1", "amount", amount)))) is is_due


def test_the_limit_is_that_of_the_currency_and_of_the_breaks_day() -> None:
    # the trap: one limit for all, or today's limit for a break of last month
    assert not due(breaks(("brk_1", "amount", 20_00)))
    assert due(breaks(("brk_1", "amount", 20_00), day=date(2026, 2, 1)))
    assert due(breaks(("brk_1", "amount", 1), currency="XOF"))


def test_a_failed_subject_of_a_gate_alerts_whatever_its_amount_and_only_once() -> None:
    (alert,) = due(breaks(("brk_1", "batch_gap", 0)))
    assert (alert["kind"], alert["gate"]) == ("gate_failed", "G3")
    (alert,) = due(breaks(("brk_1", "batch_residue", 99_00)))
    assert alert["kind"] == "gate_failed"


def test_the_gates_are_those_of_the_engine() -> None:
    assert {each.value: gate for gate, each in GATE_CLASSES.items()} == dict(GATE_OF)


@pytest.mark.parametrize(
    ("moment", "is_due"),
    [
        (datetime(2026, 1, 6, 8, 59, tzinfo=UTC), False),  # 09:59 in Amsterdam
        (datetime(2026, 1, 6, 9, 0, tzinfo=UTC), True),
        (datetime(2026, 1, 5, 23, 0, tzinfo=UTC), False),
    ],
)
def test_a_file_is_missing_at_its_hour_in_the_zone_of_its_account(moment: datetime, is_due: bool) -> None:
    assert bool(due(breaks(), silent(DAY), moment)) is is_due


def test_the_hour_follows_daylight_saving() -> None:
    assert due(breaks(), silent(date(2026, 7, 5)), datetime(2026, 7, 6, 8, 0, tzinfo=UTC))


def test_an_account_without_activity_reports_misses_none_and_neither_does_one_nobody_registered() -> None:
    without = MerchantAccount("adyen", "Ours", "Europe/Amsterdam", has_activity_reports=False)
    assert not due(breaks(), silent(DAY), account=without)
    assert not due(breaks(), silent(DAY, account="Theirs"))
    assert not due(breaks(), silent(DAY), account=MerchantAccount("adyen", "Ours", "Europe/Amsterdam", until=DAY))


def test_a_file_that_was_refused_is_a_failed_gate_by_its_content() -> None:
    # the trap: a broken file sent again under another name, told twice; or two under one name, told once
    twice = due(breaks(), files=refused(("a" * 64, "report.csv"), ("b" * 64, "report.csv")))
    assert len({alert["alert_id"] for alert in twice}) == 2
    (row,) = follow(NO_ALERTS, due(breaks(), files=refused(("a" * 64, "report.csv"))), NOW).to_dicts()
    assert (row["kind"], row["gate"], row["cause"]) == ("gate_failed", "G2", "refused_file")
    assert "file report.csv of adyen was refused" in said([row])[1][0]


def test_what_is_found_again_is_said_once_and_what_reopens_is_said_again() -> None:
    found = due(breaks(("brk_1", "amount", 90_00)))
    first = follow(NO_ALERTS, found, NOW)
    again = follow(first, found, LATER)
    assert again.equals(first)
    ended = follow(again, [], LATER)
    assert ended["ended_at"].to_list() == [LATER]
    assert follow(ended, [], LATER + timedelta(hours=1)).equals(ended)
    reopened = follow(ended, found, LATER)
    assert reopened["occurrence"].to_list() == [1, 2]
    messages = composed(first, NO_MESSAGES, ["webhook"], said, NOW)
    assert composed(again, messages, ["webhook"], said, LATER).is_empty()
    (second,) = composed(reopened, messages, ["webhook"], said, LATER)["alert_keys"]
    assert second.endswith(":2")


def test_each_channel_is_told_and_one_that_is_added_later_hears_what_is_still_open() -> None:
    alerts = follow(NO_ALERTS, due(breaks(("brk_1", "amount", 90_00))), NOW)
    messages = composed(alerts, NO_MESSAGES, ["webhook"], said, NOW)
    later = composed(alerts, messages, ["webhook", "email"], said, LATER)
    assert later["channel"].to_list() == ["email"]
    assert set(messages["message_id"]).isdisjoint(later["message_id"])
    assert composed(alerts, NO_MESSAGES, [], said, NOW).is_empty()


def test_many_alerts_are_few_messages_and_none_is_lost() -> None:
    count = 2 * MOST_PER_MESSAGE + 1
    alerts = follow(NO_ALERTS, due(breaks(*((f"brk_{n}", "amount", 90_00) for n in range(count)))), NOW)
    messages = composed(alerts, NO_MESSAGES, ["webhook"], said, NOW)
    assert messages.height == 3
    assert len(set(" ".join(messages["alert_keys"]).split())) == count


def test_a_message_has_the_same_id_and_bytes_for_the_same_alerts() -> None:
    found = due(breaks(("brk_2", "amount", 90_00), ("brk_1", "amount", 70_00)))
    bodies = [composed(follow(NO_ALERTS, rows, NOW), NO_MESSAGES, ["webhook"], said, NOW)["body"][0] for rows in (found, found[::-1])]
    assert bodies[0] == bodies[1]


@pytest.mark.parametrize("code", ["en", "tr"])
def test_a_sentence_says_what_where_how_much_and_where_to_look(code: str) -> None:
    alerts = follow(NO_ALERTS, due(breaks(("brk_1", "missing_in_ledger", -1234_56), ("brk_2", "batch_gap", 0)), silent(DAY)), NOW)
    (message,) = composed(alerts, NO_MESSAGES, ["email"], lambda rows: told_alerts(rows, language_of(code)), NOW).to_dicts()
    told = json.loads(message["body"])
    assert [each["kind"] for each in told["alerts"]] == ["break_above_limit", "file_missing", "gate_failed"]
    above, missing, gate = told["text"].splitlines()[1:]
    assert "countroom breaks show brk_1" in above
    assert {"en": "1,234.56", "tr": "1.234,56"}[code] in above
    assert "adyen Ours" in missing
    assert "--calendar --psp adyen" in missing
    assert "G3" in gate
    assert "countroom breaks show brk_2" in gate
