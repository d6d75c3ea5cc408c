"""What agrees only as a whole: payments a PSP settled net, payouts and bank lines in another number than one to one. Exact, or left as it was."""

from __future__ import annotations

from typing import Any

import pytest

from tests.unit.reconciliation.test_matching import chain, found, item, run

REFUND = {"kind": "refund", "modification_reference": "R1"}


def netted(line: int, *, settlement: dict[str, Any] | None = None) -> list[dict[str, Any]]:
    """Two captures and a refund of one payment in our books and activity; at the PSP one settlement line of what is left, paid out and at the bank."""
    moves = [("deposit", "M1", 600), ("deposit", "M2", 400), ("refund", "R1", -300)]
    ours = [
        item(f"{source}:{number}", source, amount, kind=kind, modification_reference=reference)
        for source in ("ledger", "attempt", "activity")
        for number, (kind, reference, amount) in enumerate(moves, start=2)
    ]
    paid = line - 10
    return [
        *ours,
        item("settlement:2", "settlement", line, modification_reference=None, **(settlement or {})),
        item("payout:9", "payout", -paid),
        item("bank:2", "bank", paid),
    ]


def test_captures_and_a_refund_settled_net_in_one_line_are_one_group() -> None:
    # blocks: four breaks for one payment that agrees to the cent
    outcome = run(netted(700))
    assert found(outcome) == []
    whole = outcome.groups.filter(outcome.groups["layer"] == "L3")
    assert whole.select("amount_minor", "item_count", "hops").rows() == [(700, 10, "activity+attempt+ledger+settlement")]
    assert outcome.certificate["closes"].all()


def test_a_net_that_is_one_unit_off_explains_nothing() -> None:
    assert len(found(run(netted(699)))) == 4


def test_a_line_of_a_kind_our_books_lack_is_not_netted() -> None:
    # blocks: a reversal of a dispute that happens to be as large as two captures less a refund
    classes = [name for name, _ in found(run(netted(700, settlement={"kind": "refund_reversed"})))]
    assert sorted(classes) == ["missing_in_ledger", *["missing_in_settlement"] * 3]


def test_a_row_that_does_not_add_up_is_not_hidden_by_a_sum_that_does() -> None:
    rows = netted(700, settlement={"net_minor": 680})
    rows[-2] |= {"amount_minor": -680, "net_minor": -680}
    rows[-1] |= {"amount_minor": 680}
    outcome = run(rows)
    assert found(outcome) == [("row_arithmetic", -10)]
    assert outcome.breaks["member_count"].to_list() == [10]


def test_two_wrong_amounts_that_cancel_are_two_breaks() -> None:
    # blocks: captures of 600 and 400 settled as 607 and 393, each under its own key, called one agreement of 1,000
    moves = [("M1", 600, 607), ("M2", 400, 393)]
    rows = [
        item(f"{source}:{reference[1]}", source, theirs if source == "settlement" else ours, modification_reference=reference)
        for source in ("ledger", "attempt", "activity", "settlement")
        for reference, ours, theirs in moves
    ]
    assert found(run([*rows, item("payout:9", "payout", -980), item("bank:2", "bank", 980)])) == [("amount", -7), ("amount", 7)]


def test_an_unposted_chargeback_of_the_payment_is_not_netted_away() -> None:
    rows = netted(700)
    told = [("activity", "activity:8"), ("settlement", "settlement:8")]
    lost = [item(key, source, -300, kind="chargeback", modification_reference="D1") for source, key in told]
    lost[1] |= {"net_minor": -300, "commission_minor": 0}
    assert ("chargeback_unposted", -300) in found(run([*rows, *lost]))
    assert len(found(run([*rows, *lost]))) >= 5


def two_payouts(*bank: dict[str, Any]) -> list[dict[str, Any]]:
    """A batch paid out in two parts, 600 and 390, with these lines at the bank."""
    whole = chain(payout=None, bank=None)
    parts = [item("payout:8", "payout", -600, bank_reference="TX111XT"), item("payout:9", "payout", -390, bank_reference="TX222XT")]
    lines = [item(f"bank:{number}", "bank", **({"amount": line.pop("amount")} | line)) for number, line in enumerate(bank, start=2)]
    return [*whole, *parts, *lines]


@pytest.mark.parametrize(
    "lines",
    [
        [{"amount": 600, "bank_reference": "ACME TX111XT"}, {"amount": 390, "bank_reference": "ACME TX222XT"}],
        [{"amount": 990, "bank_reference": "ACME TX111XT TX222XT"}],
        [{"amount": 500, "bank_reference": "ACME TX111XT"}, {"amount": 490, "bank_reference": "ACME TX111XT TX222XT"}],
    ],
    ids=["one each", "booked together", "cut elsewhere"],
)
def test_payouts_and_bank_lines_that_name_each_other_and_add_up_are_one_group(lines: list[dict[str, Any]]) -> None:
    outcome = run(two_payouts(*lines))
    assert found(outcome) == []
    assert outcome.groups.filter(outcome.groups["layer"] == "L6")["amount_minor"].to_list() == [990]


def test_a_credit_of_two_payouts_that_is_off_by_one_is_not_taken() -> None:
    assert found(run(two_payouts({"amount": 989, "bank_reference": "ACME TX111XT TX222XT"}))) == [
        ("missing_at_bank", 990),
        ("unexplained_bank_line", 989),
    ]


def test_a_sum_without_references_is_not_added_up() -> None:
    # blocks: subset sums, which find a wrong answer as gladly as a right one (LR §5.4)
    assert ("missing_at_bank", 990) in found(run(two_payouts({"amount": 990, "bank_reference": "ACME"})))


def test_of_two_payouts_only_the_one_that_did_not_arrive_is_missing() -> None:
    # blocks: the whole batch reported as missing although most of it is at the bank
    assert found(run(two_payouts({"amount": 600, "bank_reference": "ACME TX111XT"}))) == [("missing_at_bank", 390)]


def test_payouts_of_two_batches_in_one_credit_are_one_group_of_both() -> None:
    other = [
        item("ledger:5", "ledger", 500, psp_reference="P2"),
        item("attempt:5", "attempt", 500, psp_reference="P2"),
        item("activity:5", "activity", 500, psp_reference="P2"),
        item("settlement:5", "settlement", 500, psp_reference="P2", batch_id="8"),
        item("payout:6", "payout", -490, batch_id="8", bank_reference="TX888XT"),
    ]
    outcome = run([*chain(bank={"amount_minor": 1480, "bank_reference": "ACME TX123XT and TX888XT"}), *other])
    assert found(outcome) == []
    assert outcome.groups.filter(outcome.groups["case_kind"] == "payout").select("amount_minor", "item_count").rows() == [(1480, 3)]
