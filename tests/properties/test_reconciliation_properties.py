"""What must hold of every reconciliation, whatever the items: LR §5.8 nos. 1 to 9, 13, 14 and 17, over accounts made to collide.

No. 15 (a dispute from end to end) is in test_payments_booking, no. 16 (the ledger) in test_ledger_machine, no. 19 in test_reconciliation_oracle.
"""

from __future__ import annotations

import os
import time
from collections import Counter, defaultdict
from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from random import Random

import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from polars.testing import assert_frame_equal

from assets.reconciliation.context import RunContext
from assets.reconciliation.items import item_schema
from assets.reconciliation.matching import Outcome, reconcile
from tests.properties.reconciliation_cases import MOMENTS, Casino, Printer, casinos, joined, run
from tests.properties.reconciliation_oracle import HOPS, SIGN, Row, Rows
from transactional.vocabulary.time import business_date

FRAMES = ("groups", "dispositions", "breaks", "certificate", "gates", "reserves", "conversions")
moments = st.sampled_from(sorted(MOMENTS))
few = settings(max_examples=6)  # each example is several accounts


def members_of(outcome: Outcome) -> dict[str, frozenset[str]]:
    """Case id to its items."""
    found = defaultdict(set)
    for row in outcome.dispositions.iter_rows(named=True):
        if row["disposition"] != "ignored":
            found[row["group_id"] or row["break_id"]].add(row["item_key"])
    return {case_id: frozenset(keys) for case_id, keys in found.items()}


def grouped_keys(outcome: Outcome) -> set[frozenset[str]]:
    members = members_of(outcome)
    return {members[group_id] for group_id in outcome.groups["group_id"]}


def told_breaks(outcome: Outcome) -> Counter[tuple[str, int, frozenset[str]]]:
    members = members_of(outcome)
    rows = outcome.breaks.select("break_class", "amount_minor", "break_id").iter_rows()
    return Counter((name, amount, members.get(break_id, frozenset())) for name, amount, break_id in rows)


def assert_same(one: Outcome, other: Outcome) -> None:
    for name in FRAMES:
        assert_frame_equal(getattr(one, name), getattr(other, name), check_row_order=False)


@few
@given(casinos(), moments)
def test_the_short_way_ends_where_the_long_one_does(casino: Casino, moment: str) -> None:
    # blocks: a case that agrees at first sight and skips the layer that had something to say of it
    short, long = (run(joined(casino), moment, shortcut=shortcut) for shortcut in (True, False))
    assert_same(short, long)


@few
@given(casinos(), moments)
def test_01_every_item_has_exactly_one_ending(casino: Casino, moment: str) -> None:
    rows, outcome = joined(casino), run(joined(casino), moment)
    assert sorted(outcome.dispositions["item_key"]) == sorted(row["item_key"] for row in rows)
    for row in outcome.dispositions.iter_rows(named=True):
        endings = {"matched": row["group_id"], "broken": row["break_id"], "ignored": row["reason"]}
        assert [name for name, ending in endings.items() if ending is not None] == [row["disposition"]]
    assert set(outcome.dispositions["group_id"].drop_nulls()) == set(outcome.groups["group_id"])
    assert set(outcome.dispositions["break_id"].drop_nulls()) <= set(outcome.breaks["break_id"])


@few
@given(casinos(), moments)
def test_02_money_and_count_that_went_in_come_out(casino: Casino, moment: str) -> None:
    rows, outcome = joined(casino), run(joined(casino), moment)
    ended = dict(outcome.dispositions.select("item_key", "disposition").iter_rows())
    sums: Counter[tuple[object, ...]] = Counter()
    for row in rows:
        for name in ("in", ended[row["item_key"]]):
            sums[row["source"], row["currency"], row["booked_on"], name, "count"] += 1
            sums[row["source"], row["currency"], row["booked_on"], name, "minor"] += row["amount_minor"]
    certified: Counter[tuple[object, ...]] = Counter()
    for line in outcome.certificate.iter_rows(named=True):
        assert line["closes"]
        for name in ("in", "matched", "broken", "ignored"):
            for measure in ("count", "minor"):
                certified[line["source"], line["currency"], line["booked_on"], name, measure] += line[f"{name}_{measure}"]
    assert {key: value for key, value in certified.items() if value} == {key: value for key, value in sums.items() if value}


