"""What is said about alerts, in the reader's language. For messages and `countroom alerts`; it names no player, a break is named by its thread."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from pipelines.reports.language import Language

NO_PSP = "none"  # as in the tables: a domain that asks for this text imports no other domain (standing/day.py has the same word)


def told_alerts(alerts: Sequence[Mapping[str, Any]], language: Language) -> tuple[str, list[str]]:
    """A headline, and a sentence for each alert. Shape: rows of reporting__alerts."""
    headline = language("countroom: one alert") if len(alerts) == 1 else language("countroom: {count} alerts", count=len(alerts))
    return headline, [_sentence(alert, language) for alert in alerts]


def _sentence(alert: Mapping[str, Any], language: Language) -> str:
    belongs_to_one = alert["psp"] != NO_PSP  # a bank account belongs to no PSP
    place, day = f"{alert['psp']} {alert['account']}" if belongs_to_one else alert["account"], alert["business_date"]
    if alert["kind"] == "file_missing":
        words = language(
            "The activity report of {place} for {day} was due by {moment} and is not here.", place=place, day=day, moment=alert["due_at"]
        )
        return f"{words} (countroom close --calendar --psp {alert['psp']})"
    if alert["cause"] == "refused_file":
        words = language("Gate {gate} failed: file {name} of {source} was refused.", gate=alert["gate"], name=alert["account"], source=alert["psp"])
        return f"{words} (reconciliation.fct_source_files)"
    money = language.money(alert["amount_minor"], alert["currency"], day)
    places = {"break_class": language.word("class", alert["cause"].replace("_", " ")), "place": place, "money": money, "day": day}
    if alert["kind"] == "gate_failed":
        words = language("Gate {gate} failed: {break_class} at {place}, {money}, {day}.", gate=alert["gate"], **places)
    else:
        words = language("A break above the limit: {break_class} at {place}, {money}, {day}.", **places)
    return f"{words} (countroom breaks show {alert['subject']})"
