"""Which alerts are due, which are new, and what is said to whom. Pure, over frames of marts; for the alerts asset.

An alert is known by its kind and subject, so a run that finds it again says nothing, and one that no longer finds it ends it; if it opens once more it is
said once more. The traps: an alert per run (nobody reads the fifth), a file called missing before its hour (the hour is the account's own, in its zone),
and a message made anew for each attempt (its receiver cannot know it has it already): messages are composed once and kept.

Units: minor. Nothing here names a player: a break is named by its thread.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import UTC, date, datetime, time, timedelta
from enum import StrEnum
from typing import Any

import polars as pl

from assets.reporting.tables import ALERT_MESSAGES, ALERTS
from transactional.payments.merchant_accounts import MERCHANT_ACCOUNTS, MerchantAccount
from transactional.payments.psps.registry import SPECS
from transactional.reconciliation.close_limits import CLOSE_LIMITS, CloseLimit
from transactional.vocabulary.ids import stable_key
from transactional.vocabulary.tables import ColumnType, Table
from transactional.vocabulary.time import localise

GATE_OF: Mapping[str, str] = {
    "batch_gap": "G3",
    "row_arithmetic": "G4",
    "batch_residue": "G5",
    "statement_gap": "G6",
    "unknown_kind": "G7",
}
"""Class of a break to the gate whose failed subject it is; a test holds it against the engine's own list."""
REFUSED_FILE = "refused_file"
MOST_PER_MESSAGE = 50
_DTYPES: Mapping[ColumnType, pl.DataType] = {
    ColumnType.TEXT: pl.String(),
    ColumnType.BIGINT: pl.Int64(),
    ColumnType.INTEGER: pl.Int32(),
    ColumnType.DATE: pl.Date(),
    ColumnType.TIMESTAMPTZ: pl.Datetime("us", "UTC"),
}

Row = dict[str, Any]
Said = Callable[[Sequence[Row]], tuple[str, Sequence[str]]]
"""Alerts → a headline, and a sentence for each."""


class AlertKind(StrEnum):
    """What an alert can be about."""

    BREAK_ABOVE_LIMIT = "break_above_limit"
    FILE_MISSING = "file_missing"
    GATE_FAILED = "gate_failed"


def due_alerts(
    breaks: pl.DataFrame,
    silent_days: pl.DataFrame,
    refused: pl.DataFrame,
    now: datetime,
    *,
    accounts: Sequence[MerchantAccount] = MERCHANT_ACCOUNTS,
    limits: Sequence[CloseLimit] = CLOSE_LIMITS,
) -> list[Row]:
    """What somebody has to know now. Rows of ALERTS without their state.

    Shape: `breaks` (subject, break_class, psp, account, currency, amount_minor, business_date), those that count; `silent_days` (psp, account,
    business_date), days of an account whose activity report has not come; `refused` (sha256, name, source, business_date),
    files that could not be read at all.
    """
    found = [*_of_breaks(breaks, limits), *_of_files(silent_days, now, accounts), *_of_refused(refused)]
    return sorted(found, key=lambda row: (row["kind"], row["business_date"], row["subject"]))


def follow(before: pl.DataFrame, due: Sequence[Row], now: datetime) -> pl.DataFrame:
    """The alerts after this look: those before, ended where they are no longer due, and those that opened. Shape: ALERTS → ALERTS."""
    rows = before.to_dicts()
    still_due = {row["alert_id"] for row in due}
    last: dict[str, int] = {}
    for row in rows:
        last[row["alert_id"]] = max(row["occurrence"], last.get(row["alert_id"], 0))
        if row["ended_at"] is None and row["alert_id"] not in still_due:
            row["ended_at"] = now
    is_open = {row["alert_id"] for row in rows if row["ended_at"] is None}
    opened = [
        row | {"occurrence": last.get(row["alert_id"], 0) + 1, "raised_at": now, "ended_at": None} for row in due if row["alert_id"] not in is_open
    ]
    return framed(ALERTS, rows + opened)


def composed(alerts: pl.DataFrame, messages: pl.DataFrame, channels: Sequence[str], said: Said, now: datetime) -> pl.DataFrame:
    """Messages for each channel about open alerts it was not told of. Shape: ALERTS, ALERT_MESSAGES → the new rows of ALERT_MESSAGES."""
    rows: list[Row] = []
    for channel in channels:
        told = set(" ".join(messages.filter(pl.col("channel") == channel)["alert_keys"]).split())
        untold = [row for row in alerts.filter(pl.col("ended_at").is_null()).to_dicts() if _key(row) not in told]
        untold.sort(key=lambda row: (row["raised_at"], row["kind"], row["business_date"], row["alert_id"]))
        for start in range(0, len(untold), MOST_PER_MESSAGE):
            rows.append(_message(channel, untold[start : start + MOST_PER_MESSAGE], said, now))
    return framed(ALERT_MESSAGES, rows)


