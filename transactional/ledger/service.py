"""The ledger's door: open, post, reverse, hold, read. For payments, the API and the simulator. One posting is one round trip.

A refusal is an exception and leaves the transaction aborted, as PostgreSQL does: whoever wants to go on afterwards wraps the call in
`connection.begin_nested()`. Nothing is committed here. `recorded_at`, ids and `now` may be given; otherwise the database's clock and ids are used.

Back-dating: a debit that takes effect in the past is refused (`insufficient_funds`) when the account would have been below its floor at any time
since then, although it has the funds today. Source: formancehq/ledger issue 340.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

import orjson
from sqlalchemy import Connection
from sqlalchemy.exc import DBAPIError

from transactional.db.refusals import refusal_in
from transactional.ledger.entries import AccountRef, Entry, KeyedEntry, check_key
from transactional.ledger.holds import Hold, HoldStatus
from transactional.vocabulary.errors import CountroomError, InputRejected, Refused
from transactional.vocabulary.money import INT64_MAX
from transactional.vocabulary.time import utc

BATCH_SIZE = 2_000
"""Entries per round trip of post_batch; a longer list goes in several, still all or nothing within the caller's transaction."""


@dataclass(frozen=True, slots=True)
class Posted:
    """The entry behind a key. `replayed`: it was there already, nothing was booked now."""

    entry_id: UUID
    replayed: bool


@dataclass(frozen=True, slots=True)
class TrialBalanceLine:
    """Grain: one account. Units: minor; debits less credits is the balance, and all balances of a currency add up to zero."""

    account: AccountRef
    debit_minor: int
    credit_minor: int


