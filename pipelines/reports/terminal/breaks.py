"""How is the work on breaks told on a terminal: lists, one break with everything done about it, suggestions, what came of a command.
For `countroom breaks`.

The trap: a state of the work in English beside a sentence in Turkish. Every word goes through the voice; what people wrote themselves stays as it is.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from pipelines.reports.terminal.voice import Voice
from pipelines.standing.break_work import Shelf
from pipelines.standing.text import aligned
from transactional.reconciliation.work import BreakEvent

Row = Mapping[str, Any]


def told_breaks(rows: Sequence[Row], shelf: Shelf, spoken: Voice) -> Iterator[str]:
    """Many threads, the most urgent first."""
    if not rows:
        yield spoken("no breaks")
        return
    cells = [spoken.head("break_id", "break_class", "psp", "state", "owner", "due_at", "amount")]
    for row in rows:
        due = spoken.minute(row["due_at"]) + (f" {spoken('overdue')}" if row["is_overdue"] else "")
        words = (spoken.word("class", row["break_class"]), spoken.psp(row["psp"]), spoken.word("work", row["state"]))
        cells.append([row["thread_id"], *words, row["owner"] or "-", due, _money(row, shelf, spoken)])
    yield from aligned(cells, left=6)


def told_break(whole: Row, events: Sequence[BreakEvent], shelf: Shelf, spoken: Voice) -> Iterator[str]:
    """One thread with its items, what was done about it and what might explain it (Desk.whole)."""
    place = f"{spoken.psp(whole['psp'])} {whole['account']}"
    yield f"{whole['thread_id']}  {spoken.word('class', whole['break_class'])}  {place}  {_money(whole, shelf, spoken)}"
    yield _worked(whole, spoken)
    if whole["explanation"]:
        yield spoken.explanation(whole)
    if not whole["is_open"]:
        by = whole["healed_by_lines"] or whole["merged_into"] or spoken("no line that came")
        yield spoken("ended {moment}: {how} by {by}", moment=spoken.minute(whole["healed_at"]), how=spoken.word("ending", whole["ended_how"]), by=by)
    yield ""
    hops = [spoken.word("hop", item["source"]) for item in whole["items"]]
    width = max(map(len, hops), default=0)
    for hop, item in zip(hops, whole["items"], strict=True):
        yield f"  {hop:<{width}}  {spoken.day(item['booked_on'])}  {_money(item, shelf, spoken)}  {_item(item, spoken)}"
    for event in events:
        yield f"  {_event(event, shelf, spoken)}"
    if whole["suggestions"]:
        yield ""
        yield from told_suggestions(whole["suggestions"], shelf, spoken)


def told_suggestions(rows: Sequence[Row], shelf: Shelf, spoken: Voice) -> Iterator[str]:
    """One line of facts and one of reasons each."""
    if not rows:
        yield spoken("no suggestions")
        return
    cells = [spoken.head("suggestion", "layer", "psp", "state", "finding", "rivals", "amount")]
    for row in rows:
        rivals = "-" if row["rivals_count"] is None else f"{'≥ ' if row['rivals_capped'] else ''}{spoken.count(row['rivals_count'])}"
        amount = "-" if row["amount_minor"] is None else _money(row, shelf, spoken)
        finding = spoken.word("finding", row["finding"]) if row["finding"] else "-"
        cells.append([row["suggestion_id"], row["layer"], spoken.psp(row["psp"]), spoken.word("suggestion", row["state"]), finding, rivals, amount])
    head, *told = aligned(cells, left=5)
    yield head
    for row, line in zip(rows, told, strict=True):
        why = row["not_held_because"] or row["why"]
        yield line
        yield f"    {spoken.reason(why) if why else spoken('decided in an earlier run')}"
        if row["accepted_by"] and row["confirmed_by"]:
            yield f"    {spoken('accepted by {actor}, confirmed by {other}', actor=row['accepted_by'], other=row['confirmed_by'])}"
        elif row["accepted_by"]:
            yield f"    {spoken('accepted by {actor}', actor=row['accepted_by'])}"


def told_outcome(outcome: Row, name: str, context: str, spoken: Voice) -> str:
    """What came of one command for one thread or suggestion, whose state is a word of the list `context`. Why it was refused is English, as errors are."""
    if outcome["refused"]:
        return f"{name}  {spoken('refused: {reason}', reason=outcome['refused'])}"
    state = spoken.word(context, outcome["state"])
    return f"{name}  {spoken('{state} (as before)', state=state) if outcome['replayed'] else state}"


def _worked(row: Row, spoken: Voice) -> str:
    state, due, seen = spoken.word("work", row["state"]), spoken.minute(row["due_at"]), spoken.minute(row["first_seen_at"])
    if row["owner"]:
        return spoken("{state}, owned by {owner}, due {due}, first seen {seen}", state=state, owner=row["owner"], due=due, seen=seen)
    return spoken("{state}, owned by nobody, due {due}, first seen {seen}", state=state, due=due, seen=seen)


def _item(item: Row, spoken: Voice) -> str:
    if not item["file_name"]:
        return str(item["item_key"])
    return spoken("{file} line {number}", file=item["file_name"], number=str(item["line_no"]))


def _event(event: BreakEvent, shelf: Shelf, spoken: Voice) -> str:
    parts = [spoken.minute(event.recorded_at), event.actor, spoken.listed_word("event", event.kind.value)]
    parts += [spoken("to {owner}", owner=event.owner)] if event.owner else []
    if event.proposal_kind and event.amount_minor and event.currency:
        booked = spoken(
            "{kind} of {money}: debit {debit}, credit {credit}",
            kind=spoken.listed_word("proposal", event.proposal_kind.value),
            money=spoken.money(event.amount_minor, event.currency, shelf.exponents.get(event.currency)),
            debit=event.body.get("debit_code"),
            credit=event.body.get("credit_code"),
        )
        parts.append(booked)
    parts += [f"[{spoken.word('root cause', event.root_cause)}]"] if event.root_cause else []
    parts += [f"({spoken('entry {text}', text=event.entry_id)})"] if event.entry_id else []
    parts += [f"({event.evidence_key})"] if event.evidence_key else []
    return "  ".join(parts) + (f": {event.words}" if event.words else "")


def _money(row: Row, shelf: Shelf, spoken: Voice) -> str:
    return spoken.money(row["amount_minor"], row["currency"], shelf.exponents.get(row["currency"]))
