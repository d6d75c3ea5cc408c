"""Which channels does a configuration name. For composition roots."""

from __future__ import annotations

from pipelines.alerts.channels import Channel, mail_of, webhook_of
from pipelines.alerts.outbox import Courier
from pipelines.reports.language import language_of
from transactional.settings import Settings


def courier_of(settings: Settings) -> Courier:
    """The courier, without channels where none is configured. Raises: InputRejected (`settings`, `unknown_language`), never with a secret in it."""
    channels: list[Channel] = []
    if url := settings.alert_webhook_url.get_secret_value():
        channels.append(webhook_of(url, settings.alert_webhook_secret.get_secret_value()))
    if url := settings.smtp_url.get_secret_value():
        channels.append(mail_of(url, settings.alert_from, settings.alert_to))
    return Courier(tuple(channels), language_of(settings.alert_language))