class Ledger:
    """The ledger on one connection. Raises everywhere: Refused with a code, Transient when another session was in the way."""

    def __init__(self, connection: Connection) -> None:
        self.connection = connection

    def open_accounts(self, refs: Iterable[AccountRef], *, floors: Mapping[AccountRef, int] | None = None, now: datetime) -> None:
        """Open accounts before they are used, with a floor where the class has none (a prefunded PSP). Opening again changes nothing.

        Raises: Refused (`floor_conflict`) when the account is open with another floor than the one asked for.
        """
        floors = floors or {}
        wanted = [{"code": ref.code, "currency": ref.currency, "floor_minor": floors.get(ref)} for ref in refs]
        self._call("select app.open_accounts(%s::jsonb, %s)", orjson.dumps(wanted).decode(), utc(now))

    def post(self, keyed: KeyedEntry) -> Posted:
        """Book one entry, or give the first answer to its key. Raises: Refused (`insufficient_funds`, `idempotency_conflict`, `already_reversed`)."""
        (row,) = self._call("select * from app.post_entry(%s::jsonb)", orjson.dumps(_body(keyed) | {"postings": _lines(keyed.entry)}).decode())
        return Posted(row[0], row[1])

    def post_batch(self, keyed: Sequence[KeyedEntry]) -> list[Posted]:
        """Book many entries, set-based, with the answers of calling post in order; one refusal refuses all (its detail has `n`, the position).

        A key that comes twice with the same body is one entry.
        """
        answers: list[Posted] = []
        for start in range(0, len(keyed), BATCH_SIZE):
            part = keyed[start : start + BATCH_SIZE]
            entries = [_body(one) | {"n": start + index} for index, one in enumerate(part)]
            postings = [line | {"n": start + index} for index, one in enumerate(part) for line in _lines(one.entry)]
            rows = self._call(
                "select posted_id, was_replayed from app.post_batch(%s::jsonb)", orjson.dumps({"entries": entries, "postings": postings}).decode()
            )
            answers += [Posted(row[0], row[1]) for row in rows]
        return answers

    def reverse(
        self, entry_id: UUID, *, idempotency_key: str, effective_at: datetime, recorded_at: datetime | None = None, reversal_id: UUID | None = None
    ) -> Posted:
        """Book the exact inverse of an entry: same accounts and references, signs turned, kind `reversal`.

        An entry is reversed at most once, a reversal never: what was taken back by mistake is booked anew.

        Raises: Refused (`already_reversed`, `reversal_of_reversal`, `reversal_too_early`, `unknown_entry`, `insufficient_funds`).
        """
        check_key(idempotency_key)
        said = f"reversal\x1f{entry_id.hex}\x1f{utc(effective_at).isoformat()}"
        body = {
            "idempotency_key": idempotency_key,
            "payload_hash": hashlib.sha256(said.encode()).hexdigest(),
            "effective_at": utc(effective_at),
            "recorded_at": recorded_at and utc(recorded_at),
            "entry_id": reversal_id,
        }
        (row,) = self._call("select * from app.reverse_entry(%s, %s::jsonb)", entry_id, orjson.dumps(body).decode())
        return Posted(row[0], row[1])

    def place_hold(
        self,
        account: AccountRef,
        amount_minor: int,
        *,
        idempotency_key: str,
        expires_at: datetime | None = None,
        intent_id: UUID | None = None,
        hold_id: UUID | None = None,
        recorded_at: datetime | None = None,
    ) -> Hold:
        """Set funds aside on an account with a floor. Raises: Refused (`insufficient_funds`, `idempotency_conflict`, `no_floor`)."""
        check_key(idempotency_key)
        if type(amount_minor) is not int or not 0 < amount_minor <= INT64_MAX:
            raise InputRejected("a hold is a positive integer of minor units", code="amount_not_positive")
        expires_at = expires_at and utc(expires_at)
        said = [account.code, account.currency, amount_minor, expires_at and expires_at.isoformat(), intent_id and intent_id.hex]
        body = {
            "code": account.code,
            "currency": account.currency,
            "amount_minor": amount_minor,
            "idempotency_key": idempotency_key,
            "payload_hash": hashlib.sha256(orjson.dumps(said)).hexdigest(),
            "expires_at": expires_at,
            "intent_id": intent_id,
            "hold_id": hold_id,
            "recorded_at": recorded_at and utc(recorded_at),
        }
        return self._hold("select s.* from app.place_hold(%s::jsonb) p, app.hold_state(p) s", orjson.dumps(body).decode())

    def capture_hold(self, reference: UUID | str, keyed: KeyedEntry) -> Posted:
        """Book an entry out of a hold: it must debit the held account by no more than remains. In parts if wanted.

        `reference` is the hold's id, its public id or the key it was placed with.
        Raises: Refused (`closed_hold`, `hold_exceeded`, `not_a_capture`, `idempotency_conflict`).
        """
        body = orjson.dumps(_body(keyed) | {"postings": _lines(keyed.entry)}).decode()
        (row,) = self._call("select * from app.capture_hold(%s, %s::jsonb)", str(reference), body)
        return Posted(row[0], row[1])

    def release_hold(self, reference: UUID | str, *, now: datetime) -> Hold:
        """Give back what remains. Twice is once: the second answer equals the first. Raises: Refused (`closed_hold`) if captured or expired."""
        return self._hold("select s.* from app.release_hold(%s, %s) r, app.hold_state(r) s", str(reference), utc(now))

    def expire_holds(self, *, now: datetime) -> list[UUID]:
        """End every open hold whose `expires_at` has come. Until then a hold counts, but is not captured after its time."""
        return [row[0] for row in self._call("select * from app.expire_holds(%s)", utc(now))]

    def hold(self, reference: UUID | str) -> Hold:
        """The hold as it stands, by any of its names. Raises: Refused (`unknown_hold`)."""
        return self._hold("select s.* from app.hold_state(app.hold_id_of(%s)) s", str(reference))

    def balance(self, ref: AccountRef, *, known_by: datetime | None = None, effective_until: datetime | None = None) -> int:
        """Debits less credits in minor units; 0 for an account nobody opened.

        `known_by` is inclusive (nothing recorded later is seen), `effective_until` is exclusive (the end of a day is the start of the next).
        """
        (row,) = self._call(
            """
            select coalesce(sum(p.amount_minor), 0)::bigint
            from app.accounts a join app.postings p on p.account_id = a.account_id join app.journal_entries e on e.entry_id = p.entry_id
            where a.code = %s and a.currency = %s and e.recorded_at <= coalesce(%s, 'infinity'::timestamptz)
              and e.effective_at < coalesce(%s, 'infinity'::timestamptz)
            """,
            *(ref.code, ref.currency, known_by and utc(known_by), effective_until and utc(effective_until)),
        )
        return int(row[0])

    def available(self, ref: AccountRef) -> int:
        """Posted funds less open holds of an account with a floor, in minor units; 0 for an account nobody opened.

        Raises: Refused (`no_floor`) for a house account: its funds are not cached, ask for its balance.
        """
        rows = self._call(
            """
            select b.normal_sign * b.posted_minor - b.held_minor
            from app.accounts a left join app.balances b on b.account_id = a.account_id where a.code = %s and a.currency = %s
            """,
            *(ref.code, ref.currency),
        )
        if rows and rows[0][0] is None:
            raise Refused(f"{ref.code} has no floor: nothing is held on it, ask for its balance", code="no_floor")
        return int(rows[0][0]) if rows else 0

    def trial_balance(self, *, known_by: datetime | None = None, effective_until: datetime | None = None) -> list[TrialBalanceLine]:
        """Every account with postings, both legs of every reversal included, by code and currency. Bounds as in `balance`."""
        rows = self._call(
            """
            select a.code, a.currency, coalesce(sum(p.amount_minor) filter (where p.amount_minor > 0), 0)::bigint,
                coalesce(-sum(p.amount_minor) filter (where p.amount_minor < 0), 0)::bigint
            from app.postings p join app.journal_entries e on e.entry_id = p.entry_id join app.accounts a on a.account_id = p.account_id
            where e.recorded_at <= coalesce(%s, 'infinity'::timestamptz) and e.effective_at < coalesce(%s, 'infinity'::timestamptz)
            group by a.code, a.currency order by a.code collate "C", a.currency
            """,
            *(known_by and utc(known_by), effective_until and utc(effective_until)),
        )
        return [TrialBalanceLine(AccountRef(row[0], row[1]), row[2], row[3]) for row in rows]

    def _hold(self, statement: str, *parameters: object) -> Hold:
        (row,) = self._call(statement, *parameters)
        ended_as = None if row.ended_as is None else HoldStatus(row.ended_as)
        return Hold(row.hold_id, AccountRef(row.code, row.currency), row.amount_minor, row.captured_minor, ended_as, row.expires_at, row.intent_id)

    def _call(self, statement: str, *parameters: object) -> Sequence[Any]:
        try:
            return self.connection.exec_driver_sql(statement, parameters).fetchall()
        except DBAPIError as error:
            raise _translated(error) from error


