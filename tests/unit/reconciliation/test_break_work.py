"""What may be done about a break in which state: every state against every kind, and deadlines and limits as their registries say."""

from __future__ import annotations

from datetime import UTC, date, datetime
from uuid import UUID

import pytest

from transactional.payments.money_kinds import MoneyKind
from transactional.reconciliation.acts import Act, Proposal, entry_of
from transactional.reconciliation.service_levels import (
    APPROVE,
    APPROVE_LARGE,
    ServiceLevel,
    WriteOffLimit,
    hours_allowed,
    role_needed_for_write_off,
)
from transactional.reconciliation.work import NO_WORK, BreakEvent, EventKind, ProposalKind, WorkState, after, fold, shown_state
from transactional.vocabulary.errors import InputRejected, Refused

K, S = EventKind, WorkState
NOON = datetime(2026, 1, 5, 12, tzinfo=UTC)
THREAD = "brk_" + "0" * 32


def event(number: int, kind: EventKind, proposal_kind: ProposalKind = ProposalKind.ADJUSTMENT) -> BreakEvent:
    said = {
        K.ASSIGNED: {"owner": "ana"},
        K.EXPLAINED: {"root_cause": "late_file"},
        K.PROPOSED: {"proposal_kind": proposal_kind, "amount_minor": 100, "currency": "EUR"},
        K.POSTED: {"entry_id": UUID(int=7)},
        K.WRITTEN_OFF: {"entry_id": UUID(int=7)},
    }
    return BreakEvent(UUID(int=number), THREAD, number, kind, "ben", NOON, **said.get(kind, {}))  # type: ignore[arg-type]


PATHS = {
    S.OPEN: (),
    S.ASSIGNED: (K.ASSIGNED,),
    S.EXPLAINED: (K.ASSIGNED, K.EXPLAINED),
    S.PROPOSED: (K.ASSIGNED, K.EXPLAINED, K.PROPOSED),
    S.APPROVED: (K.ASSIGNED, K.EXPLAINED, K.PROPOSED, K.APPROVED),
    S.POSTED: (K.ASSIGNED, K.EXPLAINED, K.PROPOSED, K.APPROVED, K.POSTED),
    S.WRITTEN_OFF: (K.ASSIGNED, K.EXPLAINED, K.PROPOSED, K.APPROVED, K.WRITTEN_OFF),
}
# the whole table: state x kind -> the state after, None where it is refused
TABLE: dict[WorkState, dict[EventKind, WorkState | None]] = {
    S.OPEN: {K.ASSIGNED: S.ASSIGNED, K.EXPLAINED: S.EXPLAINED, K.PROPOSED: S.PROPOSED},
    S.ASSIGNED: {K.ASSIGNED: S.ASSIGNED, K.EXPLAINED: S.EXPLAINED, K.PROPOSED: S.PROPOSED},
    S.EXPLAINED: {K.ASSIGNED: S.EXPLAINED, K.EXPLAINED: S.EXPLAINED, K.PROPOSED: S.PROPOSED},
    S.PROPOSED: {K.ASSIGNED: S.PROPOSED, K.APPROVED: S.APPROVED, K.REJECTED: S.EXPLAINED},
    S.APPROVED: {K.ASSIGNED: S.APPROVED, K.REJECTED: S.EXPLAINED, K.POSTED: S.POSTED},
    S.POSTED: {K.REOPENED: S.EXPLAINED},
    S.WRITTEN_OFF: {K.REOPENED: S.EXPLAINED},
}


def path_to(state: WorkState) -> list[BreakEvent]:
    kind = ProposalKind.WRITE_OFF if state is S.WRITTEN_OFF else ProposalKind.ADJUSTMENT
    return [event(number, each, kind) for number, each in enumerate(PATHS[state], 1)]


@pytest.mark.parametrize("kind", K)
@pytest.mark.parametrize("state", S)
def test_every_kind_in_every_state_is_allowed_or_refused_as_the_table_says(state: WorkState, kind: EventKind) -> None:
    work = fold(path_to(state))
    assert work.state is state
    wanted = state if kind in {K.COMMENTED, K.EVIDENCE_ATTACHED} else TABLE[state].get(kind)
    if wanted is None:
        with pytest.raises(Refused, match=state.value) as refused:
            after(work, event(9, kind))
        assert refused.value.code == "wrong_state"
    else:
        assert after(work, event(9, kind)).state is wanted


