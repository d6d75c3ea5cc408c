"""The door of payments: intents, attempts, and what was said about them, with the ledger entries that follow. For the API, webhooks and simulation.

Everything is set-based (a handful of statements for thousands of facts) and happens in the caller's transaction: events and their entries are
committed together or not at all. A refusal leaves the transaction aborted; whoever wants to go on wraps the call in `connection.begin_nested()`.

The traps: a fact whose attempt we do not know (booked against suspense and adopted when the attempt shows up, never dropped); two sessions recording
facts of one payment at once (the second waits); a key used again with another body (refused, never a second effect).
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import datetime
from typing import Any
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy import Connection
from sqlalchemy.exc import DBAPIError

from transactional.db.rows import insert_rows
from transactional.ledger.service import Ledger
from transactional.payments.booking import Party, Reference
from transactional.payments.facts import Created, NewAttempt, NewIntent, PaymentFact, Recorded
from transactional.payments.lifecycle import AttemptState, state_of
from transactional.payments.models import payment_adoptions, payment_attempts, payment_events, payment_intents
from transactional.payments.money_kinds import MoneyKind
from transactional.payments.reading import PaymentReader
from transactional.payments.recording import Batch, fact_hash, merchant_reference_of, psp_reference_of
from transactional.payments.requests import attempt_row, insert_once, intent_row, once, refuse_other_body
from transactional.vocabulary.errors import CountroomError, Refused, Transient
from transactional.vocabulary.ids import SYSTEM_RANDOM, IdKind, RandomBits, public_id


class Payments:
    """Payments on one connection, which must be READ COMMITTED (the default). `bits` draws ids that were not given.

    Raises everywhere: Refused (`idempotency_conflict` and others), Transient when another session was in the way.
    """

    def __init__(self, connection: Connection, ledger: Ledger, *, bits: RandomBits = SYSTEM_RANDOM) -> None:
        self._connection, self._ledger, self._bits = connection, ledger, bits
        self._reader = PaymentReader(connection)

    def create_intents(self, new: Sequence[NewIntent]) -> list[Created]:
        """Create intents, or give the first answer to their keys; answers in the order given. Raises: InputRejected (`unknown_currency`)."""
        now = self._reader.clock()
        with _database_errors():
            return insert_once(self._connection, payment_intents, [intent_row(one, now, self._bits) for one in new]).created()

    def create_attempts(self, new: Sequence[NewAttempt]) -> list[Created]:
        """Create attempts, or give the first answer to their keys. Facts that came before their attempt are adopted.

        Raises: Refused (`unknown_intent`, `reference_taken`).
        """
        now = self._reader.clock()
        rows = [attempt_row(one, now, self._bits) for one in new]
        with _database_errors():
            self._reader.lock((row["psp"], row["merchant_account"], row["merchant_reference"]) for row in rows)
            answers = insert_once(self._connection, payment_attempts, rows)
            self._adopt(answers.new())
        return answers.created()

    def record(self, facts: Sequence[PaymentFact], *, recorded_at: datetime | None = None, webhook_id: UUID | None = None) -> list[Recorded]:
        """Record facts once each and book the money they move; answers in the order given.

        A fact finds its attempt by attempt_id, else by merchant_reference, else by psp_reference. Facts of one payment are booked in the order given.
        Raises: Refused (`unknown_attempt`; `insufficient_funds` for a withdrawal the player cannot cover: nothing of the batch is recorded then).
        """
        unique: dict[str, PaymentFact] = once((fact.dedupe_key, fact_hash(fact), fact) for fact in facts)
        with _database_errors():
            parties = self._lock(list(unique.values()))
            known = self._reader.events_by_key(unique)
            for key, row in known.items():
                refuse_other_body(key, row.payload_hash, fact_hash(unique[key]))
            fresh = [fact for key, fact in unique.items() if key not in known]
            recorded = self._record_new(fresh, parties, recorded_at or self._reader.clock(), webhook_id)
        for key, row in known.items():
            money_kind = MoneyKind(row.money_kind) if row.money_kind else None
            recorded[key] = Recorded(row.event_id, key, row.attempt_id, row.entry_id, money_kind, replayed=True)
        return [recorded[fact.dedupe_key] for fact in facts]

    def attempt_states(self, attempt_ids: Collection[UUID]) -> dict[UUID, AttemptState]:
        """Where these attempts stand; `unknown` when nothing was said about one, and an id that is no attempt is missing."""
        history = self._reader.history(attempt_ids)
        currencies = self._reader.currencies(attempt_ids)
        return {one: state_of((known.fact for known in history.get(one, ())), currency) for one, currency in currencies.items()}

    def _lock(self, facts: Sequence[PaymentFact]) -> dict[str, Party]:
        """Whose the facts are, with everybody else who has something to say about the same payments kept waiting."""
        parties = self._resolve(facts)
        keys = {key for fact in facts for key in (fact.dedupe_key, psp_reference_of(fact), merchant_reference_of(fact)) if key}
        self._reader.lock([*keys, *(party.attempt_id for party in parties.values())])
        missing = [fact for fact in facts if fact.dedupe_key not in parties]
        if missing:  # an attempt may have come while we waited
            found = self._resolve(missing)
            self._reader.lock(party.attempt_id for party in found.values())
            parties |= found
        return parties

    def _resolve(self, facts: Sequence[PaymentFact]) -> dict[str, Party]:
        """The attempts of facts, by dedupe key; a fact nobody can place is missing."""
        by_id = self._reader.parties({fact.attempt_id for fact in facts if fact.attempt_id})
        for fact in facts:
            if fact.attempt_id and fact.attempt_id not in by_id:
                raise Refused(f"there is no attempt {public_id(IdKind.ATTEMPT, fact.attempt_id)}", code="unknown_attempt")
        parties = {fact.dedupe_key: by_id[fact.attempt_id] for fact in facts if fact.attempt_id}
        named = _by_reference(facts, parties, merchant_reference_of)
        _place(parties, named, self._reader.parties_by_merchant_reference(set(named.values())))
        told = {ref: parties[fact.dedupe_key] for fact in facts if fact.dedupe_key in parties and (ref := psp_reference_of(fact))}
        _place(parties, _by_reference(facts, parties, psp_reference_of), told)
        left = _by_reference(facts, parties, psp_reference_of)
        _place(parties, left, self._reader.parties_by_psp_reference(set(left.values())))
        return parties

    def _record_new(self, facts: Sequence[PaymentFact], parties: Mapping[str, Party], now: datetime, webhook_id: UUID | None) -> dict[str, Recorded]:
        if not facts:
            return {}
        attempts = {parties[fact.dedupe_key].attempt_id for fact in facts if fact.dedupe_key in parties}
        strangers = self._reader.strangers_by_psp_reference({ref for fact in facts if (ref := psp_reference_of(fact))})
        batch = Batch(now, webhook_id)
        batch.book_all(facts, parties, self._reader.history(attempts), strangers)
        self._write(batch)
        return batch.recorded

    def _adopt(self, attempts: Sequence[sa.Row[Any]]) -> None:
        """Give new attempts the facts that named them before, and others under the PSP references those named."""
        ids = {(row.psp, row.merchant_account, row.merchant_reference): row.attempt_id for row in attempts}
        found = dict(self._reader.strangers_by_merchant_reference(set(ids)))
        if not found:
            return
        owner = {ref: ids[named] for named, ones in found.items() for one in ones if (ref := psp_reference_of(one.known.fact))}
        self._reader.lock(owner)
        parties = self._reader.parties({ids[named] for named in found})
        batch = Batch(self._reader.clock())
        for owners, strangers in ((ids, found), (owner, self._reader.strangers_by_psp_reference(set(owner)))):
            for reference, ones in strangers.items():
                party = parties[owners[reference]]
                batch.adopt(party, batch.book_of(party, ()), ones)
        self._write(batch)

    def _write(self, batch: Batch) -> None:
        self._ledger.post_batch(batch.entries)
        insert_rows(self._connection, payment_events, batch.events)
        insert_rows(self._connection, payment_adoptions, batch.adoptions)


def _by_reference(facts: Sequence[PaymentFact], parties: Mapping[str, Party], reference_of: Any) -> dict[str, Reference]:
    return {fact.dedupe_key: ref for fact in facts if fact.dedupe_key not in parties and (ref := reference_of(fact))}


def _place(parties: dict[str, Party], wanted: Mapping[str, Reference], found: Mapping[Reference, Party]) -> None:
    parties.update({key: found[reference] for key, reference in wanted.items() if reference in found})


@contextmanager
def _database_errors() -> Iterator[None]:
    """What the database says about our own statements, as one of the five errors (the ledger translates its own)."""
    try:
        yield
    except DBAPIError as error:
        raise _translated(error) from error


def _translated(error: DBAPIError) -> CountroomError | DBAPIError:
    state, diagnosis = getattr(error.orig, "sqlstate", None), getattr(error.orig, "diag", None)
    if diagnosis is not None and diagnosis.constraint_name == "fk_payment_attempts_intent_id_payment_intents":
        return Refused("there is no such intent", code="unknown_intent")
    if state in {"40001", "40P01", "55P03"}:
        return Transient("another session was in the way; nothing was recorded, try again", code="contention")
    return error