def _body(keyed: KeyedEntry) -> dict[str, object]:
    entry = keyed.entry
    body: dict[str, object] = {
        "idempotency_key": keyed.idempotency_key,
        "payload_hash": entry.payload_hash().hex(),
        "kind": entry.kind,
        "effective_at": entry.effective_at,
    }
    optional = {"recorded_at": keyed.recorded_at, "entry_id": keyed.entry_id, "reverses_id": entry.reverses_id, "description": entry.description}
    body.update((name, value) for name, value in optional.items() if value is not None)
    return body


def _lines(entry: Entry) -> list[dict[str, object]]:
    """What is not there is left out: the database reads half the text."""
    lines = []
    for number, posting in enumerate(entry.postings, start=1):
        account = posting.account
        line: dict[str, object] = {"line": number, "code": account.code, "currency": account.currency, "amount_minor": posting.amount_minor}
        if posting.intent_id is not None:
            line["intent_id"] = posting.intent_id
        if posting.attempt_id is not None:
            line["attempt_id"] = posting.attempt_id
        if posting.psp_reference is not None:
            line["psp_reference"] = posting.psp_reference
        if posting.modification_reference is not None:
            line["modification_reference"] = posting.modification_reference
        if posting.backed_by is not None:
            line["backed_by"] = posting.backed_by.code
        lines.append(line)
    return lines


_CONSTRAINTS = {
    "uq_journal_entries_reverses_id": ("already_reversed", "the entry has been reversed already"),
    "pk_journal_entries": ("entry_id_taken", "another entry has this id"),
    "pk_holds": ("hold_id_taken", "another hold has this id"),
    "fk_journal_entries_reverses_id_journal_entries": ("unknown_entry", "there is no such entry to reverse"),
}


def _translated(error: DBAPIError) -> CountroomError | DBAPIError:
    """What the database said, as one of our five errors; what we do not know stays as it is."""
    diagnosis = getattr(error.orig, "diag", None)
    if diagnosis is not None and diagnosis.constraint_name in _CONSTRAINTS:
        code, reason = _CONSTRAINTS[diagnosis.constraint_name]
        return Refused(reason, code=code)
    return refusal_in(error) or error
