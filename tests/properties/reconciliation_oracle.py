"""What must a small account's reconciliation say? A slow answer in plain Python, for the properties of the matching engine.

It shares no code with assets/reconciliation: rows are dicts, sums are loops, dates are counted by hand. It knows one account of one PSP with its bank
account, in one file version, without fee contract and reference rates. Source: the class table of breaks.py, reference LR §5.3 and §5.6.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Hashable, Iterable
from dataclasses import dataclass, field
from datetime import date, timedelta
from typing import Any

Row = dict[str, Any]
Rows = list[Row]
HOPS = ("ledger", "attempt", "activity", "settlement")
OUTER = ("activity", "settlement")
BATCH_LEVEL = ("fee", "reserve", "correction")
SIGN = {"deposit": 1, "refund": -1, "chargeback": -1, "chargeback_reversed": 1, "withdrawal": -1, "withdrawal_returned": 1}


@dataclass
class Answer:
    """`breaks`: class, amount (None: the oracle has no opinion), members. `groups`: members. `ignored`: key to reason."""

    breaks: set[tuple[str, int | None, frozenset[str]]] = field(default_factory=set)
    groups: set[frozenset[str]] = field(default_factory=set)
    ignored: dict[str, str] = field(default_factory=dict)

    def broken(self, name: str, amount: int | None, members: Iterable[Row]) -> None:
        self.breaks.add((name, amount, keys(members)))


def keys(rows: Iterable[Row]) -> frozenset[str]:
    return frozenset(row["item_key"] for row in rows)


def total(rows: Iterable[Row], column: str = "amount_minor") -> int:
    return sum(row[column] for row in rows)


def grouped(rows: Iterable[Row], by: Callable[[Row], Hashable]) -> dict[Any, Rows]:
    found: dict[Any, Rows] = defaultdict(list)
    for row in rows:
        found[by(row)].append(row)
    return found


def working_days_later(day: date, days: int) -> date:
    while days:
        day += timedelta(days=1)
        days -= day.weekday() < 5
    return day


def settlement_due(day: date) -> date:
    return working_days_later(day, 3) + timedelta(days=1)


def activity_due(day: date) -> date:
    return day + timedelta(days=2)


def bank_due(day: date) -> date:
    return working_days_later(day, 3)


def answer(rows: Rows, today: date) -> Answer:
    """The endings of every row of one account."""
    result = Answer()
    for row in rows:
        if row["kind"] == "unknown":
            result.broken("unknown_kind", row["amount_minor"] if row["net_minor"] is None else row["net_minor"], [row])
    live = [row for row in rows if row["kind"] != "unknown"]
    cases = movement_cases(live, result)
    surpluses = [surplus_of(case) for case in cases]
    again = printed_again(cases, surpluses, rows)
    left: list[Rows] = []
    for case, surplus in zip(cases, surpluses, strict=True):
        if surplus:
            say_surplus(surplus, again, result)
        left.append([row for row in case if row not in surplus])
    judge_movements(left, live, today, result)
    judge_batches(rows, again, today, result)
    return result


def movement_cases(live: Rows, result: Answer) -> list[Rows]:
    """L1 by the PSP's references; L2 by ours, where exactly one case and one row fit each other."""
    moves = [row for row in live if row["kind"] in SIGN and row["source"] in HOPS]
    named: dict[Any, Rows] = {}
    for name, case in grouped(
        [row for row in moves if row["psp_reference"]],
        lambda row: (row["psp_reference"], row["modification_reference"] or row["psp_reference"], row["kind"]),
    ).items():
        told = [{row["merchant_reference"] for row in case if row["source"] == hop} - {None} for hop in OUTER]
        is_rounded = any(len(references) > 1 for references in told)
        parts = grouped(case, lambda row: row["merchant_reference"] or "") if is_rounded else {"": case}
        named |= {(name, own): rows for own, rows in parts.items()}
    loose = [row for row in moves if not row["psp_reference"]]
    fits = [(row, key) for row in loose for key, case in named.items() if is_fitting(row, case)]
    joined: set[str] = set()
    tangles: list[set[str]] = []
    first_members = {key: keys(case) for key, case in named.items()}
    for row, key in fits:
        of_row = [other for other, _ in fits if other is row]
        of_case = [other for other, case_key in fits if case_key == key and other["source"] == row["source"]]
        if len(of_row) == 1 and len(of_case) == 1:
            named[key].append(row)
            joined.add(row["item_key"])
        else:
            tangle = {row["item_key"], *first_members[key]}
            tangles = [other for other in tangles if not other & tangle] + [tangle.union(*(other for other in tangles if other & tangle))]
    muddled: set[str] = set().union(*tangles)
    for members in tangles:
        chosen = [row for row in moves if row["item_key"] in members]
        result.broken("ambiguous_group", total(row for row in chosen if not row["psp_reference"]), chosen)
    rest = [row for row in loose if row["item_key"] not in joined | muddled]
    ours = grouped(rest, lambda row: (row["merchant_reference"] or row["item_key"], row["kind"], row["currency"], row["amount_minor"]))
    cases = [[row for row in case if row["item_key"] not in muddled] for case in [*named.values(), *ours.values()]]
    return [case for case in cases if case]


