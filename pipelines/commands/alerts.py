"""`countroom alerts`: what somebody has to know, who was told, who was not, and whether the channels work."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Annotated, Any

import typer

if TYPE_CHECKING:
    from pipelines.alerts.channels import Channel
    from pipelines.alerts.outbox import Courier
    from pipelines.resources.warehouse import Warehouse
    from transactional.vocabulary.errors import Refused

app = typer.Typer()

_MESSAGES = """
select channel, count(*) filter (where delivered_at is not null) as delivered_count,
    count(*) filter (where delivered_at is null and undelivered_at is null) as waiting_count,
    count(*) filter (where undelivered_at is not null) as undelivered_count,
    max(last_error) filter (where delivered_at is null and undelivered_at is null) as last_error
from derived.reporting__alert_messages group by channel order by channel
"""
_UNDELIVERED = """
select message_id, channel, alert_keys, composed_at, attempt_count, last_error, undelivered_at
from derived.reporting__alert_messages where undelivered_at is not null order by undelivered_at, message_id
"""


@app.command()
def alerts(
    every: Annotated[bool, typer.Option("--all", help="Also those that have ended.")] = False,
    test: Annotated[bool, typer.Option("--test", help="Send a test message on each channel of the configuration, and list nothing.")] = False,
    redeliver: Annotated[
        list[str] | None, typer.Option(metavar="MESSAGE", help="Send again a message that was given up, by its id, or `all`; list nothing.")
    ] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print them as JSON, amounts in minor units.")] = False,
) -> int:
    """List open alerts, as the last look left them. A look is part of each run, and of the schedule `reporting_alerts_schedule`.

    Exit code 0: none is open, or the message was taken everywhere; 1: some are open, or a message was given up; 2: a message that was sent by --test or
    --redeliver was not taken, or there is no channel.
    """
    from pipelines.alerts.configured import courier_of
    from pipelines.console import answer, answer_json
    from pipelines.reports.alert_text import told_alerts
    from pipelines.standing.house import doors_of
    from transactional.settings import load_settings
    from transactional.vocabulary.errors import InputRejected

    if test and redeliver:
        raise InputRejected("--test or --redeliver, not both", code="contradiction")
    settings = load_settings()
    courier = courier_of(settings)
    if test:
        return _test(list(courier.channels))
    with doors_of(settings) as doors:
        if redeliver:
            return _redeliver(doors.warehouse, courier, redeliver)
        rows, messages = _rows(doors.warehouse, every=every), doors.warehouse.read(_MESSAGES).to_dicts()
        given_up = doors.warehouse.read(_UNDELIVERED).to_dicts()
    found = any(row["ended_at"] is None for row in rows) or bool(given_up)
    if as_json:
        answer_json({"alerts": rows, "messages": messages, "undelivered": given_up})
        return int(found)
    for row, sentence in zip(rows, told_alerts(rows, courier.language)[1], strict=True):
        answer(f"{row['alert_id']}  since {row['raised_at']:%Y-%m-%d %H:%M} UTC{'' if row['ended_at'] is None else ', ended'}: {sentence}")
    for line in _told_messages(messages, given_up):
        answer(line)
    answer(
        f"{sum(row['ended_at'] is None for row in rows)} alerts are open"
        + ("" if courier.channels else "; no channel is configured (COUNTROOM_ALERT_*)")
    )
    return int(found)


def _told_messages(messages: list[dict[str, Any]], given_up: list[dict[str, Any]]) -> Iterator[str]:
    for channel in messages:
        words = f", the last failure was: {channel['last_error']}" if channel["last_error"] else ""
        yield (
            f"{channel['channel']}: {channel['delivered_count']} messages delivered, {channel['waiting_count']} waiting{words}, "
            f"{channel['undelivered_count']} undelivered"
        )
    for message in given_up:
        yield (
            f"{message['message_id']}  undelivered by {message['channel']} since {message['undelivered_at']:%Y-%m-%d %H:%M} UTC, after "
            f"{message['attempt_count']} attempts ({message['last_error']}): {len(message['alert_keys'].split())} alerts; "
            "send it again with --redeliver"
        )


def _redeliver(warehouse: Warehouse, courier: Courier, names: list[str]) -> int:
    from pipelines.alerts.outbox import offer_again
    from pipelines.console import answer
    from pipelines.resources.clock import SystemClock

    if not courier.channels:
        raise _no_channel()
    now = SystemClock().now
    offered = offer_again(warehouse, [] if "all" in names else names, now())
    outcome = courier.deliver(warehouse, now)
    left = outcome.waiting + outcome.undelivered
    answer(f"{len(offered)} messages offered again, {outcome.delivered} delivered, {outcome.waiting} waiting, {outcome.undelivered} undelivered")
    return 2 if left else 0


def _rows(warehouse: Warehouse, *, every: bool) -> list[dict[str, Any]]:
    from assets.reporting.tables import ALERTS

    rows = warehouse.read(ALERTS).sort("raised_at", "kind", "business_date", "alert_id", "occurrence").to_dicts()
    return [row for row in rows if every or row["ended_at"] is None]


def _test(channels: list[Channel]) -> int:
    import json
    from uuid import uuid4

    from pipelines.alerts.channels import Undelivered
    from pipelines.console import answer

    if not channels:
        raise _no_channel()
    failed = 0
    for channel in channels:
        message_id = f"msg_{uuid4().hex}"
        words = "countroom: a test of this channel"
        body = json.dumps({"message_id": message_id, "subject": words, "text": words, "alerts": []}, sort_keys=True)
        try:
            channel.send(message_id, body)
            answer(f"{channel.name}: taken")
        except Undelivered as error:
            failed += 1
            answer(f"{channel.name}: NOT taken: {error}")
    return 2 if failed else 0


def _no_channel() -> Refused:
    from transactional.vocabulary.errors import Refused

    return Refused("no channel is configured: set COUNTROOM_ALERT_WEBHOOK_URL or COUNTROOM_SMTP_URL (see .env.example)", code="no_channel")
