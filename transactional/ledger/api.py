"""The ledger over HTTP: accounts, transfers, holds. Routes only; every decision is the service's."""

from __future__ import annotations

from typing import Annotated, Any
from uuid import UUID

from fastapi import APIRouter, Depends, Query, Response

from transactional.db.unit_of_work import UnitOfWork
from transactional.http.deps import IdempotencyKey, PageSize, Work, database_now, require
from transactional.http.idempotency import Claim, claim
from transactional.http.keys import ApiKey
from transactional.http.problems import documented
from transactional.http.wire import AccountCode, Currency, EntryId, HoldId, Instant, uuid_of
from transactional.ledger.accounts import AccountRef, class_of
from transactional.ledger.api_models import (
    AccountOut,
    HoldOut,
    NewAccount,
    NewCapture,
    NewHold,
    NewReversal,
    NewTransfer,
    Nothing,
    TransferOut,
    TransferPage,
)
from transactional.ledger.entries import Entry, KeyedEntry, Posting
from transactional.ledger.reading import booked_entry, entries_of_account
from transactional.ledger.service import Ledger
from transactional.vocabulary.ids import IdKind

router = APIRouter(prefix="/v1", tags=["ledger"])

Reader = Annotated[ApiKey, Depends(require("ledger:read"))]
Writer = Annotated[ApiKey, Depends(require("ledger:write"))]
_READ = documented(401, 403, 422, 500, 503)
_READ_ONE = documented(401, 403, 404, 422, 500, 503)
_WRITE = documented(400, 401, 403, 404, 409, 413, 415, 422, 500, 503)


@router.post("/accounts", status_code=201, responses=_WRITE)
def open_account(*, body: NewAccount, key: IdempotencyKey, caller: Writer, work: Work, response: Response) -> AccountOut:
    """Open an account of the chart in one currency. Opening one that is open changes nothing.

    Accounts open by themselves when money first moves on them; this is for those who want to see them before.
    """
    claimed = claim(work, caller, "accounts", key, body)
    if first := claimed.answered_before(AccountOut, response):
        return first
    ref = AccountRef(body.code, body.currency)
    Ledger(work.connection).open_accounts([ref], now=database_now(work))
    return claimed.committed(work, _account(work, ref), response)


@router.get("/accounts", responses=_READ)
def read_account(
    *,
    caller: Reader,
    work: Work,
    code: Annotated[AccountCode, Query()],
    currency: Annotated[Currency, Query()],
    known_by: Annotated[Instant | None, Query(description="Nothing recorded later is seen (inclusive).")] = None,
    effective_until: Annotated[Instant | None, Query(description="Nothing that took effect at or after this is seen.")] = None,
) -> AccountOut:
    """The balance now, or as it was known and in effect at a time. An account nobody opened has a balance of zero."""
    return _account(work, AccountRef(code, currency), known_by=known_by, effective_until=effective_until)


@router.post("/transfers", status_code=201, responses=_WRITE)
def transfer(*, body: NewTransfer, key: IdempotencyKey, caller: Writer, work: Work, response: Response) -> TransferOut:
    """Book one transfer between two accounts of one currency.

    Refused (422 `insufficient_funds`) when it would bring a player's account below its floor, now or, if back-dated, at any time since.
    """
    claimed = claim(work, caller, "transfers", key, body)
    if first := claimed.answered_before(TransferOut, response):
        return first
    postings = (
        Posting(AccountRef(body.debit_code, body.currency), body.amount_minor),
        Posting(AccountRef(body.credit_code, body.currency), -body.amount_minor),
    )
    posted = Ledger(work.connection).post(KeyedEntry(Entry("transfer", body.effective_at, postings, description=body.description), claimed.key))
    return _booked(work, claimed, posted.entry_id, response)


@router.get("/transfers", responses=_READ)
def list_transfers(
    *,
    caller: Reader,
    work: Work,
    code: Annotated[AccountCode, Query()],
    currency: Annotated[Currency, Query()],
    before: Annotated[EntryId | None, Query(description="`next_before` of the page before; without it, the newest.")] = None,
    limit: PageSize = 50,
) -> TransferPage:
    """The entries of an account, of whatever kind, the newest first. Entries never change, so neither does a page that was read."""
    found = entries_of_account(work.connection, AccountRef(code, currency), before=_entry_id(before), limit=limit + 1)
    items = [TransferOut.of(entry) for entry in found[:limit]]
    return TransferPage(items=items, next_before=items[-1].entry_id if len(found) > limit else None)


