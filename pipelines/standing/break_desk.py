"""A desk to work on breaks: finds them in the marts, acts through the service, gives back what came of it. For `countroom breaks`.

The trap: half of a bulk action lost with the other half. Each break is its own transaction and its own request, so a bulk action that was cut is
given again with the same request id and does only what is left.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any
from uuid import uuid4

from sqlalchemy import Engine

from pipelines.resources.clock import SystemClock
from pipelines.resources.object_store import open_object_store
from pipelines.resources.warehouse import Warehouse
from pipelines.standing.break_work import Choice, Shelf, chosen, items_of, read_shelf, told
from pipelines.standing.state import nothing_published
from pipelines.standing.suggestion_desk import SuggestionDesk
from transactional.db.engine import PIPELINE_ROLE, SERVICE_ROLE, make_engine
from transactional.db.location import locate_databases
from transactional.db.unit_of_work import UnitOfWork
from transactional.migrations.runner import revision_state
from transactional.payments.money_kinds import MoneyKind
from transactional.reconciliation.acts import Act, Proposal
from transactional.reconciliation.service import Breaks, Person
from transactional.reconciliation.work import BreakEvent, EventKind, ProposalKind, shown_state
from transactional.settings import Settings
from transactional.vocabulary.errors import InputRejected, Refused
from transactional.vocabulary.money import parse_minor

_LARGEST_EVIDENCE_BYTES = 50_000_000


@dataclass(frozen=True, slots=True)
class Draft:
    """A proposal for any number of breaks: `{psp}` and `{account}` in its account codes are each break's own, so is the amount when none is given."""

    debit: str
    credit: str
    is_write_off: bool = False
    amount: str | None = None
    books: str | None = None
    reference: str | None = None
    modification: str | None = None
    words: str | None = None

    def act_for(self, thread: dict[str, Any], shelf: Shelf) -> Act:
        """The proposal for one thread. Raises: InputRejected for an amount, an account or a kind that does not exist."""
        minor = abs(thread["amount_minor"])
        if self.amount is not None:
            minor = parse_minor(self.amount, shelf.exponents.get(thread["currency"], 2))
        if self.books is not None and self.books not in {kind.value for kind in MoneyKind}:
            raise InputRejected(f"'{self.books}' is not a kind of money movement", code="wrong_kind")
        debit, credit = _filled(self.debit, thread), _filled(self.credit, thread)
        kind = ProposalKind.WRITE_OFF if self.is_write_off else ProposalKind.ADJUSTMENT
        books = MoneyKind(self.books) if self.books else None
        proposal = Proposal(kind, thread["currency"], minor, debit, credit, books, self.reference, self.modification)
        return Act(EventKind.PROPOSED, words=self.words, proposal=proposal)


def _filled(code: str, thread: dict[str, Any]) -> str:
    return code.replace("{psp}", thread["psp"]).replace("{account}", thread["account"])


@dataclass(frozen=True, slots=True)
class Desk:
    """The marts as of the last run, and the service."""

    warehouse: Warehouse
    engine: Engine
    shelf: Shelf
    now: datetime

    @property
    def suggestions(self) -> SuggestionDesk:
        """What might explain breaks."""
        return SuggestionDesk(self.warehouse, self.engine, self.shelf)

    def find(self, choice: Choice, *, also_ended: bool = False) -> list[dict[str, Any]]:
        """The chosen threads with the work on them."""
        threads = chosen(self.shelf, choice, also_ended=also_ended)
        with UnitOfWork(self.engine) as work:
            rows = told(threads, Breaks(work.connection).work_on(threads["thread_id"]), self.now)
        return [row for row in rows if choice.owner in (None, row["owner"]) and choice.state in (None, row["state"])]

    def do(self, choice: Choice, what: Act | Draft | None, person: Person, request: str) -> Iterator[dict[str, Any]]:
        """Do one thing (None: post) to each chosen thread; what came of each. A refusal stops none of the others."""
        request = request or uuid4().hex
        for row in self.find(choice):
            thread = row["thread_id"]
            outcome: dict[str, Any] = {"thread_id": thread, "state": row["state"], "replayed": False, "refused": None, "entry_id": None}
            try:
                with UnitOfWork(self.engine) as work:
                    breaks, key = Breaks(work.connection), f"cli:{request}:{thread}"
                    if what is None:
                        recorded = breaks.post(thread, person, request_id=key)
                    else:
                        act = what.act_for(row, self.shelf) if isinstance(what, Draft) else what
                        recorded = breaks.act(thread, act, person, request_id=key)
                    work.commit()
            except (Refused, InputRejected) as error:
                yield outcome | {"refused": str(error)}
                continue
            entry = recorded.work.entry_id
            state = shown_state(recorded.work.state, is_open=row["is_open"])
            yield outcome | {"state": state, "replayed": recorded.replayed, "entry_id": entry and str(entry)}

    def whole(self, thread: str) -> dict[str, Any]:
        """One thread with its items and events."""
        row = self._one(thread)
        events = [_plain(event) for event in self.events_of(row["thread_id"])]
        return row | {"items": items_of(self.warehouse, row["thread_id"]), "events": events, "suggestions": self.suggestions.of_break(row)}

    def _one(self, thread: str) -> dict[str, Any]:
        return self.find(Choice((thread,)))[0]

    def events_of(self, thread: str) -> Sequence[BreakEvent]:
        """What was done about one thread, in order; `thread` is its id or that of its break."""
        name = self._one(thread)["thread_id"]
        with UnitOfWork(self.engine) as work:
            return Breaks(work.connection).events_of([name]).get(name, [])


@contextmanager
def open_desk(settings: Settings) -> Iterator[Desk]:
    """The desk of a configuration. Raises: Refused (`nothing_published`) before the first run."""
    databases = locate_databases(settings)
    if revision_state(databases.warehouse_url).current is None:
        raise nothing_published()
    warehouse = Warehouse(databases.warehouse_url, role=PIPELINE_ROLE)
    engine = make_engine(databases.app_url, role=SERVICE_ROLE, application_name="countroom breaks", pool_size=1)
    try:
        yield Desk(warehouse, engine, read_shelf(warehouse), SystemClock().now())
    finally:
        engine.dispose()


def keep_evidence(file: Path, settings: Settings) -> Act:
    """Keep a file in the object store, under its content; the act that attaches it. Raises: InputRejected when it is too large."""
    if file.stat().st_size > _LARGEST_EVIDENCE_BYTES:
        raise InputRejected(f"{file.name} is larger than {_LARGEST_EVIDENCE_BYTES:,} bytes", code="too_large")
    content = file.read_bytes()
    digest, name = hashlib.sha256(content).hexdigest(), re.sub(r"[^A-Za-z0-9_.-]", "_", file.name)
    key = f"evidence/{digest[:2]}/{digest}/{name}"
    open_object_store(settings.object_store, settings.object_store_endpoint_url).put_new(key, content)
    return Act(EventKind.EVIDENCE_ATTACHED, evidence_key=key, evidence={"name": file.name, "sha256": digest, "size_bytes": len(content)})


def _plain(event: Any) -> dict[str, Any]:
    return {name: getattr(event, name) for name in event.__slots__} | {"body": dict(event.body)}