def test_an_approved_write_off_is_not_posted_as_an_adjustment() -> None:
    events = [event(1, K.PROPOSED, ProposalKind.WRITE_OFF), event(2, K.APPROVED)]
    with pytest.raises(Refused):
        after(fold(events), event(3, K.POSTED))
    assert after(fold(events), event(3, K.WRITTEN_OFF)).state is S.WRITTEN_OFF


def test_what_is_rejected_falls_back_to_what_was_known_before() -> None:
    assert fold([event(1, K.PROPOSED), event(2, K.REJECTED)]).state is S.OPEN
    assert fold([event(1, K.ASSIGNED), event(2, K.PROPOSED), event(3, K.REJECTED)]).state is S.ASSIGNED


def test_events_are_folded_in_their_own_order() -> None:
    assert fold(path_to(S.POSTED)[::-1]) == fold(path_to(S.POSTED))


def test_a_break_that_healed_is_cleared_only_if_money_was_booked_for_it() -> None:
    assert {state: shown_state(state, is_open=False) for state in S} == dict.fromkeys(S, "auto_cleared") | {
        S.POSTED: "cleared",
        S.WRITTEN_OFF: "cleared",
    }
    assert [shown_state(state, is_open=True) for state in S] == [state.value for state in S]
    assert NO_WORK.state is S.OPEN


def test_the_larger_break_is_due_sooner_and_an_unknown_amount_is_a_large_one() -> None:
    levels = (ServiceLevel(0, 240), ServiceLevel(100_00, 24, since=date(2026, 1, 1)))
    on = date(2026, 1, 1)
    assert [hours_allowed(minor, on, levels) for minor in (0, 99_99, 100_00, -100_00, None)] == [240, 240, 24, 24, 24]
    assert hours_allowed(100_00, date(2025, 12, 31), levels) == 240  # the stricter level was not in force yet


def test_a_write_off_above_the_limit_of_its_day_needs_the_second_role() -> None:
    limits = (WriteOffLimit("EUR", 50_00, until=date(2026, 1, 1)), WriteOffLimit("EUR", 100_00, since=date(2026, 1, 1)))
    asked = [(100_00, "EUR", date(2026, 1, 1)), (100_01, "EUR", date(2026, 1, 1)), (60_00, "EUR", date(2025, 12, 31)), (1, "KWD", date(2026, 1, 1))]
    assert [role_needed_for_write_off(*each, limits) for each in asked] == [APPROVE, APPROVE_LARGE, APPROVE_LARGE, APPROVE_LARGE]


def test_a_proposal_the_ledger_could_not_book_is_refused_when_it_is_made() -> None:
    with pytest.raises(InputRejected, match="suspence"):
        Proposal(ProposalKind.ADJUSTMENT, "EUR", 100, "suspence:adyen", "house_revenue")
    with pytest.raises(InputRejected, match="reference"):
        Proposal(ProposalKind.ADJUSTMENT, "EUR", 100, "psp_receivable:adyen:EU", "suspense:adyen", books=MoneyKind.DEPOSIT)
    with pytest.raises(Refused):
        Proposal(ProposalKind.ADJUSTMENT, "EUR", 100, "house_revenue", "house_revenue")


def test_an_act_without_what_it_needs_is_refused() -> None:
    for kind in (K.ASSIGNED, K.COMMENTED, K.EXPLAINED, K.PROPOSED, K.EVIDENCE_ATTACHED, K.REJECTED, K.REOPENED):
        with pytest.raises(InputRejected):
            Act(kind)


def test_an_entry_that_books_a_movement_carries_its_kind_and_references() -> None:
    body = {"debit_code": "psp_receivable:adyen:EU", "credit_code": "suspense:adyen", "books": "deposit", "psp_reference": "P1"}
    proposal = BreakEvent(
        UUID(int=1), THREAD, 1, K.PROPOSED, "ana", NOON, proposal_kind=ProposalKind.ADJUSTMENT, amount_minor=5, currency="EUR", body=body
    )
    entry = entry_of(proposal)
    assert (entry.kind, [(line.account.code, line.amount_minor, line.psp_reference) for line in entry.postings]) == (
        "deposit",
        [("psp_receivable:adyen:EU", 5, "P1"), ("suspense:adyen", -5, "P1")],
    )
    assert entry_of(proposal).payload_hash() == entry.payload_hash()