@few
@given(casinos(), moments)
def test_03_a_group_balances_to_the_minor_unit(casino: Casino, moment: str) -> None:
    rows, outcome = {row["item_key"]: row for row in joined(casino)}, run(joined(casino), moment)
    members = members_of(outcome)
    for group in outcome.groups.iter_rows(named=True):
        items = [rows[key] for key in members[group["group_id"]]]
        assert {row["currency"] for row in items} == {group["currency"]}
        if group["case_kind"] == "transaction":
            by_hop = defaultdict(int)
            for row in items:
                by_hop[row["source"]] += row["amount_minor"]
            assert set(by_hop.values()) == {group["amount_minor"]}
        else:
            paid, banked = (sum(row["amount_minor"] for row in items if row["source"] == source) for source in ("payout", "bank"))
            assert (-paid, group["residue_minor"]) == (group["amount_minor"], 0)
            assert banked in (-paid, 0)


@few
@given(st.integers(1, 6), st.integers(-4, 4), st.booleans())
def test_03_an_exchange_leaves_a_residue_of_at_most_half_a_unit_a_line(conversions: int, residue: int, has_plain_line: bool) -> None:
    printer = Printer(0)
    for number in range(conversions):
        _chain_in_dollars(printer, f"P{number}", 300)
    if has_plain_line:
        printer.add("settlement", "fee", "USD", -5, batch_id="7")
    balance = conversions * 300 - (5 if has_plain_line else 0)
    printer.add("payout", "payout", "USD", residue - balance, batch_id="7", bank_reference=printer.token("7", "USD"))
    printer.add("bank", "bank_movement", "USD", balance - residue, bank_reference=printer.token("7", "USD"), ext_id=None)
    outcome = run(printer.rows)
    payouts = outcome.groups.filter(pl.col("case_kind") == "payout")
    if 2 * abs(residue) <= conversions:
        assert payouts["residue_minor"].to_list() == [residue]
        assert outcome.breaks.is_empty()
    else:
        assert payouts.is_empty()
        assert outcome.breaks.select("break_class", "amount_minor").rows() == [("batch_residue", residue)]


def _chain_in_dollars(printer: Printer, reference: str, minor: int) -> None:
    for source in HOPS:
        row = printer.add(source, "deposit", "KWD", minor * 10, psp_reference=reference)
        if source == "settlement":
            row |= {"net_currency": "USD", "net_minor": minor, "exchange_rate": "1.0", "batch_id": "7"}


@few
@given(casinos(), moments, st.randoms(use_true_random=False))
def test_04_the_order_of_rows_decides_nothing(casino: Casino, moment: str, random: Random) -> None:
    rows = joined(casino)
    shuffled = random.sample(rows, len(rows))
    assert_same(run(rows, moment), run(shuffled, moment))


@few
@given(casinos(4))
def test_05_a_second_run_changes_nothing_and_a_problem_keeps_its_id_as_time_passes(casino: Casino) -> None:
    rows = joined(casino)
    early, late = run(rows, "between"), run(rows, "late")
    assert_same(late, run(rows, "late"))
    was, now = members_of(early), members_of(late)
    still = {(name, was[break_id]): break_id for name, break_id in early.breaks.select("break_class", "break_id").iter_rows() if break_id in was}
    for name, break_id in late.breaks.select("break_class", "break_id").iter_rows():
        assert still.get((name, now.get(break_id, frozenset())), break_id) == break_id


def with_own_ids(rows: Rows) -> Rows:
    """Every line of a file under an id of its own. Without one, two equal lines of one file are two lines and in two files one line told twice."""
    return [row | {"ext_id": f"id {row['account']} {row['line_no']}"} if row["file_name"] else row for row in rows]


