"""What the casino's services are told: in order, balanced, and never a payout the player cannot have."""

from __future__ import annotations

from collections import defaultdict

from transactional.payments.facts import FactKind
from transactional.simulation.world import World


def test_facts_come_in_the_order_in_which_they_happened(mistaken: World) -> None:
    # blocks: a back-dated debit, which the ledger refuses
    times = [fact.effective_at for chunk in mistaken.chunks for fact in chunk.facts]
    assert times == sorted(times)
    assert all(
        fact.effective_at < chunk.recorded_at for chunk in mistaken.chunks for fact in chunk.facts if not fact.dedupe_key.startswith("by hand")
    )


def test_nobody_asks_for_a_payout_he_cannot_have(mistaken: World) -> None:
    # blocks: a world the ledger refuses half way, for some seeds only. Nothing that comes back is counted.
    purse: dict[tuple[str, str], int] = defaultdict(int)
    owner = {attempt.attempt_id: attempt.intent_id for chunk in mistaken.chunks for attempt in chunk.attempts}
    player = {intent.intent_id: intent.player_id.hex for chunk in mistaken.chunks for intent in chunk.intents}
    for chunk in mistaken.chunks:
        for keyed in chunk.winnings:
            _move(purse, keyed)
        for fact in chunk.facts:
            if fact.amount is None or fact.attempt_id is None:
                continue
            mine = (player[owner[fact.attempt_id]], fact.amount.currency)
            if fact.kind is FactKind.CAPTURED:
                purse[mine] += fact.amount.minor
            elif fact.kind is FactKind.PAYOUT_REQUESTED:
                purse[mine] -= fact.amount.minor
                assert purse[mine] >= 0, fact
            elif fact.kind in (FactKind.REFUNDED, FactKind.CHARGEBACK, FactKind.SECOND_CHARGEBACK):
                purse[mine] = max(purse[mine] - fact.amount.minor, 0)
        for keyed in chunk.losses:
            _move(purse, keyed)
            assert min(purse.values()) >= 0


def _move(purse: dict[tuple[str, str], int], keyed: object) -> None:
    for posting in keyed.entry.postings:  # type: ignore[attr-defined]
        if posting.account.code.startswith("player_cash:"):
            purse[posting.account.code.removeprefix("player_cash:"), posting.account.currency] -= posting.amount_minor


def test_every_movement_is_told_once_unless_somebody_booked_it_by_hand(mistaken: World) -> None:
    keys = [fact.dedupe_key for chunk in mistaken.chunks for fact in chunk.facts]
    assert len(keys) == len(set(keys))
    assert 0 < sum(key.startswith("by hand") for key in keys) < 10


def test_every_payout_is_booked_as_the_report_says(quiet: World) -> None:
    first = [keyed.entry.postings[0] for keyed in quiet.payout_entries if keyed.entry.kind == "payout"]
    booked = {(posting.psp_reference, posting.account.currency): posting.amount_minor for posting in first}
    paid = {(batch.batch_id, payout.currency): payout.amount_minor for batch in quiet.batches for payout in batch.payouts}
    assert booked == paid


def test_a_batch_without_mistakes_leaves_nothing_in_suspense(quiet: World) -> None:
    # everything in a quiet batch has an account of its own: gross, fees, reserve, exchange
    rest = [posting for keyed in quiet.payout_entries for posting in keyed.entry.postings if posting.account.code.startswith("suspense")]
    assert rest == []


def test_some_bets_are_open_at_the_end_and_a_jackpot_is_not_empty(mistaken: World) -> None:
    # blocks: a proof of player funds shown on a world where the lines it is about are zero
    left: dict[str, int] = defaultdict(int)
    for chunk in mistaken.chunks:
        for keyed in (*chunk.winnings, *chunk.losses):
            for posting in keyed.entry.postings:
                left[posting.account.code] -= posting.amount_minor
    kinds = {code.partition(":")[0] for code, minor in left.items() if minor > 0}
    assert {"player_open_bets", "jackpot"} <= kinds
    assert min(minor for code, minor in left.items() if code.startswith(("player_open_bets", "player_winnings", "jackpot"))) >= 0