@router.get("/transfers/{entry_id}", responses=_READ_ONE)
def read_transfer(*, entry_id: EntryId, caller: Reader, work: Work) -> TransferOut:
    """One entry, of whatever kind, with the entry it reverses or is reversed by."""
    return TransferOut.of(booked_entry(work.connection, uuid_of(IdKind.ENTRY, entry_id)))


@router.post("/transfers/{entry_id}/reversal", status_code=201, responses=_WRITE)
def reverse(*, entry_id: EntryId, body: NewReversal, key: IdempotencyKey, caller: Writer, work: Work, response: Response) -> TransferOut:
    """Book the exact inverse of an entry; at most once, and a reversal itself is final."""
    claimed = claim(work, caller, f"reversal:{entry_id}", key, body)
    if first := claimed.answered_before(TransferOut, response):
        return first
    posted = Ledger(work.connection).reverse(uuid_of(IdKind.ENTRY, entry_id), idempotency_key=claimed.key, effective_at=body.effective_at)
    return _booked(work, claimed, posted.entry_id, response)


@router.post("/holds", status_code=201, responses=_WRITE)
def place_hold(*, body: NewHold, key: IdempotencyKey, caller: Writer, work: Work, response: Response) -> HoldOut:
    """Set funds aside on a player's account: they stay on it and cannot be spent otherwise."""
    claimed = claim(work, caller, "holds", key, body)
    if first := claimed.answered_before(HoldOut, response):
        return first
    intent_id = uuid_of(IdKind.INTENT, body.intent_id) if body.intent_id else None
    ref = AccountRef(body.code, body.currency)
    hold = Ledger(work.connection).place_hold(ref, body.amount_minor, idempotency_key=claimed.key, expires_at=body.expires_at, intent_id=intent_id)
    return claimed.committed(work, HoldOut.of(hold), response)


@router.get("/holds/{hold_id}", responses=_READ_ONE)
def read_hold(*, hold_id: HoldId, caller: Reader, work: Work) -> HoldOut:
    """The hold as it stands."""
    return HoldOut.of(Ledger(work.connection).hold(uuid_of(IdKind.HOLD, hold_id)))


@router.post("/holds/{hold_id}/captures", status_code=201, responses=_WRITE)
def capture_hold(*, hold_id: HoldId, body: NewCapture, key: IdempotencyKey, caller: Writer, work: Work, response: Response) -> TransferOut:
    """Take what is held, or a part of it, to another account."""
    claimed = claim(work, caller, f"capture:{hold_id}", key, body)
    if first := claimed.answered_before(TransferOut, response):
        return first
    ledger, held = Ledger(work.connection), uuid_of(IdKind.HOLD, hold_id)
    account = ledger.hold(held).account
    postings = (Posting(account, body.amount_minor), Posting(AccountRef(body.credit_code, account.currency), -body.amount_minor))
    posted = ledger.capture_hold(held, KeyedEntry(Entry("hold_captured", body.effective_at, postings), claimed.key))
    return _booked(work, claimed, posted.entry_id, response)


@router.post("/holds/{hold_id}/release", responses=_WRITE)
def release_hold(*, hold_id: HoldId, body: Nothing, key: IdempotencyKey, caller: Writer, work: Work, response: Response) -> HoldOut:
    """Give back what remains. Releasing twice is releasing once; a captured or expired hold is refused (409 `closed_hold`)."""
    claimed = claim(work, caller, f"release:{hold_id}", key, body)
    if first := claimed.answered_before(HoldOut, response):
        return first
    hold = Ledger(work.connection).release_hold(uuid_of(IdKind.HOLD, hold_id), now=database_now(work))
    return claimed.committed(work, HoldOut.of(hold), response)


def _booked(work: UnitOfWork, claimed: Claim, entry_id: UUID, response: Response) -> TransferOut:
    return claimed.committed(work, TransferOut.of(booked_entry(work.connection, entry_id)), response)


def _account(work: UnitOfWork, ref: AccountRef, **bounds: Any) -> AccountOut:
    ledger, is_now = Ledger(work.connection), not any(bounds.values())
    available = ledger.available(ref) if is_now and class_of(ref.code).floor_minor is not None else None
    return AccountOut.of(ref, ledger.balance(ref, **bounds), available, database_now(work))


def _entry_id(public: str | None) -> UUID | None:
    return None if public is None else uuid_of(IdKind.ENTRY, public)
