"""Is the work on a break kept as facts that nobody edits, are maker and checker two people, and is money booked once. On a real database."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any
from uuid import UUID

import pytest
from sqlalchemy import Connection, Engine, text
from sqlalchemy.exc import DBAPIError

from assets.landing.app_tables import land_app_tables
from pipelines.resources.warehouse import Warehouse
from tests.integration.landing.offers import NOW
from transactional.db.engine import PIPELINE_ROLE
from transactional.db.refusals import refusal_in
from transactional.db.unit_of_work import UnitOfWork
from transactional.ledger.accounts import AccountRef
from transactional.ledger.entries import KeyedEntry
from transactional.ledger.service import Ledger
from transactional.reconciliation.acts import Act, Proposal, booking_key, entry_of
from transactional.reconciliation.service import Breaks, Person
from transactional.reconciliation.service_levels import APPROVE_LARGE
from transactional.reconciliation.work import EventKind, ProposalKind, WorkState
from transactional.vocabulary.errors import Refused

K = EventKind
THREAD, OTHER = "brk_" + "1" * 32, "brk_" + "2" * 32
ANA, BEN, CARA = Person("ana"), Person("ben"), Person("cara", frozenset({APPROVE_LARGE}))
RECEIVABLE, SUSPENSE = "psp_receivable:adyen:CountroomEU", "suspense:adyen"


def proposed(kind: ProposalKind = ProposalKind.ADJUSTMENT, minor: int = 50_00) -> Act:
    return Act(K.PROPOSED, words="as the PSP told us", proposal=Proposal(kind, "EUR", minor, RECEIVABLE, SUSPENSE))


def approved(breaks: Breaks, kind: ProposalKind = ProposalKind.ADJUSTMENT) -> None:
    breaks.act(THREAD, proposed(kind), ANA, request_id="p")
    breaks.act(THREAD, Act(K.APPROVED), BEN, request_id="a")


def refused(connection: Connection, act: Callable[[], object]) -> str:
    """The code of the refusal; the transaction goes on."""
    with pytest.raises((Refused, DBAPIError)) as caught, connection.begin_nested():
        act()
    error = caught.value
    found = refusal_in(error) if isinstance(error, DBAPIError) else error
    return found.code if found is not None else str(getattr(getattr(error, "orig", None), "sqlstate", ""))


@pytest.fixture
def breaks(connection: Connection) -> Breaks:
    connection.execute(text("set local role countroom_service"))
    return Breaks(connection)


def test_the_work_is_what_its_events_add_up_to(breaks: Breaks) -> None:
    breaks.act(THREAD, Act(K.ASSIGNED, owner="ana"), BEN, request_id="1")
    breaks.act(THREAD, Act(K.COMMENTED, words="asked them"), ANA, request_id="2")
    breaks.act(THREAD, Act(K.EXPLAINED, root_cause="late_file"), ANA, request_id="3")
    breaks.act(THREAD, Act(K.EVIDENCE_ATTACHED, evidence_key="evidence/1", evidence={"name": "mail"}), ANA, request_id="4")
    work = breaks.work_on([THREAD, OTHER])[THREAD]
    assert (work.state, work.owner, work.root_cause) == (WorkState.EXPLAINED, "ana", "late_file")
    assert (work.note_count, work.evidence_count, work.event_count) == (2, 1, 4)
    assert [event.event_no for event in breaks.events_of([THREAD])[THREAD]] == [1, 2, 3, 4]


def test_the_same_request_is_answered_and_not_done_again_and_another_under_its_id_is_refused(breaks: Breaks) -> None:
    first = breaks.act(THREAD, Act(K.COMMENTED, words="asked"), ANA, request_id="1")
    again = breaks.act(THREAD, Act(K.COMMENTED, words="asked"), ANA, request_id="1")
    assert (first.replayed, again.replayed, again.event) == (False, True, first.event)
    for thread, words, person in ((OTHER, "asked", ANA), (THREAD, "else", ANA), (THREAD, "asked", BEN)):
        assert refused(breaks.connection, lambda t=thread, w=words, p=person: breaks.act(t, Act(K.COMMENTED, words=w), p, request_id="1")) == (  # type: ignore[misc]
            "idempotency_conflict"
        )


def test_an_approved_adjustment_is_one_entry_however_often_it_is_posted(breaks: Breaks) -> None:
    approved(breaks)
    first = breaks.post(THREAD, BEN, request_id="post 1")
    again = breaks.post(THREAD, ANA, request_id="post 2")
    assert (first.work.state, first.replayed, again.replayed, again.event.event_id) == (WorkState.POSTED, False, True, first.event.event_id)
    assert Ledger(breaks.connection).balance(AccountRef(RECEIVABLE, "EUR")) == 50_00
    assert Ledger(breaks.connection).balance(AccountRef(SUSPENSE, "EUR")) == -50_00


def test_nothing_is_booked_before_it_is_approved(breaks: Breaks) -> None:
    assert refused(breaks.connection, lambda: breaks.post(THREAD, BEN, request_id="1")) == "wrong_state"
    breaks.act(THREAD, proposed(), ANA, request_id="p")
    assert refused(breaks.connection, lambda: breaks.post(THREAD, BEN, request_id="2")) == "wrong_state"


def test_a_write_off_above_the_limit_needs_the_second_role(breaks: Breaks) -> None:
    breaks.act(THREAD, proposed(ProposalKind.WRITE_OFF, 100_01), ANA, request_id="p")
    assert refused(breaks.connection, lambda: breaks.act(THREAD, Act(K.APPROVED), BEN, request_id="a")) == "second_role_needed"
    breaks.act(THREAD, Act(K.APPROVED), CARA, request_id="a large")
    assert breaks.post(THREAD, BEN, request_id="post").work.state is WorkState.WRITTEN_OFF


def test_what_was_rejected_can_be_proposed_anew_and_what_was_booked_reopened(breaks: Breaks) -> None:
    approved(breaks)
    breaks.act(THREAD, Act(K.REJECTED, words="wrong account"), BEN, request_id="r")
    breaks.act(THREAD, proposed(minor=10_00), ANA, request_id="p2")
    breaks.act(THREAD, Act(K.APPROVED), BEN, request_id="a2")
    first = breaks.post(THREAD, BEN, request_id="post")
    assert breaks.act(THREAD, Act(K.REOPENED, words="again"), BEN, request_id="o").work.state is WorkState.OPEN
    breaks.act(THREAD, proposed(minor=20_00), ANA, request_id="p3")
    breaks.act(THREAD, Act(K.APPROVED), BEN, request_id="a3")
    assert breaks.post(THREAD, BEN, request_id="post 3").work.entry_id not in (None, first.work.entry_id)
    assert Ledger(breaks.connection).balance(AccountRef(RECEIVABLE, "EUR")) == 30_00


INSERT = """insert into app.break_events (event_id, thread_id, event_no, kind, actor, proposal_id, entry_id, role, request_id, owner, proposal_kind,
    amount_minor, currency) values (gen_random_uuid(), :thread, :number, :kind, :actor, :proposal, :entry, :role, gen_random_uuid()::text, :owner,
    :proposal_kind, :amount, :currency)"""


def written(connection: Connection, **values: Any) -> None:
    """A row past the service, as somebody with psql would."""
    empty = dict.fromkeys(("proposal", "entry", "role", "owner", "proposal_kind", "amount", "currency"))
    connection.execute(text(INSERT), empty | {"thread": THREAD, "actor": "ana"} | values)


def test_the_database_itself_refuses_the_proposer_and_whoever_lacks_the_role(breaks: Breaks) -> None:
    """Blocks a check in Python only: whoever writes past the service meets the same rule."""
    connection = breaks.connection
    proposal = breaks.act(THREAD, proposed(ProposalKind.WRITE_OFF, 100_01), ANA, request_id="p").event.event_id
    same = {"number": 2, "kind": "approved", "proposal": proposal}
    assert refused(connection, lambda: written(connection, **same, actor="ana", role=APPROVE_LARGE)) == "same_actor"
    assert refused(connection, lambda: written(connection, **same, actor="ben", role="approve")) == "second_role_needed"
    assert refused(connection, lambda: written(connection, **same, actor="ben")) == "second_role_needed"
    assert refused(connection, lambda: written(connection, **same, actor="ben", thread=OTHER)) == "out_of_turn"
    other = same | {"number": 1, "thread": OTHER}
    assert refused(connection, lambda: written(connection, **other, actor="ben", role=APPROVE_LARGE)) == "unknown_proposal"


def test_the_database_itself_refuses_a_booking_that_nobody_approved_and_a_second_one(breaks: Breaks) -> None:
    connection = breaks.connection
    proposal = breaks.act(THREAD, proposed(), ANA, request_id="p").event
    entry = Ledger(connection).post(KeyedEntry(entry_of(proposal), "by hand")).entry_id
    booked = {"kind": "posted", "proposal": proposal.event_id, "entry": entry, "actor": "ben"}
    assert refused(connection, lambda: written(connection, **booked, number=2)) == "wrong_state"
    breaks.act(THREAD, Act(K.APPROVED), BEN, request_id="a")
    assert refused(connection, lambda: written(connection, **booked | {"kind": "written_off"}, number=3)) == "wrong_state"
    written(connection, **booked, number=3)
    assert refused(connection, lambda: written(connection, **booked, number=4)) in {"wrong_state", "23505"}


def test_events_come_in_turn_and_are_never_changed(breaks: Breaks) -> None:
    connection = breaks.connection
    breaks.act(THREAD, Act(K.COMMENTED, words="asked"), ANA, request_id="1")
    for number in (1, 3):
        assert refused(connection, lambda n=number: written(connection, number=n, kind="commented")) in {"out_of_turn", "23505"}  # type: ignore[misc]
    for statement in ("update app.break_events set words = 'x'", "delete from app.break_events", "truncate app.break_events"):
        assert refused(connection, lambda s=statement: connection.execute(text(s))) == "42501"  # type: ignore[misc]
    connection.execute(text("reset role"))
    for statement in ("update app.break_events set words = 'x'", "delete from app.break_events", "truncate app.break_events"):
        assert refused(connection, lambda s=statement: connection.execute(text(s))) == "append_only"  # type: ignore[misc]


def test_a_posting_that_dies_before_its_commit_leaves_nothing_and_the_next_one_does_all(engine: Engine) -> None:
    with UnitOfWork(engine) as work:
        approved(Breaks(work.connection))
        work.commit()
    with UnitOfWork(engine) as work:
        Breaks(work.connection).post(THREAD, BEN, request_id="dies")
    entries = text("select count(*) from app.journal_entries")
    with engine.connect() as connection:
        assert connection.execute(entries).scalar_one() == 0
    for request in ("dies", "dies", "another"):
        with UnitOfWork(engine) as work:
            Breaks(work.connection).post(THREAD, BEN, request_id=request)
            work.commit()
    with engine.connect() as connection:
        assert connection.execute(entries).scalar_one() == 1


def test_an_entry_that_the_ledger_has_already_is_found_by_its_key(breaks: Breaks) -> None:
    """Blocks a second entry when the ledger was told by another way (a restored service): the key says it is the same."""
    approved(breaks)
    proposal = breaks.work_on([THREAD])[THREAD].proposal
    assert proposal is not None
    before: UUID = Ledger(breaks.connection).post(KeyedEntry(entry_of(proposal), booking_key(proposal))).entry_id
    assert breaks.post(THREAD, BEN, request_id="post").work.entry_id == before


def test_two_people_who_act_at_once_take_turns(engine: Engine) -> None:
    with UnitOfWork(engine) as first, engine.connect() as second:
        Breaks(first.connection).act(THREAD, proposed(), ANA, request_id="1")
        second.execute(text("set lock_timeout = '50ms'"))
        with pytest.raises(Exception, match="another session was in the way"):
            Breaks(second).act(THREAD, proposed(), BEN, request_id="2")
        second.rollback()
        first.commit()
        with pytest.raises(Refused, match="proposed"):
            Breaks(second).act(THREAD, proposed(), BEN, request_id="2")


def test_the_work_lands_in_the_warehouse(engine: Engine, database_url: str) -> None:
    with UnitOfWork(engine) as work:
        Breaks(work.connection).act(THREAD, Act(K.ASSIGNED, owner="ana"), BEN, request_id="1")
        work.commit()
    warehouse = Warehouse(database_url, role=PIPELINE_ROLE)
    with warehouse.connect() as app, warehouse.connect() as sink:
        land_app_tables(app, sink, NOW)
    assert warehouse.read("select thread_id, event_no, kind, actor, owner from raw.app__break_events").rows() == [
        (THREAD, 1, "assigned", "ben", "ana")
    ]
