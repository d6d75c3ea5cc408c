"""How does a day stand: everything that began on it or before, with what was known at one moment. For closing a day, asking for it again, and reports.

The trap: a day made only of what was booked by its evening. A payment of the day is settled days later; so the engine sees all that is known, and the
day is the cases whose first hop was booked on it or before. Ages count to the day and not to the clock, so that a day told again is told the same.

Property 12: nothing recorded after `context.as_of` changes a Standing. Units: minor; sign: positive towards us, broken amounts of the summary absolute.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date

import polars as pl

from assets.reconciliation.breaks import BreakClass
from assets.reconciliation.context import RunContext
from assets.reconciliation.day_ends import day_end
from assets.reconciliation.items import DTYPES, SOURCES, validated
from assets.reconciliation.matching import RULE_SET, Outcome, reconcile
from assets.reconciliation.tables import BREAKS

NO_PSP = "none"
GATE_CLASSES: Mapping[str, BreakClass] = {
    "G3": BreakClass.BATCH_GAP,
    "G4": BreakClass.ROW_ARITHMETIC,
    "G5": BreakClass.BATCH_RESIDUE,
    "G6": BreakClass.STATEMENT_GAP,
    "G7": BreakClass.UNKNOWN_KIND,
}
"""The class of break that each failed subject of a gate is: a gate of the day is told by them, a gate of a run by the table of gates."""

_TEXT, _COUNT, _DAY, _FLAG = pl.String(), pl.Int64(), pl.Date(), pl.Boolean()
_PLACE = {"psp": _TEXT, "account": _TEXT, "currency": _TEXT}
_ENDINGS = ("in", "matched", "broken", "ignored")

SHAPES: Mapping[str, Mapping[str, pl.DataType]] = {
    "summary": _PLACE | {f"{status}_{unit}": _COUNT for status in ("matched", "broken", "open") for unit in ("count", "minor")},
    "by_class": _PLACE | {"break_class": _TEXT, "counts_as_break": _FLAG, "case_count": _COUNT, "amount_minor": _COUNT, "oldest_date": _DAY},
    "funnel": {"psp": _TEXT, "currency": _TEXT, "hop": _TEXT, "item_count": _COUNT, "amount_minor": _COUNT},
    "ageing": {"psp": _TEXT, "currency": _TEXT, "bucket": _TEXT, "case_count": _COUNT, "amount_minor": _COUNT},
    "breaks": {column.name: DTYPES[column.type] for column in BREAKS.columns},
    "evidence": {
        "break_id": _TEXT,
        "item_key": _TEXT,
        "source": _TEXT,
        "file_name": _TEXT,
        "file_version": pl.Int32(),
        "line_no": pl.Int32(),
        "booked_on": _DAY,
        "amount_minor": _COUNT,
        "currency": _TEXT,
        "reference": _TEXT,
    },
    "certificate": {
        "source": _TEXT,
        "currency": _TEXT,
        **{f"{name}_{unit}": _COUNT for name in _ENDINGS for unit in ("count", "minor")},
        "closes": _FLAG,
    },
    "gates": {"gate": _TEXT, "break_class": _TEXT, "failed_count": _COUNT, "passed": _FLAG},
}
"""The frames of a Standing and their columns."""
KEYS: Mapping[str, tuple[str, ...]] = {
    "summary": ("psp", "account", "currency"),
    "by_class": ("psp", "account", "currency", "break_class"),
    "funnel": ("psp", "currency", "hop"),
    "ageing": ("psp", "currency", "bucket"),
    "breaks": ("break_id",),
    "evidence": ("break_id", "item_key"),
    "certificate": ("source", "currency"),
    "gates": ("gate",),
}
"""What one row of each frame is of; frames are sorted by it."""


@dataclass(frozen=True, slots=True)
class Standing:
    """A day as it stood. `facts`: day, psp, as_of, rule_set, run_id (of the engine), config_hash, and cases_sha256 of the matched cases."""

    facts: Mapping[str, str | None]
    summary: pl.DataFrame
    by_class: pl.DataFrame
    funnel: pl.DataFrame
    ageing: pl.DataFrame
    breaks: pl.DataFrame
    evidence: pl.DataFrame
    certificate: pl.DataFrame
    gates: pl.DataFrame

    @property
    def broken_count(self) -> int:
        """Breaks that count; what waits inside its lag does not."""
        return int(self.breaks["counts_as_break"].sum())

    @property
    def closes(self) -> bool:
        """Whether the certificate does: in = matched + broken + ignored, in count and amount, everywhere."""
        return bool(self.certificate["closes"].all())


def standing_of(items: pl.DataFrame, context: RunContext, day: date, psp: str | None = None) -> Standing:
    """Shape: ITEMS → Standing of a day, of one PSP or (None) of all. Raises: what `reconcile` raises."""
    known = validated(items).filter(pl.col("known_at") <= context.as_of)
    outcome = reconcile(known, context)
    groups, breaks = (_of_the_day(frame, day, psp) for frame in (outcome.groups, outcome.breaks))
    decided = _decided(known, outcome, groups, breaks)
    counting = breaks.filter("counts_as_break")
    run_ids = outcome.certificate["run_id"].unique().to_list()
    facts = {
        "day": day.isoformat(),
        "psp": psp,
        "as_of": context.as_of.isoformat(),
        "rule_set": RULE_SET,
        "run_id": run_ids[0] if run_ids else None,
        "config_hash": config_hash(context),
        "cases_sha256": hashlib.sha256("\n".join(sorted(groups["group_id"])).encode()).hexdigest(),
    }
    frames = {
        "summary": day_end(day, context.as_of, groups, breaks),
        "by_class": _by_class(breaks),
        "funnel": _funnel(decided),
        "ageing": _ageing(counting, day),
        "breaks": breaks,
        "evidence": _evidence(decided),
        "certificate": _certificate(decided, day, psp),
        "gates": _gates(breaks),
    }
    return Standing(facts, **{name: _shaped(name, frame) for name, frame in frames.items()})


def config_hash(context: RunContext) -> str:
    """What our registries said: terms, fee contracts, calendars, accounts and windows. Not the moment, the rates or the statements, which are facts."""
    said = [
        *(f"{psp} {account} {agreed}" for (psp, account), agreed in sorted(context.terms.items())),
        *(f"{psp} {agreed}" for psp, agreed in sorted(context.psp_terms.items())),
        *(
            str(row)
            for contract in (context.fee_rules, context.account_fees, context.monthly_fees, context.reserve_terms)
            for row in contract.sort(contract.columns).rows()
        ),
        *map(str, sorted(context.holidays)),
        str(context.bank_accounts and sorted(context.bank_accounts.items())),
        *map(str, sorted(context.psp_names.items())),
        f"{context.composite_window_days} {context.bank_window_days}",
    ]
    return hashlib.sha256("\n".join(said).encode()).hexdigest()


def _of_the_day(cases: pl.DataFrame, day: date, psp: str | None) -> pl.DataFrame:
    began = cases.filter(pl.col("event_date") <= day)
    return began if psp is None else began.filter(pl.col("psp") == psp)


def _decided(known: pl.DataFrame, outcome: Outcome, groups: pl.DataFrame, breaks: pl.DataFrame) -> pl.DataFrame:
    """The items with their endings; `case_psp` is set where the case is one of the day's."""
    cases = pl.concat([groups.select(case_id="group_id", case_psp="psp"), breaks.select(case_id="break_id", case_psp="psp")])
    ended = outcome.dispositions.select("item_key", "disposition", "break_id", case_id=pl.coalesce("group_id", "break_id"))
    told = cases.with_columns(pl.col("case_psp").fill_null(NO_PSP))
    return known.join(ended, on="item_key", how="left").join(told, on="case_id", how="left")


