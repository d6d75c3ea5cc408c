"""What is a thing of a closed list called by a person: classes, kinds, hops, states. For every page, workbook, alert and text.

The trap: a value of the engine printed as it is stored (`missing_in_ledger`), which no catalogue can find. A list here is the values' own enumeration, so
a new class has a name at once, and the test of the catalogues asks for its translation.
"""

from __future__ import annotations

import re
from collections.abc import Mapping

from assets.ledger.player_funds import SHAPES as FUNDS
from assets.ledger.resource_differences import CAUSES
from assets.reconciliation.breaks import BreakClass
from assets.reconciliation.items import SOURCES
from assets.reconciliation.standing.day import SHAPES
from pipelines.reports.language import Language
from transactional.ledger.accounts import CHART
from transactional.payments.money_kinds import MoneyKind
from transactional.reconciliation.closes import CloseKind, CloseState
from transactional.reconciliation.matches import MatchState
from transactional.reconciliation.work import EventKind, ProposalKind, WorkState

FEE_PARTS = ("commission", "markup", "scheme fee", "interchange")
SUB_CLASSES = (
    *(*SOURCES, *FEE_PARTS, "several", "split", "account"),
    *("no batch", "unknown payout", "netted", "in part", "vanished", "net", "early", "late"),
)
"""What the layers write beside a class: which hop is off, or which part of a fee (several of them; amounts that cancel; one of the account), or how."""
ROOT_CAUSES = ("late file", "lost webhook", "double click", "psp error", "bank error", "our error", "fraud", "rounding", "timing", "unknown")
"""Those we have a word for; who explains a break may choose any other, and it is told as it was chosen."""
FINDINGS = ("unique", "ambiguous", "not searched")
_SHORT = re.compile(r"\b(psp|fx)\b")
AGES = ("0-1", "2-7", "8-30", "over 30")
GATES: Mapping[str, str] = {
    "G3": "no batch is missing from a numbered series",
    "G4": "each settlement line's net is its gross less fees",
    "G5": "each batch adds up to its payout",
    "G6": "each statement follows the one before",
    "G7": "each line is of a type we know",
}


def _plain(value: str) -> str:
    return value.replace("_", " ")


SHEETS = ("facts", *SHAPES, "trend", "threads", "signatures", *(f"funds_{name}" for name in FUNDS))
_BESIDE = (
    *("name", "value", "day", "as of", "rule set", "run id", "config hash", "cases sha256", "told"),
    *("day end date", "state", "owner", "root cause", "note count", "evidence count", "due at", "is overdue"),
    *("deed", "actor", "recorded at", "reason", "generation", "checksum"),
    *("suggestion", "layer", "finding", "rivals"),
)


def _columns() -> tuple[str, ...]:
    """Of the standing's tables and of what stands beside them; a column of minor units is told as an amount."""
    shaped = (name.replace("amount_minor", "amount").replace("_minor", " amount") for shape in (*SHAPES.values(), *FUNDS.values()) for name in shape)
    return tuple(dict.fromkeys([*map(_plain, shaped), *_BESIDE]))


LISTS: Mapping[str, tuple[str, ...]] = {
    "class": tuple(_plain(each) for each in BreakClass),
    "kind": ("movement", *(_plain(each) for each in MoneyKind)),
    "hop": tuple(SOURCES),
    "fee part": FEE_PARTS,
    "age": AGES,
    "gate": tuple(GATES.values()),
    "sub class": SUB_CLASSES,
    "close": tuple(dict.fromkeys(["open", *map(_plain, CloseState), *map(_plain, CloseKind)])),
    "work": (*(_plain(each) for each in WorkState), "cleared", "auto cleared"),
    "event": tuple(map(_plain, EventKind)),
    "proposal": tuple(map(_plain, ProposalKind)),
    "root cause": ROOT_CAUSES,
    "ending": ("healed", "withdrawn", "merged"),
    "finding": FINDINGS,
    "candidates": ("payouts", "bank lines", "lines"),
    "reference name": ("psp reference", "modification reference", "merchant reference"),
    "suggestion": (*map(_plain, MatchState), "held", "not held"),
    "funds line": tuple(dict.fromkeys(_plain(each.funds_component) for each in CHART.values() if each.funds_component)),
    "funds cause": tuple(map(_plain, CAUSES)),
    "account class": tuple(map(_plain, CHART)),
    "exposure": ("owed to us", "owed by us", "unknown"),
    "sheet": tuple(map(_plain, SHEETS)),
    "column": _columns(),
}
"""Context → every word of it, in English."""

_CONTEXTS: Mapping[str, str] = {
    "break_class": "class",
    "sub_class": "sub class",
    "source": "hop",
    "hop": "hop",
    "bucket": "age",
    "exposure": "exposure",
    "state": "work",
    "root_cause": "root cause",
    "deed": "close",
    "component": "funds line",
    "account_class": "account class",
}


def context_of(column: str) -> str | None:
    """The list that the values of a column are words of; None where they are no words."""
    return _CONTEXTS.get(column)


def cause_of_funds(cause: str) -> str:
    """The list that a cause of a difference in player funds is of: ours, or that of the classes of breaks."""
    return "funds cause" if cause in CAUSES else "class"


def word(context: str, value: str, language: Language) -> str:
    """What a value of a list is called; its plain English for a value this version does not know."""
    plain = _plain(value)
    told = language.word(context, plain)
    return told if told != plain else _SHORT.sub(lambda found: found[0].upper(), told)


def capital(text: str, language: Language) -> str:
    """With a capital letter first, as this language has it: the Turkish i has its dot."""
    first = "\N{LATIN CAPITAL LETTER I WITH DOT ABOVE}" if language.code == "tr" and text[:1] == "i" else text[:1].upper()
    return first + text[1:]
