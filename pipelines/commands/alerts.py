"""`countroom alerts`: what somebody has to know, who was told, and whether the channels work."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any

import typer

if TYPE_CHECKING:
    from pipelines.alerts.channels import Channel
    from pipelines.resources.warehouse import Warehouse

app = typer.Typer()

_MESSAGES = """
select channel, count(*) filter (where delivered_at is not null) as delivered_count, count(*) filter (where delivered_at is null) as waiting_count,
    max(last_error) filter (where delivered_at is null) as last_error
from derived.reporting__alert_messages group by channel order by channel
"""


@app.command()
def alerts(
    every: Annotated[bool, typer.Option("--all", help="Also those that have ended.")] = False,
    test: Annotated[bool, typer.Option("--test", help="Send a test message on each channel of the configuration, and list nothing.")] = False,
    as_json: Annotated[bool, typer.Option("--json", help="Print them as JSON, amounts in minor units.")] = False,
) -> int:
    """List open alerts, as the last look left them. A look is part of each run, and of the schedule `reporting_alerts_schedule`.

    Exit code 0: none is open, or the test message was taken everywhere; 1: some are open; 2: a channel did not take the test message, or there is none.
    """
    from pipelines.alerts.configured import courier_of
    from pipelines.console import answer, answer_json
    from pipelines.reports.alert_text import told_alerts
    from pipelines.standing.house import doors_of
    from transactional.settings import load_settings

    settings = load_settings()
    courier = courier_of(settings)
    if test:
        return _test(list(courier.channels))
    with doors_of(settings) as doors:
        rows, messages = _rows(doors.warehouse, every=every), doors.warehouse.read(_MESSAGES).to_dicts()
    is_open = any(row["ended_at"] is None for row in rows)
    if as_json:
        answer_json({"alerts": rows, "messages": messages})
        return int(is_open)
    for row, sentence in zip(rows, told_alerts(rows, courier.language)[1], strict=True):
        answer(f"{row['alert_id']}  since {row['raised_at']:%Y-%m-%d %H:%M} UTC{'' if row['ended_at'] is None else ', ended'}: {sentence}")
    for channel in messages:
        words = f", the last failure was: {channel['last_error']}" if channel["last_error"] else ""
        answer(f"{channel['channel']}: {channel['delivered_count']} messages delivered, {channel['waiting_count']} waiting{words}")
    answer(
        f"{sum(row['ended_at'] is None for row in rows)} alerts are open"
        + ("" if courier.channels else "; no channel is configured (COUNTROOM_ALERT_*)")
    )
    return int(is_open)


def _rows(warehouse: Warehouse, *, every: bool) -> list[dict[str, Any]]:
    from assets.reporting.tables import ALERTS

    rows = warehouse.read(ALERTS).sort("raised_at", "kind", "business_date", "alert_id", "occurrence").to_dicts()
    return [row for row in rows if every or row["ended_at"] is None]


def _test(channels: list[Channel]) -> int:
    import json
    from uuid import uuid4

    from pipelines.alerts.channels import Undelivered
    from pipelines.console import answer
    from transactional.vocabulary.errors import Refused

    if not channels:
        raise Refused("no channel is configured: set COUNTROOM_ALERT_WEBHOOK_URL or COUNTROOM_SMTP_URL (see .env.example)", code="no_channel")
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