def is_fitting(row: Row, case: Rows) -> bool:
    same = [
        other
        for other in case
        if row["merchant_reference"]
        and (other["merchant_reference"], other["kind"], other["currency"]) == (row["merchant_reference"], row["kind"], row["currency"])
    ]
    if not same or any(other["source"] == row["source"] for other in case):
        return False
    amounts, days = [other["amount_minor"] for other in same], [other["booked_on"] for other in same]
    week = timedelta(days=7)
    return min(amounts) <= row["amount_minor"] <= max(amounts) and min(days) - week <= row["booked_on"] <= max(days) + week


def surplus_of(case: Rows) -> Rows:
    """The latest lines of hops that hold whole lines more than the smallest hop; only when one side alone has too many."""
    hops = grouped(case, lambda row: row["source"])
    if len({row["currency"] for row in case}) > 1 or len(hops) < 2:
        return []
    base = min(abs(total(hop)) for hop in hops.values())
    surplus: Rows = []
    for hop in hops.values():
        amounts, over = {row["amount_minor"] for row in hop}, abs(total(hop)) - base
        each = abs(next(iter(amounts)))
        if base and over and len(amounts) == 1 and each and over % each == 0 and over // each < len(hop):
            latest = sorted(
                hop,
                key=lambda row: (
                    row["known_at"],
                    row["occurred_at"],
                    row["booked_on"],
                    row["ext_id"] or "",
                    row["file_name"] or "",
                    row["line_no"] or 0,
                    row["item_key"],
                ),
            )
            surplus += latest[-(over // each) :]
    return surplus if len({row["source"] in OUTER for row in surplus}) == 1 else []


def printed_again(cases: list[Rows], surpluses: list[Rows], rows: Rows) -> Rows:
    """Surplus lines that a file printed twice while the money moved once: the same id, or the batch adds up only without them."""
    again: Rows = []
    suspects: Rows = []
    for case, surplus in zip(cases, surpluses, strict=True):
        for row in surplus:
            same_hop = [other for other in case if other is not row and other["source"] == row["source"]]
            if row["ext_id"] and any((other["ext_id"], other["file_name"]) == (row["ext_id"], row["file_name"]) for other in same_hop):
                again.append(row)
            elif row["source"] == "settlement":
                suspects.append(row)
    for row in suspects:
        residue = total(batch_lines(rows, row["batch_id"], row["net_currency"]), "net_minor")
        of_batch = [other for other in suspects if (other["batch_id"], other["net_currency"]) == (row["batch_id"], row["net_currency"])]
        if residue and residue in (total(of_batch, "net_minor"), row["net_minor"]):
            again.append(row)
    return again


def batch_lines(rows: Rows, batch_id: str, currency: str) -> Rows:
    return [row for row in rows if row["source"] in ("settlement", "payout") and (row["batch_id"], row["net_currency"]) == (batch_id, currency)]


def say_surplus(surplus: Rows, again: Rows, result: Answer) -> None:
    at_psp = "duplicate_file" if any(row in again for row in surplus) else "duplicate_psp"
    name = at_psp if surplus[0]["source"] in OUTER else "duplicate_ledger"
    say = [row for row in surplus if row["source"] in ("settlement", "ledger")] or surplus
    result.broken(name, total(say), surplus)


NETTABLE = ("amount", "sign", "exponent", "missing_in_ledger", "missing_at_psp", "missing_in_settlement", "missing_attempt", "timing_open")


def judge_movements(cases: list[Rows], live: Rows, today: date, result: Answer) -> None:
    """Each movement by itself; then the open ones of a payment together, where they agree as a whole."""
    verdicts = [(case, judged(case, live, today)) for case in cases]
    for payment, told in grouped_verdicts(verdicts).items():
        open_cases = [case for case, verdict in told if verdict is not None and verdict[0] in NETTABLE]
        rest, is_clean = told, all(verdict is None or verdict[0] in NETTABLE for _, verdict in told)
        if payment is not None and is_clean and agrees_as_a_whole(open_cases):
            rows = [row for case in open_cases for row in case]
            untied = [row for row in rows if row["source"] == "settlement" and not is_tied(row)]
            if untied:
                result.broken("row_arithmetic", sum(off_by(row) for row in untied), rows)
            else:
                result.groups.add(keys(rows))
            rest = [(case, verdict) for case, verdict in told if case not in open_cases]
        for case, verdict in rest:
            if verdict is None:
                result.groups.add(keys(case))
            else:
                result.broken(*verdict, case)


def grouped_verdicts(verdicts: list[tuple[Rows, tuple[str, int | None] | None]]) -> dict[str | None, list[Any]]:
    found: dict[str | None, list[Any]] = defaultdict(list)
    for case, verdict in verdicts:
        found[next((row["psp_reference"] for row in case if row["psp_reference"]), None)].append((case, verdict))
    return found


def agrees_as_a_whole(cases: list[Rows]) -> bool:
    rows = [row for case in cases for row in case]
    hops = grouped(rows, lambda row: row["source"])
    if len(cases) < 2 or len({row["currency"] for row in rows}) > 1 or "ledger" not in hops or "settlement" not in hops:
        return False
    if all({"ledger", "settlement"} <= {row["source"] for row in case} for case in cases):
        return False  # nothing was netted into another line: each movement has its own, and its amount is wrong
    kinds = {source: {row["kind"] for row in hops[source]} for source in ("ledger", "settlement")}
    sums = {total(hop) for hop in hops.values()}
    return len(sums) == 1 and 0 not in sums and kinds["settlement"] <= kinds["ledger"]


def judged(case: Rows, live: Rows, today: date) -> tuple[str, int | None] | None:
    hops = {source: [row for row in case if row["source"] == source] for source in HOPS}
    present = {source: rows for source, rows in hops.items() if rows}
    difference = difference_of(present, case[0]["kind"])
    absence = absence_of(present, case[0], live, today)
    untied = [row for row in hops["settlement"] if not is_tied(row)]
    if difference is not None:
        return difference
    if absence is not None:
        loudest = next(present[source] for source in ("settlement", "activity", "ledger", "attempt") if source in present)
        return absence, total(loudest)
    return ("row_arithmetic", sum(off_by(row) for row in untied)) if untied else None


def off_by(row: Row) -> int:
    return int(row["net_minor"] - row["amount_minor"] + row["commission_minor"])


def is_tied(row: Row) -> bool:
    return bool(row["amount_minor"] - row["commission_minor"] == row["net_minor"])


def difference_of(present: dict[str, Rows], kind: str) -> tuple[str, int | None] | None:
    """The first outer hop that says something else than our books (or, where those are silent, than what the webhooks said)."""
    ours = present.get("ledger") or present.get("attempt")
    if ours is None:
        return None
    if any(len({row["currency"] for row in hop}) > 1 for hop in present.values()):
        return "currency", None
    inner, currency = total(ours), ours[0]["currency"]
    for source in ("settlement", "activity", "attempt"):
        if source not in present:
            continue
        outer, other_currency = total(present[source]), present[source][0]["currency"]
        if (outer, other_currency) == (inner, currency):
            continue
        if other_currency != currency:
            return "currency", outer
        if outer == -inner or (is_signed(inner, kind) and not is_signed(outer, kind)):
            return "sign", outer - inner
        if any(outer == inner * 10**power or inner == outer * 10**power for power in (1, 2, 3)):
            return "exponent", outer - inner
        return "amount", outer - inner
    return None


def is_signed(amount: int, kind: str) -> bool:
    return (amount > 0) - (amount < 0) == SIGN[kind]


def absence_of(present: dict[str, Rows], row: Row, live: Rows, today: date) -> str | None:
    kind, days = row["kind"], {source: max(each["booked_on"] for each in rows) for source, rows in present.items()}
    if "ledger" not in present:
        if kind == "chargeback":
            is_known = "attempt" in present or any(
                other["psp_reference"] == row["psp_reference"] is not None
                and (other["source"] in ("ledger", "attempt") or other["kind"] == "deposit")
                for other in live
            )
            return "chargeback_unposted" if is_known else "orphan_chargeback"
        return "reversal_unposted" if kind == "chargeback_reversed" else "missing_in_ledger"
    day = days.get("activity") or days["ledger"]
    if "settlement" not in present and "activity" not in present:
        return "timing_open" if today <= activity_due(day) else "missing_at_psp"
    if "settlement" not in present:
        return "timing_open" if today <= settlement_due(day) else "missing_in_settlement"
    return None if "attempt" in present else "missing_attempt"


def judge_batches(rows: Rows, again: Rows, today: date, result: Answer) -> None:
    """L5 and L6, one case per batch and payout currency, with its bank line. A line of unknown kind moved money too, but ends by itself."""
    payouts = [row for row in rows if row["source"] == "payout"]
    arrivals, named = arrivals_of(payouts, [row for row in rows if row["source"] == "bank"])
    claimed: set[str] = set()
    batched = [row for row in rows if row["batch_id"] and row["source"] in ("settlement", "payout", "ledger")]
    books = any(row["source"] == "ledger" and row["kind"] == "payout" for row in rows)
    for case in grouped(batched, lambda row: (row["batch_id"], row["net_currency"] or row["currency"])).values():
        counted = [row for row in case if row["source"] in ("settlement", "payout") and row not in again]
        own = [row for row in case if row["source"] != "settlement" or row["kind"] in BATCH_LEVEL]
        out = [row for row in case if row["source"] == "payout"]
        came = [line for row in out for line in arrivals.get(row["item_key"], [])]
        back = [line for row in out for line in named[row["item_key"]] if is_back(row, line) and line not in came]
        verdict = batch_verdict(case, counted, out, came, back, books, today)
        is_waiting = bool(out) and not came and verdict is not None and verdict[0] in ("missing_at_bank", "negative_payout", "timing_open")
        parts = [line for row in out for line in named[row["item_key"]] if is_waiting and not is_back(row, line)]
        if parts and total(parts) == -total(out, "net_minor"):
            came, verdict = parts, None
        claimed |= keys([*came, *back])
        if verdict is not None:
            result.broken(*verdict, [*own, *came, *back])
        elif own:
            result.groups.add(keys([*own, *came]))
    for line in (row for row in rows if row["source"] == "bank" and row["item_key"] not in claimed):
        if "ACME" in line["bank_reference"] or any(line in lines for lines in named.values()):
            result.broken("unexplained_bank_line", line["amount_minor"], [line])
        else:
            result.ignored[line["item_key"]] = "not_psp"


def is_back(payout: Row, line: Row) -> bool:
    return (line["amount_minor"] > 0) == (payout["net_minor"] > 0)


def batch_verdict(case: Rows, counted: Rows, out: Rows, came: Rows, back: Rows, books: bool, today: date) -> tuple[str, int] | None:
    residue, paid, booked = total(counted, "net_minor"), total(out, "net_minor"), total(row for row in case if row["source"] == "ledger")
    is_booked, settled_on = any(row["source"] == "ledger" for row in case), max(row["booked_on"] for row in counted or case)
    if back:
        return "payout_returned", -paid
    if out:
        if residue:
            return "batch_residue", residue
        if is_booked and booked != paid:
            return "amount", paid - booked
        if came and total(came) != -paid:
            return "amount", total(came) + paid
        if not came:
            late = "negative_payout" if paid > 0 else "missing_at_bank"
            return ("timing_open" if today <= bank_due(out[0]["booked_on"]) else late), -paid
        return ("missing_in_ledger", paid) if books and not is_booked else None
    is_waiting = today <= settlement_due(settled_on)
    if is_booked:
        return ("timing_open" if is_waiting else "missing_at_psp"), -booked
    return None if not residue else (("timing_open" if is_waiting else "batch_residue"), residue)


def arrivals_of(payouts: Rows, lines: Rows) -> tuple[dict[str, Rows], dict[str, Rows]]:
    """Which bank line is which payout's: by its reference, else by amount and time when each fits only the other."""
    named = {
        row["item_key"]: [line for line in lines if row["bank_reference"] in line["bank_reference"] and line["currency"] == row["currency"]]
        for row in payouts
    }
    there = {row["item_key"]: [line for line in named[row["item_key"]] if not is_back(row, line)] for row in payouts}
    equal = {row["item_key"]: [line for line in there[row["item_key"]] if line["amount_minor"] == -row["net_minor"]] for row in payouts}
    found: dict[str, Rows] = {}
    for row in payouts:
        for line in there[row["item_key"]]:
            alone = len(there[row["item_key"]]) == 1 and sum(line in others for others in there.values()) == 1
            exact = line in equal[row["item_key"]] and len(equal[row["item_key"]]) == 1 and sum(line in others for others in equal.values()) == 1
            if alone or exact:
                found.setdefault(row["item_key"], []).append(line)
    open_payouts = [row for row in payouts if row["item_key"] not in found]
    nameless = [line for line in lines if not any(line in others for others in named.values())]
    fits = [(row, line) for row in open_payouts for line in nameless if is_in_time(row, line)]
    for row, line in fits:
        if sum(other is row for other, _ in fits) == 1 and sum(other is line for _, other in fits) == 1:
            found[row["item_key"]] = [line]
    return found, named


def is_in_time(payout: Row, line: Row) -> bool:
    window = payout["booked_on"] - timedelta(days=1), bank_due(payout["booked_on"]) + timedelta(days=7)
    return (line["amount_minor"], line["currency"]) == (-payout["net_minor"], payout["currency"]) and window[0] <= line["booked_on"] <= window[1]