def _by_class(breaks: pl.DataFrame) -> pl.DataFrame:
    keys = [pl.col("psp").fill_null(NO_PSP), pl.col("account"), pl.col("currency"), pl.col("break_class"), pl.col("counts_as_break")]
    return breaks.group_by(keys).agg(case_count=pl.len(), amount_minor=pl.col("amount_minor").sum(), oldest_date=pl.col("event_date").min())


def _funnel(decided: pl.DataFrame) -> pl.DataFrame:
    """What each hop says of the day's cases: where money is told by one hop and not by the next, the two differ."""
    members = decided.filter(pl.col("case_psp").is_not_null())
    return members.group_by(psp="case_psp", currency="currency", hop="source").agg(item_count=pl.len(), amount_minor=pl.col("amount_minor").sum())


def _ageing(counting: pl.DataFrame, day: date) -> pl.DataFrame:
    age = (pl.lit(day) - pl.col("event_date")).dt.total_days()
    bucket = (
        pl.when(age <= 1).then(pl.lit("0-1")).when(age <= 7).then(pl.lit("2-7")).when(age <= 30).then(pl.lit("8-30")).otherwise(pl.lit("over 30"))
    )
    keys = [pl.col("psp").fill_null(NO_PSP), pl.col("currency"), bucket.alias("bucket")]
    return counting.group_by(keys).agg(case_count=pl.len(), amount_minor=pl.col("amount_minor").abs().sum())


def _evidence(decided: pl.DataFrame) -> pl.DataFrame:
    words = pl.coalesce("modification_reference", "psp_reference", "ext_id", "bank_reference", "merchant_reference")
    return decided.filter(pl.col("case_psp").is_not_null() & pl.col("break_id").is_not_null()).with_columns(reference=words)


def _certificate(decided: pl.DataFrame, day: date, psp: str | None) -> pl.DataFrame:
    """Of what was booked by the day; a bank line is a PSP's when it ended in a case of that PSP."""
    mine = pl.lit(value=True) if psp is None else (pl.col("psp") == psp).fill_null(value=False) | (pl.col("case_psp") == psp).fill_null(value=False)
    measures = [pl.len().alias("in_count"), pl.col("amount_minor").sum().alias("in_minor")]
    for name in _ENDINGS[1:]:
        ended = pl.col("disposition") == name
        measures += [ended.sum().alias(f"{name}_count"), pl.col("amount_minor").filter(ended).sum().alias(f"{name}_minor")]
    summed = decided.filter((pl.col("booked_on") <= day) & mine).group_by("source", "currency").agg(measures)
    adds_up = [pl.col(f"in_{unit}") == pl.sum_horizontal(f"{name}_{unit}" for name in _ENDINGS[1:]) for unit in ("count", "minor")]
    return summed.with_columns(closes=pl.all_horizontal(adds_up))


def _gates(breaks: pl.DataFrame) -> pl.DataFrame:
    failed = dict(breaks.group_by("break_class").len().iter_rows())
    rows = [(gate, each.value, failed.get(each.value, 0), each.value not in failed) for gate, each in GATE_CLASSES.items()]
    return pl.DataFrame(rows, schema=dict(SHAPES["gates"]), orient="row")


def _shaped(name: str, frame: pl.DataFrame) -> pl.DataFrame:
    """In the frame's columns and order: hops as money goes through them, everything else by its words."""
    keys = [pl.col(key).replace_strict({hop: n for n, hop in enumerate(SOURCES)}) if key == "hop" else pl.col(key) for key in KEYS[name]]
    return frame.select(pl.col(column).cast(dtype) for column, dtype in SHAPES[name].items()).sort(keys)
