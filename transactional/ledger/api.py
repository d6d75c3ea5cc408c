"""The ledger over HTTP: accounts, transfers, holds. Routes only; every decision is the service's."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Depends, Query, Response

from transactional.db.unit_of_work import UnitOfWork
from transactional.http.deps import IdempotencyKey, Work, database_now, require
from transactional.http.idempotency import claim
from transactional.http.keys import ApiKey
from transactional.http.problems import documented
from transactional.http.wire import (
    AccountCode,
    AmountMinor,
    Currency,
    EntryId,
    HoldId,
    Instant,
    IntentId,
    Wire,
    Words,
    exponent_or_none,
    uuid_of,
)
from transactional.ledger.accounts import AccountRef, class_of
from transactional.ledger.entries import Entry, KeyedEntry, Posting
from transactional.ledger.holds import Hold
from transactional.ledger.reading import BookedEntry, booked_entry
from transactional.ledger.service import Ledger
from transactional.vocabulary.ids import IdKind, public_id

router = APIRouter(prefix="/v1", tags=["ledger"])

Reader = Annotated[ApiKey, Depends(require("ledger:read"))]
Writer = Annotated[ApiKey, Depends(require("ledger:write"))]
_READ = documented(401, 403, 404, 422, 503)
_WRITE = documented(400, 401, 403, 404, 409, 413, 422, 503)


class NewAccount(Wire):
    """An account of the chart in one currency."""

    code: AccountCode
    currency: Currency


class AccountOut(Wire):
    """An account as it stands. `balance_minor`: debits less credits. `available_minor`: only where the class has a floor."""

    code: str
    currency: str
    exponent: int | None
    account_class: str
    balance_minor: int
    available_minor: int | None


class NewTransfer(Wire):
    """Move `amount_minor` from the credited to the debited account."""

    debit_code: AccountCode
    credit_code: AccountCode
    currency: Currency
    amount_minor: AmountMinor
    effective_at: Instant
    description: Words | None = None


class LineOut(Wire):
    """One posting; positive is a debit."""

    code: str
    currency: str
    exponent: int | None
    amount_minor: int


class TransferOut(Wire):
    """One entry with its postings and its place in a chain of reversals."""

    entry_id: EntryId
    kind: str
    effective_at: Instant
    recorded_at: Instant
    reverses_id: EntryId | None
    reversed_by_id: EntryId | None
    description: str | None
    lines: list[LineOut]


class NewReversal(Wire):
    """When the reversal takes effect."""

    effective_at: Instant


class NewHold(Wire):
    """Set funds aside on an account that has a floor."""

    code: AccountCode
    currency: Currency
    amount_minor: AmountMinor
    expires_at: Instant | None = None
    intent_id: IntentId | None = None


class NewCapture(Wire):
    """Take a part of a hold to another account."""

    credit_code: AccountCode
    amount_minor: AmountMinor
    effective_at: Instant


class Nothing(Wire):
    """A body without fields."""


class HoldOut(Wire):
    """A hold as it stands."""

    hold_id: HoldId
    code: str
    currency: str
    amount_minor: int
    captured_minor: int
    remaining_minor: int
    status: str
    expires_at: Instant | None


@router.post("/accounts", status_code=201, responses=_WRITE)
def open_account(*, body: NewAccount, key: IdempotencyKey, caller: Writer, work: Work) -> AccountOut:
    """Open an account. Opening one that is open changes nothing."""
    claim(work.connection, caller, "accounts", key, body)
    ref = AccountRef(body.code, body.currency)
    Ledger(work.connection).open_accounts([ref], now=database_now(work))
    answer = _account(work, ref)
    work.commit()
    return answer


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
    ref = AccountRef(code, currency)
    answer = _account(work, ref)
    if known_by or effective_until:
        balance = Ledger(work.connection).balance(ref, known_by=known_by, effective_until=effective_until)
        return answer.model_copy(update={"balance_minor": balance, "available_minor": None})
    return answer


@router.post("/transfers", status_code=201, responses=_WRITE)
def transfer(*, body: NewTransfer, key: IdempotencyKey, caller: Writer, work: Work, response: Response) -> TransferOut:
    """Book one transfer between two accounts of one currency."""
    scoped = claim(work.connection, caller, "transfers", key, body)
    postings = (
        Posting(AccountRef(body.debit_code, body.currency), body.amount_minor),
        Posting(AccountRef(body.credit_code, body.currency), -body.amount_minor),
    )
    posted = Ledger(work.connection).post(KeyedEntry(Entry("transfer", body.effective_at, postings, description=body.description), scoped))
    return _booked(work, response, posted.entry_id, posted.replayed)


@router.get("/transfers/{entry_id}", responses=_READ)
def read_transfer(*, entry_id: EntryId, caller: Reader, work: Work) -> TransferOut:
    """One entry, of whatever kind."""
    return _transfer(booked_entry(work.connection, uuid_of(IdKind.ENTRY, entry_id)))


@router.post("/transfers/{entry_id}/reversal", status_code=201, responses=_WRITE)
def reverse(*, entry_id: EntryId, body: NewReversal, key: IdempotencyKey, caller: Writer, work: Work, response: Response) -> TransferOut:
    """Book the exact inverse of an entry; at most once."""
    scoped = claim(work.connection, caller, f"reversal:{entry_id}", key, body)
    posted = Ledger(work.connection).reverse(uuid_of(IdKind.ENTRY, entry_id), idempotency_key=scoped, effective_at=body.effective_at)
    return _booked(work, response, posted.entry_id, posted.replayed)


@router.post("/holds", status_code=201, responses=_WRITE)
def place_hold(*, body: NewHold, key: IdempotencyKey, caller: Writer, work: Work) -> HoldOut:
    """Set funds aside."""
    scoped = claim(work.connection, caller, "holds", key, body)
    intent_id = uuid_of(IdKind.INTENT, body.intent_id) if body.intent_id else None
    ref = AccountRef(body.code, body.currency)
    hold = Ledger(work.connection).place_hold(ref, body.amount_minor, idempotency_key=scoped, expires_at=body.expires_at, intent_id=intent_id)
    work.commit()
    return _hold(hold)


@router.get("/holds/{hold_id}", responses=_READ)
def read_hold(*, hold_id: HoldId, caller: Reader, work: Work) -> HoldOut:
    """The hold as it stands."""
    return _hold(Ledger(work.connection).hold(uuid_of(IdKind.HOLD, hold_id)))


@router.post("/holds/{hold_id}/captures", status_code=201, responses=_WRITE)
def capture_hold(*, hold_id: HoldId, body: NewCapture, key: IdempotencyKey, caller: Writer, work: Work, response: Response) -> TransferOut:
    """Take a part of what is held to another account."""
    scoped = claim(work.connection, caller, f"capture:{hold_id}", key, body)
    ledger, held = Ledger(work.connection), uuid_of(IdKind.HOLD, hold_id)
    account = ledger.hold(held).account
    postings = (Posting(account, body.amount_minor), Posting(AccountRef(body.credit_code, account.currency), -body.amount_minor))
    posted = ledger.capture_hold(held, KeyedEntry(Entry("hold_captured", body.effective_at, postings), scoped))
    return _booked(work, response, posted.entry_id, posted.replayed)


@router.post("/holds/{hold_id}/release", responses=_WRITE)
def release_hold(*, hold_id: HoldId, body: Nothing, key: IdempotencyKey, caller: Writer, work: Work) -> HoldOut:
    """Give back what remains. Releasing twice is releasing once."""
    claim(work.connection, caller, f"release:{hold_id}", key, body)
    hold = Ledger(work.connection).release_hold(uuid_of(IdKind.HOLD, hold_id), now=database_now(work))
    work.commit()
    return _hold(hold)


def _booked(work: UnitOfWork, response: Response, entry_id: object, replayed: bool) -> TransferOut:
    answer = _transfer(booked_entry(work.connection, entry_id))  # type: ignore[arg-type]
    work.commit()
    response.headers["Idempotent-Replayed"] = str(replayed).lower()
    return answer


def _account(work: UnitOfWork, ref: AccountRef) -> AccountOut:
    ledger, its_class = Ledger(work.connection), class_of(ref.code)
    return AccountOut(
        code=ref.code,
        currency=ref.currency,
        exponent=exponent_or_none(ref.currency, database_now(work)),
        account_class=its_class.name,
        balance_minor=ledger.balance(ref),
        available_minor=ledger.available(ref) if its_class.floor_minor is not None else None,
    )


def _transfer(entry: BookedEntry) -> TransferOut:
    return TransferOut(
        entry_id=public_id(IdKind.ENTRY, entry.entry_id),
        kind=entry.kind,
        effective_at=entry.effective_at,
        recorded_at=entry.recorded_at,
        reverses_id=public_id(IdKind.ENTRY, entry.reverses_id) if entry.reverses_id else None,
        reversed_by_id=public_id(IdKind.ENTRY, entry.reversed_by_id) if entry.reversed_by_id else None,
        description=entry.description,
        lines=[
            LineOut(
                code=line.account.code,
                currency=line.account.currency,
                exponent=exponent_or_none(line.account.currency, entry.effective_at),
                amount_minor=line.amount_minor,
            )
            for line in entry.lines
        ],
    )


def _hold(hold: Hold) -> HoldOut:
    return HoldOut(
        hold_id=public_id(IdKind.HOLD, hold.hold_id),
        code=hold.account.code,
        currency=hold.account.currency,
        amount_minor=hold.amount_minor,
        captured_minor=hold.captured_minor,
        remaining_minor=hold.remaining_minor,
        status=hold.status.value,
        expires_at=hold.expires_at,
    )