def framed(table: Table, rows: Sequence[Row]) -> pl.DataFrame:
    """Rows in the shape of a contract."""
    schema = {column.name: _DTYPES[column.type] for column in table.columns}
    return pl.DataFrame([[row[name] for name in schema] for row in rows], schema=schema, orient="row")


def report_due_at(account: MerchantAccount, day: date) -> datetime | None:
    """When the activity report of a day has to be there; None for an account that sends none. Calendar days: PSPs report on holidays too."""
    if not account.has_activity_reports or account.psp not in SPECS:
        return None
    local = datetime.combine(day + timedelta(days=SPECS[account.psp].activity_lag_days), account.reports_by)
    return localise(local, account.zone).astimezone(UTC)


def _of_breaks(breaks: pl.DataFrame, limits: Sequence[CloseLimit]) -> Iterator[Row]:
    for row in breaks.to_dicts():
        gate = GATE_OF.get(row["break_class"])
        if gate is None and abs(row["amount_minor"]) <= _limit(limits, row["currency"], row["business_date"]):
            continue
        kind = AlertKind.BREAK_ABOVE_LIMIT if gate is None else AlertKind.GATE_FAILED
        yield _alert(
            kind,
            row["subject"],
            cause=row["break_class"],
            gate=gate,
            psp=row["psp"],
            account=row["account"],
            currency=row["currency"],
            amount_minor=row["amount_minor"],
            business_date=row["business_date"],
        )


def _of_files(silent_days: pl.DataFrame, now: datetime, accounts: Sequence[MerchantAccount]) -> Iterator[Row]:
    for psp, name, day in silent_days.select("psp", "account", "business_date").iter_rows():
        held = next((each for each in accounts if (each.psp, each.account) == (psp, name) and each.since <= day < each.until), None)
        due_at = report_due_at(held, day) if held else None
        if due_at is not None and due_at <= now:
            where = {"psp": psp, "account": name, "business_date": day}
            yield _alert(AlertKind.FILE_MISSING, f"{psp} {name} {day}", cause="activity_report", due_at=due_at, **where)


def _of_refused(refused: pl.DataFrame) -> Iterator[Row]:
    for sha256, name, source, day in refused.select("sha256", "name", "source", "business_date").iter_rows():
        where = {"psp": source, "account": name, "business_date": day}
        yield _alert(AlertKind.GATE_FAILED, sha256, cause=REFUSED_FILE, gate="G2", **where)


def _alert(kind: AlertKind, subject: str, **told: Any) -> Row:
    nothing = dict.fromkeys(("gate", "currency", "amount_minor", "due_at"))
    return {"alert_id": f"alt_{stable_key(kind.value, subject)}", "kind": kind.value, "subject": subject, **nothing, **told}


def _limit(limits: Sequence[CloseLimit], currency: str, day: date) -> int:
    return next((each.limit_minor for each in limits if each.currency == currency and each.since <= day < each.until), 0)


def _key(row: Mapping[str, Any]) -> str:
    return f"{row['alert_id']}:{row['occurrence']}"


def _message(channel: str, alerts: Sequence[Row], said: Said, now: datetime) -> Row:
    keys = [_key(row) for row in alerts]
    message_id = f"msg_{stable_key(channel, *keys)}"
    subject, sentences = said(alerts)
    body = {
        "message_id": message_id,
        "composed_at": now.isoformat(),
        "subject": subject,
        "text": "\n".join([subject, *sentences]),
        "alerts": [_plain(row) for row in alerts],
    }
    nothing = dict.fromkeys(("last_attempt_at", "delivered_at", "last_error", "next_attempt_at", "undelivered_at"))
    kept = {"message_id": message_id, "channel": channel, "alert_keys": " ".join(keys), "composed_at": now, "offered_at": now}
    kept |= {"attempt_count": 0, "refused_count": 0}
    return {**kept, **nothing, "body": json.dumps(body, ensure_ascii=False, sort_keys=True)}


def _plain(row: Mapping[str, Any]) -> Row:
    told = {name: value for name, value in row.items() if name != "ended_at"}
    return {name: value.isoformat() if isinstance(value, date | datetime | time) else value for name, value in told.items()}
