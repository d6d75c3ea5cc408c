"""A world reconciled in memory: its files through the real parsers, its books as the services would write them, then the real engine.

For many seeds (the tests over worlds, `countroom bench worlds`), where a database and dbt would take minutes each; tests/e2e runs one world through the
whole house and demands the same answer. The items are made here as dbt makes them (int_reconciliation__*_items_selected).
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Mapping, Sequence
from datetime import UTC, date, datetime, time
from pathlib import PurePosixPath
from typing import Any

import polars as pl

from assets.landing.detection import FolderHints
from assets.landing.doors import parse_file
from assets.landing.parsed import ParsedFile
from assets.reconciliation.context import RunContext
from assets.reconciliation.items import item_schema
from assets.reconciliation.matching import Outcome, reconcile
from assets.reconciliation.terms import run_context
from transactional.ledger.entries import KeyedEntry
from transactional.payments.facts import MONEY_KIND_OF, NewAttempt, PaymentFact, entry_id_of, event_id_of
from transactional.payments.merchant_accounts import merchant_account
from transactional.payments.money_kinds import EXPECTED_SIGN, MoneyKind
from transactional.payments.psps.registry import SPECS
from transactional.simulation.games import Chunk
from transactional.vocabulary.errors import InvariantBroken
from transactional.vocabulary.time import business_date

_BLANK: dict[str, Any] = dict.fromkeys(item_schema())
# a list of open items is told by other reports too: no item of its own
_ROLES = {"psp__settlement_lines": "settlement", "psp__activity_lines": "activity"}
_PAYOUTS = (MoneyKind.PAYOUT, MoneyKind.PAYOUT_RETURNED)


def reconciled(
    files: Mapping[str, bytes],
    chunks: Sequence[Chunk],
    payouts: Sequence[KeyedEntry],
    as_of: datetime,
    closed: Mapping[str, tuple[tuple[date, datetime], ...]] | None = None,
    files_known_at: datetime | None = None,
    *,
    shortcut: bool = True,
) -> Outcome:
    """The engine's answer about a world. Files are landed in the order of their paths, as `countroom world` says, and known at `as_of` if not before."""
    items, context = items_of(files, chunks, payouts, as_of, closed, files_known_at)
    return reconcile(items, context, shortcut=shortcut)


def items_of(
    files: Mapping[str, bytes],
    chunks: Sequence[Chunk],
    payouts: Sequence[KeyedEntry],
    as_of: datetime,
    closed: Mapping[str, tuple[tuple[date, datetime], ...]] | None = None,
    files_known_at: datetime | None = None,
) -> tuple[pl.DataFrame, RunContext]:
    """The items of a world, and what the engine must know beside them."""
    landed_at = files_known_at or as_of
    parsed = {path: parse_file(files[path], PurePosixPath(path).name, FolderHints.of(PurePosixPath(path))) for path in sorted(files)}
    refused = [f"{path}: {file.rejected[0]}" for path, file in parsed.items() if file.rejected]
    if refused:
        raise InvariantBroken(f"a world wrote rows that our own parsers refuse, first in {refused[0]}")
    items = [*_file_items(files, parsed, landed_at), *_fact_items(chunks), *_payout_items(payouts)]
    context = run_context(as_of, _frame(parsed, "fx__rates"), _statements(parsed, landed_at), closed)
    return pl.DataFrame({name: [item[name] for item in items] for name in _BLANK}, schema=item_schema()), context


def _item(**told: Any) -> dict[str, Any]:
    return _BLANK | told


def _file_items(files: Mapping[str, bytes], parsed: Mapping[str, ParsedFile], landed_at: datetime) -> Iterator[dict[str, Any]]:
    versions: dict[str, int] = {}
    for path, file in parsed.items():
        name, short = PurePosixPath(path).name, hashlib.sha256(files[path]).hexdigest()[:12]
        versions[name] = versions.get(name, 0) + 1
        for frame in file.frames:
            for row in frame.rows.iter_rows(named=True):
                told = {"file_name": name, "file_version": versions[name], "line_no": row["line_no"], "known_at": landed_at}
                if frame.table.name == "bank__statement_lines" and row["is_booked"]:
                    yield _bank_item(row, short) | told | {"file_version": 1}
                elif (role := _ROLES.get(frame.table.name)) is not None:
                    yield _psp_item(row, short, role) | told


