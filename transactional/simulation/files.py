"""Which files the outside sends about a world, and under which paths. Pure: bytes by path, and each line's place noted on what it tells.

A file that was sent twice with other bytes lies under its plain path and once more under `v2/`. A day's report is out when the day is over in
the account's zone. The trap: a report cut by UTC days, which moves every evening's money into another file.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from datetime import date, timedelta

from transactional.simulation.banks import mark
from transactional.simulation.formats.adyen_reports import Record, accounting_report, records_of, settlement_detail
from transactional.simulation.formats.bank_statements import Statement, bai2, camt053, mt940
from transactional.simulation.formats.stripe_reports import balance_change, balance_summary, ending_balance, payout_reconciliation
from transactional.simulation.movements import Batch, Line, Payment, Spot
from transactional.simulation.psps.adyen import AdyenDesk
from transactional.simulation.psps.settlement import waiting_lines
from transactional.simulation.psps.stripe import StripeDesk
from transactional.vocabulary.time import business_date

_STATEMENT_FORMS = {"camt053": ("xml", camt053), "mt940": ("sta", mt940), "bai2": ("bai", bai2)}
_SUNDAY = 6


def psp_files(desk: AdyenDesk | StripeDesk, payments: Sequence[Payment], batches: Sequence[Batch]) -> dict[str, bytes]:
    """The reports about one merchant account that are out by the desk's `as_of`."""
    folder = f"psp/{desk.merchant.psp}/{desk.merchant.account}"
    if isinstance(desk, AdyenDesk):
        return _adyen_files(desk, payments, batches, folder)
    return _stripe_files(desk, payments, batches, folder)


def bank_files(statements: Iterable[Statement], files: dict[str, bytes]) -> dict[int, Spot]:
    """Add a file per statement to `files`; returns the place of every bank line, by the id of the line."""
    places: dict[int, Spot] = {}
    for statement in statements:
        bank = statement.bank
        suffix, write = _STATEMENT_FORMS[bank.form]
        path = f"bank/{bank.form}_{bank.iban}_{statement.day}.{suffix}"
        files[path] = write(statement)
        mark(statement, path)
        places |= {id(line): Spot("bank", path, number) for number, line in enumerate(statement.lines, start=1)}
    return places


def _adyen_files(desk: AdyenDesk, payments: Sequence[Payment], batches: Sequence[Batch], folder: str) -> dict[str, bytes]:
    files: dict[str, bytes] = {}
    for batch in batches:
        path = f"{folder}/settlement_detail_report_batch_{batch.batch_id}.csv"
        if any(line.first_print for line in batch.lines):
            files[path] = settlement_detail(batch, path, first_print=True)
            path = f"v2/{path}"
        files[path] = settlement_detail(batch, path)
    by_day: dict[date, list[Record]] = defaultdict(list)
    for record in records_of(payments, batches):
        by_day[business_date(record.at, desk.merchant.zone)].append(record)
    for day in sorted(by_day):
        if day < _today(desk):
            path = f"{folder}/payments_accounting_report_{day:%Y_%m_%d}.csv"
            files[path] = accounting_report(by_day[day], desk.merchant, desk.rates, path)
    return files


def _stripe_files(desk: StripeDesk, payments: Sequence[Payment], batches: Sequence[Batch], folder: str) -> dict[str, bytes]:
    files: dict[str, bytes] = {}
    for day in sorted({batch.closed_on for batch in batches}):
        today = [batch for batch in batches if batch.closed_on == day]
        path = f"{folder}/payout_reconciliation_itemized_{day}.csv"
        if any(line.first_print for batch in today for line in batch.lines):
            files[path] = payout_reconciliation(today, path, first_print=True)
            path = f"v2/{path}"
        files[path] = payout_reconciliation(today, path)
    by_day: dict[date, list[Line]] = defaultdict(list)
    activity = list(_stripe_activity(desk, payments, batches))
    for line in activity:
        by_day[business_date(line.occurred_at, desk.merchant.zone)].append(line)
    changes = _stripe_changes(desk, activity, batches)
    for day in sorted(by_day):
        if day < _today(desk):
            path = f"{folder}/balance_change_from_activity_itemized_{day}.csv"
            files[path] = balance_change(sorted(by_day[day], key=lambda line: (line.occurred_at, line.ext_id)), desk.merchant, path)
    first = min((day for by_currency in changes.values() for day in by_currency), default=_today(desk))
    for day in (first + timedelta(days=number) for number in range((_today(desk) - first).days)):
        files[f"{folder}/balance_summary_{day}.csv"] = balance_summary(day, changes)
        if day.weekday() == _SUNDAY and (items := _open_items(desk, activity, batches, day)):
            files[f"{folder}/ending_balance_reconciliation_itemized_{day}.csv"] = ending_balance(items, desk.merchant)
    return files


def _open_items(desk: StripeDesk, activity: Iterable[Line], batches: Sequence[Batch], day: date) -> list[Line]:
    """The lines that changed the balance by the end of a day and whose payout had not left it by then, in order of time."""

    def on(line: Line) -> date:
        return business_date(line.occurred_at, desk.merchant.zone)

    left = {id(line) for batch in batches for payout in batch.payouts if on(payout.line) <= day for line in batch.lines}
    told = {id(line) for line in activity}
    others = [line for batch in batches for line in batch.lines if line.kind != "payout" and id(line) not in told]
    items = [line for line in (*activity, *others) if line.counts and on(line) <= day and id(line) not in left]
    return sorted(items, key=lambda line: (line.occurred_at, line.ext_id))


def _stripe_changes(desk: StripeDesk, activity: Iterable[Line], batches: Iterable[Batch]) -> dict[str, dict[date, tuple[int, int]]]:
    """By how much each day changed the balance of each currency: by what came and went, and by payouts. Lines of no report are in it too."""
    changes: dict[str, dict[date, tuple[int, int]]] = defaultdict(dict)
    told = {id(line) for line in activity}
    others = [line for batch in batches for line in batch.lines if line.counts and id(line) not in told]
    for line in (*activity, *others):
        if line.counts:
            day, is_payout = business_date(line.occurred_at, desk.merchant.zone), line.kind == "payout"
            moved, paid = changes[line.net_currency].get(day, (0, 0))
            changes[line.net_currency][day] = (moved, paid + line.net_minor) if is_payout else (moved + line.net_minor, paid)
    return changes


def _stripe_activity(desk: StripeDesk, payments: Sequence[Payment], batches: Sequence[Batch]) -> Iterator[Line]:
    """Every change of the balance. What was paid out has its line already; what waits for its payout is converted in the same way."""
    paid: set[int] = set()
    for batch in batches:
        for line in batch.lines:
            if line.counts and line.kind not in ("payout", "payout_returned", "unknown"):
                paid.add(id(line.movement))
                if line.movement is None or line.movement.in_activity:
                    yield line
    waiting = [move for payment in payments for move in payment.movements if move.in_activity and id(move) not in paid]
    yield from waiting_lines(waiting, desk)


def _today(desk: AdyenDesk | StripeDesk) -> date:
    """The account's local day at the time of looking: reports are out for the days before it."""
    return business_date(desk.as_of - timedelta(minutes=30), desk.merchant.zone)