@few
@given(casinos(4), moments, st.randoms(use_true_random=False))
def test_06_one_file_many_files_and_overlapping_files_say_the_same(casino: Casino, moment: str, random: Random) -> None:
    rows = with_own_ids(joined(casino))
    filed = [row for row in rows if row["file_name"] is not None]
    split = [row | {"file_name": f"{row['file_name']}-{row['line_no']}", "line_no": 1} if row["file_name"] else row for row in rows]
    # another file, known at the same time, that repeats some of the lines
    overlap = [row | {"item_key": f"{row['item_key']}~", "file_name": f"z-{row['file_name']}"} for row in filed if random.random() < 0.5]
    whole = run(rows, moment)
    assert grouped_keys(run(split, moment)) == grouped_keys(whole)
    assert told_breaks(run(split, moment)) == told_breaks(whole)
    overlapping = run([*rows, *overlap], moment)
    ignored = dict(overlapping.dispositions.filter(pl.col("item_key").str.ends_with("~")).select("item_key", "reason").iter_rows())
    assert set(ignored.values()) <= {"repeated_in_file"}
    assert grouped_keys(overlapping) == grouped_keys(whole)
    assert told_breaks(overlapping) == told_breaks(whole)


def quiet_account(number: int, payments: int, currency: str) -> Rows:
    """Everything told by everyone, settled in two batches, paid out and arrived."""
    printer, balance = Printer(number), Counter[str]()
    for n in range(payments):
        kind, batch = ("deposit", "refund")[n % 3 == 2], ("7", "8")[n % 2]
        for source in HOPS:
            row = printer.add(source, kind, currency, SIGN[kind] * printer.scale * (5 + n), psp_reference=f"P{n}", merchant_reference=f"ORDER-{n}")
            if source == "settlement":
                row |= {"batch_id": batch, "commission_minor": 7, "net_minor": row["amount_minor"] - 7}
                balance[batch] += row["net_minor"]
    for batch, minor in balance.items():
        printer.add("ledger", "payout", currency, -minor, batch_id=batch)
        printer.add("payout", "payout", currency, -minor, batch_id=batch, bank_reference=printer.token(batch, currency))
        printer.add("bank", "bank_movement", currency, minor, bank_reference=f"ACME {printer.token(batch, currency)}", ext_id=None)
    return printer.rows


@few
@given(st.integers(1, 6), st.sampled_from(("EUR", "JPY", "KWD")), st.sets(st.sampled_from(("activity", "settlement", "bank", "ledger", "attempt"))))
def test_07_a_late_file_heals_and_breaks_nothing(payments: int, currency: str, late_sources: set[str]) -> None:
    rows = quiet_account(0, payments, currency) + quiet_account(1, payments, "EUR")
    late = [row | {"known_at": MOMENTS["late"]} if row["source"].replace("payout", "settlement") in late_sources else row for row in rows]
    before = run(late, "between")
    after = reconcile(pl.DataFrame(late, schema=item_schema()), _context_at(MOMENTS["late"] + timedelta(days=1)))
    whole = grouped_keys(after)
    assert after.breaks.is_empty()
    assert all(any(group <= other for other in whole) for group in grouped_keys(before))


@few
@given(casinos(4), st.randoms(use_true_random=False))
def test_07_a_late_line_turns_no_confirmed_group_into_a_break_unless_it_is_of_that_case(casino: Casino, random: Random) -> None:
    rows = joined(casino)
    late_keys = {row["item_key"] for row in rows if random.random() < 0.3}
    before, after = run([row for row in rows if row["item_key"] not in late_keys], "late"), run(rows, "late")
    by_key = {row["item_key"]: row for row in rows}
    broken = [keys for keys in members_of(after).values() if keys not in grouped_keys(after)]
    for group in grouped_keys(before):
        if group in grouped_keys(after) or any(group < other for other in grouped_keys(after)):
            continue
        told = {case_name(by_key[key]) for key in group}
        contradictions = {case_name(by_key[key]) for key in late_keys} | {name for keys in broken for name in map(case_name, map(by_key.get, keys))}
        assert told & contradictions


def case_name(row: Row | None) -> tuple[object, ...]:
    """What a line is about: a payment, a batch, or the bank account."""
    assert row is not None
    account = row["account"].removeprefix("IBAN-")
    if row["source"] == "bank":
        return account, "bank"
    return (account, row["psp_reference"] or row["merchant_reference"]) if row["kind"] in SIGN else (account, "bank")


