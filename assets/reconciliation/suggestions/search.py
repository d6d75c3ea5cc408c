"""What might belong together? L7: amounts that add up. L8: references that are nearly the same. For the engine's asset, after the ladder.

Suggestions only, each with the count of its rivals: a person accepts one, another confirms it, and the next run follows (layer L9). A unique sum is
still only a suggestion: unique in its pool is not proved, since a line of tomorrow may fit as well. The traps: money that happens to be equal taken for
the same money (L8 compares references and never money alone), and a search that grows with history (only open breaks come here, and what would be too
much is said to be not searched).

Deterministic: candidates are ordered by date and key, so the order of rows decides nothing. Source: reference LR §5.3 and §5.4.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterator, Mapping, Sequence
from datetime import timedelta
from typing import Any

import polars as pl

from assets.reconciliation.suggestions import open_cases
from assets.reconciliation.suggestions.near_references import distance_bps, distance_within_bps
from assets.reconciliation.suggestions.subset_sum import LARGEST_POOL, Answers, Parts, answers
from assets.reconciliation.suggestions.tables import SUGGESTIONS
from pipelines.resources.frames import polars_schema
from transactional.reconciliation.matches import suggestion_id
from transactional.vocabulary.currencies import exponent_of
from transactional.vocabulary.errors import InputRejected
from transactional.vocabulary.money import format_minor

Row = dict[str, Any]

_MOST_SHOWN = 3
"""Answers told of one break: more would be a list and no suggestion; how many there are is told with each."""
_MOST_PAIRS = 400
"""Pairs compared in one block of equal place, kind, currency and amount."""
_PAYOUT_DAYS, _LINE_DAYS, _PAIR_DAYS = (14, 1), (31, 0), 7
"""How many days before and after a bank line (or payout) a candidate may be; and between the halves of a payment."""
_ARRIVAL_DAYS = (_PAYOUT_DAYS[1], _PAYOUT_DAYS[0])
_REFERENCES = ("psp_reference", "modification_reference", "merchant_reference")


def suggested(items: pl.DataFrame, dispositions: pl.DataFrame, breaks: pl.DataFrame) -> pl.DataFrame:
    """Shape: ITEMS, MEMBERS, BREAKS of one run → SUGGESTIONS, the most likely first."""
    open_items = open_cases.open_items(items, dispositions, breaks)
    rows = [*_crossed(list(_sums(open_items))), *_near_arrivals(open_items), *_near_payments(open_items)]
    found = pl.DataFrame(rows, schema=polars_schema(SUGGESTIONS), orient="row")
    return found.unique("suggestion_id", keep="first", maintain_order=True).sort("suggestion_id")


def _sums(open_items: pl.DataFrame) -> Iterator[Row]:
    """L7: bank lines against payouts or lines, payouts against several bank lines, and payouts without lines against lines."""
    payouts, lines = open_cases.payouts_on_their_way(open_items), open_cases.lines_without_batch(open_items)
    arrived = open_cases.bank_lines(open_items)
    for target in arrived.iter_rows(named=True):
        pools = [*_pools(target, payouts, _PAYOUT_DAYS, "payouts"), *_pools(target, lines, _LINE_DAYS, "lines")]
        yield from _explained(target, pools)
    for target in payouts.iter_rows(named=True):
        found = _explained(target, list(_pools(target, arrived, _ARRIVAL_DAYS, "bank lines")), least=2)  # one line alone: said above
        yield from (row | {"psp": target["psp"], "account": target["account"]} for row in found)
    for target in open_cases.payouts_without_lines(open_items).iter_rows(named=True):
        yield from _explained(target, list(_pools(target, lines, _LINE_DAYS, "lines", account=target["account"])))


def _pools(target: Row, candidates: pl.DataFrame, days: tuple[int, int], what: str, account: str | None = None) -> Iterator[tuple[str, list[Row]]]:
    """The candidates of one place, currency and window: money of two accounts is never added up."""
    before, after = days
    fitting = candidates.filter(
        (pl.col("currency") == target["currency"])
        & pl.col("booked_on").is_between(target["booked_on"] - timedelta(days=before), target["booked_on"] + timedelta(days=after))
    )
    if target["psp"] is not None:
        fitting = fitting.filter(pl.col("psp") == target["psp"])
    if account is not None:
        fitting = fitting.filter(pl.col("account") == account)
    for _, pool in sorted(fitting.partition_by("psp", "account", as_dict=True).items()):
        yield what, pool.sort("booked_on", "break_id").to_dicts()


def _explained(target: Row, pools: Sequence[tuple[str, list[Row]]], least: int = 1) -> Iterator[Row]:
    """Answers of at least so many parts; shorter ones are counted as rivals."""
    searched = [(what, pool, answers([row["minor"] for row in pool], target["minor"])) for what, pool in pools if len(pool) <= LARGEST_POOL]
    found = sum(answer.count for _, _, answer in searched)
    is_capped = any(answer.is_capped for _, _, answer in searched)
    shown = [(parts, what, pool) for what, pool, answer in searched for parts in answer.parts if len(parts) >= least]
    for parts, what, pool in sorted(shown, key=lambda each: (len(each[0]), each[1], each[2][0]["account"], each[0]))[:_MOST_SHOWN]:
        yield _sum_row(target, parts, what, pool, Answers((), found, is_capped))
    for what, pool in pools:
        if len(pool) > LARGEST_POOL:
            yield _not_searched("L7", target, len(pool), f"{len(pool)} {what} of {pool[0]['psp']} {pool[0]['account']} could be part of it")


def _sum_row(target: Row, parts: Parts, what: str, pool: list[Row], answer: Answers) -> Row:
    """One answer. Equal amounts are interchangeable: the earliest are named, and the sentence says that others are equal to them."""
    wanted, chosen = Counter(parts), []
    for row in pool:
        if wanted[row["minor"]]:
            wanted[row["minor"]] -= 1
            chosen.append(row)
    has_equals = any(Counter(row["minor"] for row in pool)[amount] > count for amount, count in Counter(parts).items())
    rivals, at_least = answer.count - 1, "at least " if answer.is_capped else ""
    said = f"{_money(target)} is the sum of {len(chosen)} of {len(pool)} {what} of {pool[0]['psp']} {pool[0]['account']}"
    said += f", and {at_least}{rivals} other sums make it too" if rivals else ", and no other sum of them makes it"
    said += "; equal amounts are among them, the earliest are named" if has_equals else ""
    score = 10_000 // (answer.count * (2 if has_equals else 1))
    return _row("L7", target, chosen, rivals, answer.is_capped, len(pool), score, said) | {
        "finding": "ambiguous" if rivals or has_equals else "unique"
    }


def _crossed(rows: list[Row]) -> Iterator[Row]:
    """Sums for two different breaks that both take one candidate cannot both be true: each is the other's rival."""
    claims: dict[str, set[str]] = defaultdict(set)
    for row in rows:
        for break_id in _claimed(row):
            claims[break_id].add(row["suggestion_id"])
    targets = {row["suggestion_id"]: row["break_id"] for row in rows}
    for row in rows:
        others = {name for break_id in _claimed(row) for name in claims[break_id] if name != row["suggestion_id"]}
        crossing = sum(targets[name] != row["break_id"] for name in others)
        if crossing:
            rivals = row["rivals_count"] + crossing
            row |= {"finding": "ambiguous", "rivals_count": rivals, "score_bps": row["score_bps"] // (1 + crossing)}
            row["why"] += f"; {crossing} other suggestions take one of them"
        yield row


def _claimed(row: Row) -> list[str]:
    return [row["break_id"], *row["other_break_ids"].split()] if row["finding"] != "not_searched" else []


def _near_arrivals(open_items: pl.DataFrame) -> Iterator[Row]:
    """L8 at the bank: a line of a payout's amount whose text nearly names it."""
    pairs = []
    payouts = open_cases.payouts_on_their_way(open_items).to_dicts()
    for line in open_cases.bank_lines(open_items).iter_rows(named=True):
        near = (line["booked_on"] - timedelta(days=_PAYOUT_DAYS[0]), line["booked_on"] + timedelta(days=_PAYOUT_DAYS[1]))
        for payout in payouts:
            if (payout["currency"], payout["minor"]) == (line["currency"], line["minor"]) and near[0] <= payout["booked_on"] <= near[1]:
                distance = distance_within_bps(payout["bank_reference"], line["bank_reference"])
                pairs += (
                    [] if distance is None else [(line, payout, distance, f"'{payout['bank_reference']}' is nearly in the text of the bank line")]
                )
    yield from _paired(pairs)


def _near_payments(open_items: pl.DataFrame) -> Iterator[Row]:
    """L8 between our books and the PSP: equal place, kind, currency and amount, and a reference that is nearly the same."""
    block = ("psp", "account", "kind", "currency", "minor")
    books, settled = (_blocks(half, block) for half in open_cases.halves(open_items))
    for place in sorted(books.keys() & settled.keys()):
        mine, theirs = books[place], settled[place]
        if len(mine) * len(theirs) > _MOST_PAIRS:
            yield _not_searched("L8", theirs[0], len(mine) * len(theirs), f"{len(mine)} bookings and {len(theirs)} payments are of one amount")
            continue
        yield from _paired([pair for there in theirs for here in mine if (pair := _pair(here, there))])


def _blocks(half: pl.DataFrame, block: Sequence[str]) -> Mapping[tuple[Any, ...], list[Row]]:
    blocks: dict[tuple[Any, ...], list[Row]] = defaultdict(list)
    for row in half.sort("booked_on", "break_id").iter_rows(named=True):
        blocks[tuple(row[name] for name in block)].append(row)
    return blocks


def _pair(here: Row, there: Row) -> tuple[Row, Row, int, str] | None:
    """Whether the two halves make one whole payment and have a reference in common but for a slip."""
    if set(here["hops"]) & set(there["hops"]) or "attempt" not in {*here["hops"], *there["hops"]}:
        return None
    if abs((here["booked_on"] - there["booked_on"]).days) > _PAIR_DAYS:
        return None
    told = (
        (distance, name, mine, theirs)
        for name in _REFERENCES
        for mine in here[name]
        for theirs in there[name]
        if (distance := distance_bps(mine, theirs)) is not None
    )
    nearest = min(told, default=None)
    if nearest is None:
        return None
    distance, name, mine, theirs = nearest
    return there, here, distance, f"our {name.replace('_', ' ')} '{mine}' is {'' if not distance else 'nearly '}their '{theirs}'"


def _paired(pairs: Sequence[tuple[Row, Row, int, str]]) -> Iterator[Row]:
    """Pairs as suggestions; rivals are the other pairs that one of the two is in."""
    counted = Counter(break_id for one, other, _, _ in pairs for break_id in (one["break_id"], other["break_id"]))
    for one, other, distance, said in pairs:
        rivals = counted[one["break_id"]] + counted[other["break_id"]] - 2
        money = _money(one)
        why = f"{money} on both sides, and {said}; {rivals or 'no'} other pairs of the two are as possible"
        row = _row("L8", one, [other], rivals, False, len(pairs), (10_000 - distance) // (1 + rivals), why)
        yield row | {"finding": "ambiguous" if rivals else "unique", "psp": other["psp"], "account": other["account"]}


def _row(layer: str, target: Row, others: Sequence[Row], rivals: int, is_capped: bool, pool_count: int, score: int, why: str) -> Row:
    keys = sorted({key for row in (target, *others) for key in row["item_key"]})
    return {
        "suggestion_id": suggestion_id(layer, keys),
        "layer": layer,
        "psp": others[0]["psp"],
        "account": others[0]["account"],
        "currency": target["currency"],
        "amount_minor": target["minor"],
        "residue_minor": 0,
        "rivals_count": rivals,
        "rivals_capped": is_capped,
        "pool_count": pool_count,
        "score_bps": score,
        "break_id": target["break_id"],
        "other_break_ids": " ".join(row["break_id"] for row in others),
        "item_keys": " ".join(keys),
        "item_count": len(keys),
        "why": why,
    }


def _not_searched(layer: str, target: Row, pool_count: int, why: str) -> Row:
    """Said aloud: a search that was not made is not a search that found nothing."""
    row = _row(layer, target, [target], 0, True, pool_count, 0, f"not searched: {why}, too many to tell apart")
    name = suggestion_id(f"{layer} {target['break_id']} {why}", ())
    return row | {"finding": "not_searched", "suggestion_id": name, "other_break_ids": "", "item_keys": "", "item_count": 0}


def _money(row: Row) -> str:
    try:
        return f"{format_minor(row['minor'], exponent_of(row['currency'], row['booked_on']))} {row['currency']}"
    except InputRejected:
        return f"{row['minor']} minor units {row['currency']}"
