"""LR §5.8 nos. 3, 8, 11 and 19 where the numbers differ: what is netted or arrives together is what brute force allows, and not one item more."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable

from hypothesis import Phase, given, settings
from hypothesis import strategies as st

from assets.reconciliation.matching import Outcome
from tests.properties.many_to_many_oracle import Group, Verdict, arrival_groups, payment_groups
from tests.properties.reconciliation_cases import Casino, Printer, joined, run
from tests.properties.reconciliation_oracle import SIGN, Rows

PAYMENTS, TANGLES = 10, 10
# no shrinking: the accounts that differ are named by their items, and each try is a run of the engine
few = settings(
    max_examples=4, phases=(Phase.explicit, Phase.reuse, Phase.generate)
)  # each example is several payments or tangles in one run of the engine


@st.composite
def net_payments(draw: st.DrawFn, number: int) -> Rows:
    """One payment of a few movements that our books tell one by one and the settlement report in lines of its own choice, one of which may be wrong."""
    printer = Printer(number)
    kinds = draw(st.lists(st.sampled_from(("deposit", "deposit", "refund", "chargeback")), min_size=2, max_size=4))
    moves = [(f"M{n}", kind, SIGN[kind] * draw(st.sampled_from((300, 400, 600, 700)))) for n, kind in enumerate(kinds)]
    for reference, kind, amount in moves:
        for source in ("ledger", "attempt", *(("activity",) if draw(st.integers(0, 5)) else ())):
            printer.add(source, kind, "EUR", amount, psp_reference="P1", modification_reference=reference)
    line_of = [draw(st.integers(0, 1 + len(moves) // 2)) for _ in moves]
    change, changed = (
        draw(st.sampled_from(("none", "none", "none", "one more", "other kind", "never", "other currency"))),
        draw(st.sampled_from(line_of)),
    )
    for line in sorted(set(line_of)):
        netted = [move for move, its_line in zip(moves, line_of, strict=True) if its_line == line]
        reference, kind, _ = netted[0]
        amount, currency = sum(minor for _, _, minor in netted), "EUR"
        if line == changed:
            amount += change == "one more"
            kind = "refund_reversed" if change == "other kind" else kind
            currency = "USD" if change == "other currency" else currency
        if amount and not (line == changed and change == "never"):
            printer.add("settlement", kind, currency, amount, psp_reference="P1", modification_reference=reference)
    return printer.rows


@st.composite
def tangled_payouts(draw: st.DrawFn, number: int) -> Rows:
    """A few payouts and a few bank lines that name some of them; the money of the payouts cut into lines, and one line perhaps of another amount."""
    printer = Printer(number)
    amounts = draw(st.lists(st.sampled_from((300, 400, 600, 700)), min_size=1, max_size=3))
    for n, amount in enumerate(amounts):
        printer.add("settlement", "topup", "EUR", amount, batch_id=f"{number}{n}")
        word = f"TX{printer.account}N{n}XT"
        printer.add("payout", "payout", "EUR", -amount, batch_id=f"{number}{n}", bank_reference=word)
    cuts = draw(st.sampled_from(("whole", "each", "halves", "shifted")))
    moneys = {
        "whole": [sum(amounts)],
        "each": amounts,
        "halves": [part for amount in amounts for part in (amount // 2, amount - amount // 2)],
        "shifted": [amounts[0] - 100, *amounts[1:-1], sum(amounts[1:][-1:]) + 100],
    }[cuts][:4]
    off = draw(st.sampled_from((0, 0, 0, 1)))
    for n, money in enumerate(moneys):
        named = draw(st.sets(st.integers(0, len(amounts) - 1), min_size=1, max_size=2))
        words = " ".join(f"TX{printer.account}N{one}XT" for one in sorted(named))
        printer.add("bank", "bank_movement", "EUR", money + (off if n == 0 else 0), bank_reference=f"ACME {words}", ext_id=None)
    return printer.rows


def groups_of(outcome: Outcome, kind: str, sources: tuple[str, ...]) -> set[Group]:
    """The engine's groups of this kind, each by its items of these sources."""
    wanted = set(outcome.groups.filter(outcome.groups["case_kind"] == kind)["group_id"])
    members: dict[str, set[str]] = defaultdict(set)
    for row in outcome.dispositions.iter_rows(named=True):
        if row["group_id"] in wanted and row["source"] in sources:
            members[row["group_id"]].add(row["item_key"])
    return {frozenset(keys) for keys in members.values()}


def expected(verdicts: Iterable[Verdict]) -> set[Group]:
    return {group for verdict in verdicts for group in verdict.groups}


@few
@given(st.tuples(*(net_payments(number) for number in range(PAYMENTS))).map(Casino))
def test_a_payment_settled_net_is_one_group_exactly_where_all_that_is_open_of_it_agrees(payments: Casino) -> None:
    outcome = run(joined(payments))
    found = groups_of(outcome, "transaction", ("ledger", "attempt", "activity", "settlement"))
    assert found == expected([payment_groups(rows) for rows in payments])
    assert outcome.dispositions["disposition"].is_in(["matched", "broken"]).all()


@few
@given(st.tuples(*(tangled_payouts(number) for number in range(TANGLES))).map(Casino))
def test_payouts_and_bank_lines_are_one_group_exactly_where_all_that_names_each_other_adds_up(tangles: Casino) -> None:
    outcome = run(joined(tangles))
    found = {group for group in groups_of(outcome, "payout", ("payout", "bank")) if len(group) > 1}
    assert found == expected(
        [arrival_groups(*([row for row in rows if row["source"] == source] for source in ("payout", "bank"))) for rows in tangles]
    )


def test_the_oracle_takes_what_holds_together_and_no_sum_among_others() -> None:
    # the trap: an oracle that says of everything what the engine says of it, because it never meets a temptation
    printer = Printer(0)
    words = {"psp_reference": "P1"}
    for source in ("ledger", "attempt", "activity"):
        for reference, amount in (("M1", 600), ("M2", 400), ("M3", 300)):
            printer.add(source, "deposit", "EUR", amount, modification_reference=reference, **words)
    printer.add("settlement", "deposit", "EUR", 1_000, modification_reference="M1", **words)
    in_part = payment_groups(printer.rows)
    assert (in_part.groups, in_part.tempting) == (set(), 1)
    printer.add("settlement", "deposit", "EUR", 300, modification_reference="M9", **words)
    assert payment_groups(printer.rows).groups == {frozenset(row["item_key"] for row in printer.rows)}

    payouts = [printer.add("payout", "payout", "EUR", -amount, bank_reference=name) for amount, name in ((600, "TXAXT"), (400, "TXBXT"))]
    both = [printer.add("bank", "bank_movement", "EUR", amount, bank_reference="TXAXT TXBXT") for amount in (900, 100)]
    assert arrival_groups(payouts, both).groups == {frozenset(row["item_key"] for row in (*payouts, *both))}
    third = printer.add("bank", "bank_movement", "EUR", 50, bank_reference="TXBXT")
    assert (arrival_groups(payouts, [*both, third]).groups, arrival_groups(payouts, [*both, third]).tempting) == (set(), 1)