@few
@given(st.integers(1, 4), st.integers(1, 4), st.booleans())
def test_08_no_two_payouts_claim_one_bank_line_and_a_choice_is_refused(payouts: int, lines: int, is_named: bool) -> None:
    printer = Printer(0)
    for number in range(payouts):
        printer.add("settlement", "topup", "EUR", 5000, batch_id=f"{number}")
        printer.add("payout", "payout", "EUR", -5000, batch_id=f"{number}", bank_reference=printer.token(f"{number}", "EUR"))
    for number in range(lines):
        words = f"ACME {printer.token(f'{number}', 'EUR')}" if is_named and number < payouts else "ACME PAYS"
        printer.add("bank", "bank_movement", "EUR", 5000, bank_reference=words, ext_id=None)
    outcome = run(printer.rows)
    arrived = [keys for keys in grouped_keys(outcome) if any(key.startswith("bank") for key in keys)]
    assert all(sum(key.startswith(source) for key in keys) == 1 for keys in arrived for source in ("bank", "payout"))
    # a line without a name is given to a payout only when it is the last of both
    unnamed_lines = lines - min(lines, payouts) if is_named else lines
    unnamed_payouts = payouts - min(lines, payouts) if is_named else payouts
    certain = 1 if unnamed_lines == unnamed_payouts == 1 else 0
    assert len(arrived) == (min(lines, payouts) if is_named else 0) + certain


_SWAP = {"ledger": "settlement", "settlement": "ledger", "attempt": "activity", "activity": "attempt"}
_MIRROR = {
    "missing_in_ledger": "missing_at_psp",
    "missing_at_psp": "missing_in_ledger",
    "duplicate_ledger": "duplicate_psp",
    "duplicate_psp": "duplicate_ledger",
}
_DIFFERENCES = {"amount", "exponent", "sign"}


@st.composite
def two_sided(draw: st.DrawFn) -> Rows:
    """Payments whose two sides are told equally fully, so that swapping the sides is a mirror."""
    printer = Printer(0)
    for number in range(draw(st.integers(1, 5))):
        kind, minor = draw(st.sampled_from(("deposit", "refund"))), printer.scale * draw(st.sampled_from((100, 1000, 2500)))
        hops = draw(st.sampled_from((HOPS, HOPS, HOPS, HOPS[:2], HOPS[2:])))
        odd_one, factor, copies = (
            draw(st.sampled_from(("ledger", "settlement"))),
            draw(st.sampled_from((1, 1, 10, -1, 3))),
            draw(st.sampled_from((1, 1, 2))),
        )
        for source in hops:
            is_odd = source == odd_one and len(hops) == 4
            for _ in range(copies if is_odd and factor == 1 else 1):
                row = printer.add(source, kind, "EUR", SIGN[kind] * minor * (factor if is_odd else 1), psp_reference=f"P{number}")
                row |= {
                    "commission_minor": None,
                    "net_minor": None,
                    "net_currency": None,
                    "file_name": None,
                    "file_version": None,
                    "line_no": None,
                    "ext_id": None,
                }
    return printer.rows


@few
@given(two_sided())
def test_09_swapping_the_sides_mirrors_the_classes_and_changes_nothing_else(rows: Rows) -> None:
    mirrored = run([row | {"source": _SWAP[row["source"]]} for row in rows])
    expected = Counter(
        {
            (_MIRROR.get(name, name), -amount if name in _DIFFERENCES else amount, keys): count
            for (name, amount, keys), count in told_breaks(run(rows)).items()
        }
    )
    assert told_breaks(mirrored) == expected
    assert grouped_keys(mirrored) == grouped_keys(run(rows))


@pytest.fixture
def elsewhere(monkeypatch: pytest.MonkeyPatch) -> Iterator[pytest.MonkeyPatch]:
    """A process whose clock shows another zone."""
    monkeypatch.setitem(os.environ, "TZ", "America/Havana")
    time.tzset()
    yield monkeypatch
    monkeypatch.undo()
    time.tzset()