def _psp_item(row: Mapping[str, Any], short: str, role: str) -> dict[str, Any]:
    payout = row["kind"] in _PAYOUTS
    by_net = (payout and row["net_minor"] is not None) or row["gross_minor"] is None
    source = "payout" if payout and role == "settlement" else role
    same = (
        *("psp", "account", "kind", "raw_kind", "net_currency", "net_minor", "commission_minor", "markup_minor", "scheme_fee_minor"),
        *("interchange_minor", "exchange_rate", "psp_reference", "modification_reference", "merchant_reference", "ext_id", "batch_id"),
        *("bank_reference", "payment_method", "occurred_at", "booked_on"),
    )
    return _item(
        **{name: row[name] for name in same},
        item_key=f"{source}:{short}:{row['line_no']}",
        source=source,
        currency=(row["net_currency"] if by_net else row["gross_currency"]) or row["net_currency"] or "XXX",
        amount_minor=(row["net_minor"] if by_net else row["gross_minor"]) or 0,
    )


def _bank_item(row: Mapping[str, Any], short: str) -> dict[str, Any]:
    return _item(
        item_key=f"bank:{short}:{row['line_no']}",
        source="bank",
        account=row["bank_account"],
        kind="bank_movement",
        raw_kind=row["transaction_code"] or row["report"],
        currency=row["currency"],
        amount_minor=row["amount_minor"],
        net_currency=row["currency"],
        net_minor=row["amount_minor"],
        bank_reference=row["description"],
        occurred_at=datetime.combine(row["booking_date"], time(), UTC),
        booked_on=row["booking_date"],
    )


def _fact_items(chunks: Sequence[Chunk]) -> Iterator[dict[str, Any]]:
    attempts = {attempt.attempt_id: attempt for chunk in chunks for attempt in chunk.attempts}
    for chunk in chunks:
        for fact in chunk.facts:
            kind = MONEY_KIND_OF[fact.kind]
            if kind is not None and fact.amount is not None:
                yield from _told_twice(fact, kind, attempts[fact.attempt_id], chunk.recorded_at)


def _told_twice(fact: PaymentFact, kind: MoneyKind, attempt: NewAttempt, recorded_at: datetime) -> Iterator[dict[str, Any]]:
    """A fact is an event and a ledger entry."""
    if fact.amount is None:
        raise InvariantBroken(f"a {kind} without an amount")
    common = {
        "psp": fact.psp,
        "account": fact.merchant_account,
        "kind": kind.value,
        "currency": fact.amount.currency,
        "amount_minor": EXPECTED_SIGN[kind] * fact.amount.minor,
        "psp_reference": fact.psp_reference,
        "modification_reference": fact.modification_reference,
        "merchant_reference": attempt.merchant_reference,
        "payment_method": attempt.payment_method,
        "occurred_at": fact.effective_at,
        "booked_on": _local(fact.psp, fact.merchant_account, fact.effective_at),
        "known_at": recorded_at,
    }
    line = 1 if EXPECTED_SIGN[kind] > 0 else 2
    yield _item(**common, item_key=f"attempt:{event_id_of(fact).hex}", source="attempt", raw_kind=fact.raw_kind)
    yield _item(**common, item_key=f"ledger:{entry_id_of(fact).hex}:{line}", source="ledger", raw_kind=kind.value)


def _payout_items(payouts: Sequence[KeyedEntry]) -> Iterator[dict[str, Any]]:
    for keyed in payouts:
        for line, posting in enumerate(keyed.entry.postings, start=1):
            class_name, *parts = posting.account.code.split(":")
            if keyed.entry.kind in _PAYOUTS and class_name == "psp_payout_in_transit":
                if keyed.entry_id is None:
                    raise InvariantBroken(f"the {keyed.entry.kind} of {keyed.idempotency_key} has no id")
                yield _item(
                    item_key=f"ledger:{keyed.entry_id.hex}:{line}",
                    source="ledger",
                    psp=parts[0],
                    account=parts[1],
                    kind=str(keyed.entry.kind),
                    raw_kind=str(keyed.entry.kind),
                    currency=posting.account.currency,
                    amount_minor=-posting.amount_minor,
                    batch_id=posting.psp_reference,
                    occurred_at=keyed.entry.effective_at,
                    booked_on=_local(parts[0], parts[1], keyed.entry.effective_at),
                    known_at=keyed.recorded_at,
                )


def _local(psp: str, account: str, at: datetime) -> date:
    known = merchant_account(psp, account, at.date())
    return business_date(at, known.zone if known else SPECS[psp].zone)


def _frame(parsed: Mapping[str, ParsedFile], table: str) -> pl.DataFrame | None:
    frames = [frame.rows for file in parsed.values() for frame in file.frames if frame.table.name == table]
    return pl.concat(frames) if frames else None


def _statements(parsed: Mapping[str, ParsedFile], landed_at: datetime) -> pl.DataFrame | None:
    frame = _frame(parsed, "bank__statements")
    return None if frame is None else frame.with_columns(pl.lit(landed_at).cast(pl.Datetime("us", "UTC")).alias("known_at"))