@few
@given(casinos(4), moments)
def test_13_the_zone_in_which_instants_are_shown_changes_no_group(casino: Casino, moment: str) -> None:
    rows = joined(casino)
    frame = pl.DataFrame(rows, schema=item_schema())
    shown = frame.with_columns(pl.col("occurred_at", "known_at").dt.convert_time_zone("America/Havana"))
    assert_same(reconcile(frame, _context_at(MOMENTS[moment])), reconcile(shown, _context_at(MOMENTS[moment])))


def test_13_the_zone_of_the_process_changes_no_group(elsewhere: pytest.MonkeyPatch) -> None:
    rows = quiet_account(0, 5, "EUR")
    there = run(rows)
    elsewhere.undo()
    time.tzset()
    assert_same(there, run(rows))


@given(
    st.sampled_from(("Europe/Amsterdam", "America/Havana", "America/Sao_Paulo", "Australia/Lord_Howe", "UTC")),
    st.sampled_from((date(2026, 3, 29), date(2026, 10, 25), date(2018, 11, 4), date(2026, 6, 1))),
    st.lists(st.tuples(st.integers(0, 96 * 3600), st.integers(-5000, 5000)), max_size=30),
)
def test_13_days_of_23_and_25_hours_lose_and_double_no_money(zone: str, day: date, moves: list[tuple[int, int]]) -> None:
    start = datetime(day.year, day.month, day.day, tzinfo=UTC) - timedelta(days=2)
    by_day: Counter[date] = Counter()
    for seconds, minor in moves:
        by_day[business_date(start + timedelta(seconds=seconds), zone)] += minor
    assert sum(by_day.values()) == sum(minor for _, minor in moves)


@few
@given(st.sampled_from(("activity", "settlement", "ledger")), st.integers(1, 3), st.booleans(), st.sampled_from(("EUR", "JPY", "KWD", "ISK")))
def test_14_a_wrong_table_of_exponents_is_an_exponent_and_not_an_amount(source: str, power: int, is_larger: bool, currency: str) -> None:
    printer, factor = Printer(0), 10**power
    right = 7_000 if is_larger else 7_000 * factor
    wrong = right * factor if is_larger else right // factor
    for hop in HOPS:
        row = printer.add(hop, "deposit", currency, wrong if hop == source else right, psp_reference="P1")
        row |= {"net_minor": None, "net_currency": None, "commission_minor": None}
    (found,) = run(printer.rows).breaks.select("break_class", "amount_minor").iter_rows()
    assert found == ("exponent", right - wrong if source == "ledger" else wrong - right)


@few
@given(casinos(), moments)
def test_17_a_wallet_opening_and_movements_are_its_closing_and_its_open_batches(casino: Casino, moment: str) -> None:
    rows, outcome = joined(casino), run(joined(casino), moment)
    members = members_of(outcome)
    classes = dict(outcome.breaks.select("break_id", "break_class").iter_rows())
    reprinted = {key for case_id, keys in members.items() if classes.get(case_id) == "duplicate_file" for key in keys}
    closing: Counter[tuple[str, str]] = Counter()
    for row in rows:
        if row["source"] in ("settlement", "payout") and row["item_key"] not in reprinted:
            closing[row["account"], row["net_currency"]] += row["net_minor"]
    open_batches: Counter[tuple[str, str]] = Counter()
    for group in outcome.groups.filter(pl.col("case_kind") == "payout").iter_rows(named=True):
        open_batches[group["account"], group["currency"]] += group["residue_minor"]
    bounced = set()
    for found in outcome.breaks.iter_rows(named=True):
        keys = members.get(found["break_id"], frozenset())
        is_unpaid = (
            found["break_class"] == "timing_open"
            and found["batch_id"]
            and not any(key.startswith(("payout", "ledger", "activity", "attempt")) for key in keys)
        )
        if found["break_class"] == "batch_residue" or (is_unpaid and found["explanation"].startswith("payout")):
            open_batches[found["account"], found["currency"]] += found["amount_minor"]
        elif found["break_class"] == "payout_returned" or any(key.startswith("ledger") and found["batch_id"] for key in keys):
            bounced.add((found["account"], found["currency"]))  # its residue is told by another class
    for wallet in closing.keys() - bounced:
        assert closing[wallet] == open_batches[wallet], wallet


def _context_at(moment: datetime) -> RunContext:
    return RunContext(as_of=moment, psp_names={"acme": ("acme",)})
