"""Which mistakes are planted on batches, payouts and statements, and what each must be found as. Pure; seeded.

They are chosen from a dry run of the settlement (so that a payout to go missing exists) and take effect in a second run.
The trap: two mistakes on one batch, which would explain each other away. A (batch, currency) carries at most one.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from random import Random

from transactional.payments.money_kinds import MoneyKind
from transactional.simulation.answer_key import Expected
from transactional.simulation.casino import BANKS, MERCHANTS
from transactional.simulation.defects import SAFE_AGE
from transactional.simulation.formats.bank_statements import BankLine, Statement, printed_id
from transactional.simulation.movements import Batch, Line, Payout, Spot, dice
from transactional.simulation.psps.desk import restatable
from transactional.simulation.psps.mistakes import BatchMistakes

_EU, _TR, _US = (merchant.account for merchant in MERCHANTS)
Where = tuple[str, date, str]


@dataclass(slots=True)
class BatchPlan:
    """What goes wrong with batches and statements: the mistakes the PSP makes, and how each is called."""

    mistakes: BatchMistakes = field(default_factory=BatchMistakes)
    named: list[tuple[str, str, Where]] = field(default_factory=list)
    strangers: list[tuple[str, str, BankLine]] = field(default_factory=list)
    unbalanced: dict[tuple[str, date], tuple[str, int]] = field(default_factory=dict)


def _uncollected(mistakes: BatchMistakes, where: Where, minor: int) -> None:
    mistakes.below_zero[where] = minor
    mistakes.never_arrives.add(where)


# class, account, currency of the payout, and how it is planted
_PLANS: tuple[tuple[str, str, str, Callable[[BatchMistakes, Where], None]], ...] = (
    ("missing_at_bank", _EU, "EUR", lambda found, where: found.never_arrives.add(where)),
    ("missing_at_bank", _US, "USD", lambda found, where: found.never_arrives.add(where)),
    ("negative_payout", _EU, "EUR", lambda found, where: _uncollected(found, where, 7_700)),
    ("negative_payout", _US, "USD", lambda found, where: _uncollected(found, where, 1_234)),
    ("reserve_unreleased", _EU, "EUR", lambda found, where: found.reserve_kept.add(where)),
    ("reserve_unreleased", _US, "USD", lambda found, where: found.reserve_kept.add(where)),
    ("reserve_unreleased", _TR, "EUR", lambda found, where: found.reserve_kept.add(where)),
    ("payout_returned", _EU, "GBP", lambda found, where: found.returned.update({where: True})),
    ("payout_returned", _US, "USD", lambda found, where: found.returned.update({where: False})),
    ("payout_returned", _TR, "EUR", lambda found, where: found.returned.update({where: True})),
    ("batch_residue", _EU, "EUR", lambda found, where: found.residue.update({where: 12_345})),
    ("batch_residue", _US, "JPY", lambda found, where: found.residue.update({where: -733})),
    ("batch_residue", _TR, "EUR", lambda found, where: found.residue.update({where: 4_150})),
    ("restated", _EU, "EUR", lambda found, where: found.restated.update({where: 500})),
    ("restated", _US, "USD", lambda found, where: found.restated.update({where: -300})),
    ("unknown_kind", _EU, "EUR", lambda found, where: found.unknown_line.update({where: ("TerminalRental", -2_500)})),
    ("unknown_kind", _US, "USD", lambda found, where: found.unknown_line.update({where: ("instant_access_rebate", 1_875)})),
    ("batch_gap", _EU, "*", lambda found, where: found.skipped_number.add(where[:2])),
    ("batch_gap", _TR, "*", lambda found, where: found.skipped_number.add(where[:2])),
    ("fee_variance", _EU, "EUR", lambda found, where: found.account_fee.update({where: 24})),
    ("fee_variance", _US, "USD", lambda found, where: found.account_fee.update({where: -1})),
    ("amount", _EU, "EUR", lambda found, where: found.wrong_at_bank.update({where: -1_000})),
)
CLASSES: Sequence[str] = tuple(dict.fromkeys([*(plan[0] for plan in _PLANS), "unexplained_bank_line", "statement_gap"]))


def plan_batches(seed: int, batches: Sequence[Batch], wanted: frozenset[str], start: datetime, as_of: datetime) -> BatchPlan:
    """Choose batches old enough that every lag is over, one mistake each."""
    rng, plan, taken = dice(seed, "batch defects"), BatchPlan(), set[Where]()
    last = (as_of - SAFE_AGE).date()
    for index, (break_class, account, currency, plant) in enumerate(_PLANS, start=1):
        free = [where for where in places(batches, account, currency, last, break_class) if where not in taken]
        if break_class in wanted and free:
            where = rng.choice(free)
            taken.add(where)
            plant(plan.mistakes, where)
            name = "amount_at_bank" if break_class == "amount" else break_class
            plan.named.append((break_class, f"{name}-b{index:02d}", where))
    _at_banks(rng, plan, wanted, start.date(), last)
    return plan


def places(batches: Sequence[Batch], account: str, currency: str, last: date, break_class: str) -> list[Where]:
    """Payouts of that account and currency; never the first batch, and not one in which a single line was tampered with."""
    found = []
    mine = [batch for batch in batches if batch.merchant.account == account]
    first = min((batch.closed_on for batch in mine), default=last)
    by_hand = {(batch.merchant.account, batch.closed_on) for batch in mine if batch.by_hand}
    for batch in mine:
        for payout in () if (batch.merchant.account, batch.closed_on) in by_hand else batch.payouts:
            lines = [line for line in batch.lines if line.net_currency == payout.currency]
            counted = all(line.counts for line in lines) and not any(line.movement and line.movement.copies > 1 for line in lines)
            suits = break_class != "restated" or restatable(batch, payout.currency) is not None
            suits = suits and (break_class != "fee_variance" or any(line.raw_kind in ("Fee", "network_cost") for line in lines))
            suits = suits and (break_class != "reserve_unreleased" or _holds(batch, payout.currency, last))
            large = payout.amount_minor > 20_000 or (payout.currency == "JPY" and payout.amount_minor > 5_000)
            if currency in ("*", payout.currency) and first < batch.closed_on < last and counted and suits and large:
                found.append((account, batch.closed_on, payout.currency))
    return found


def _holds(batch: Batch, currency: str, last: date) -> bool:
    """Whether it holds a reserve that should be back by now: what is held a day before `last` is a dozen days old, and must be old enough to be due."""
    held = any(line.kind is MoneyKind.RESERVE and line.net_minor < 0 and line.net_currency == currency for line in batch.lines)
    return held and batch.closed_on + timedelta(days=batch.merchant.reserve_days - 6) < last


def _at_banks(rng: Random, plan: BatchPlan, wanted: frozenset[str], first: date, last: date) -> None:
    days = [day for index in range(1, (last - first).days) if (day := first + timedelta(days=index)).weekday() < 5]
    if not days:
        return
    if "unexplained_bank_line" in wanted:
        for currency, who, text in (("EUR", "ADYEN N.V.", "TX90000000001XT batch 9001, CountroomEU"), ("USD", "STRIPE", "PAYOUT 990000000000001")):
            minor, day = rng.randint(10_001, 99_999), rng.choice(days)
            line = BankLine(amount_minor=minor, booked_on=day, counterparty=who, text=text, reference="", code="TRF")
            plan.strangers.append((currency, f"unexplained_bank_line-{currency}", line))
    if "statement_gap" in wanted:
        for bank in (BANKS[0], BANKS[1]):
            plan.unbalanced[bank.iban, rng.choice(days)] = (f"statement_gap-{bank.currency}", rng.randint(101, 999))


def expected_batches(plan: BatchPlan, batches: Sequence[Batch], statements: Iterable[Statement], spots_of: Mapping[int, Spot]) -> Iterator[Expected]:
    """What each planted mistake must be found as. `spots_of`: places of planted bank lines, by the id of the line."""
    for break_class, defect_id, (account, day, currency) in plan.named:
        if break_class == "batch_gap":
            yield _gap(defect_id, batches, account, day)
            continue
        batch, payout = next(
            (batch, payout)
            for batch in batches
            if (batch.merchant.account, batch.closed_on) == (account, day)
            for payout in batch.payouts
            if payout.currency == currency
        )
        yield _expected(break_class, defect_id, batch, payout, plan.mistakes)
    for currency, defect_id, line in plan.strangers:
        bank = next(bank for bank in BANKS if bank.currency == currency)
        yield Expected(
            "unexplained_bank_line",
            None,
            bank.iban,
            currency,
            line.amount_minor,
            (spots_of[id(line)],),
            defect_id,
            "a credit that names a PSP, no payout",
        )
    for statement in statements:
        if statement.residue_minor:
            key = f"statement:{statement.bank.iban}:{printed_id(statement)}"
            text = "the closing balance is not the opening balance plus the lines"
            currency = statement.bank.currency
            yield Expected("statement_gap", None, statement.bank.iban, currency, statement.residue_minor, (), statement.defect_id, text, (key,))


def _gap(defect_id: str, batches: Sequence[Batch], account: str, day: date) -> Expected:
    batch = next(batch for batch in batches if (batch.merchant.account, batch.closed_on) == (account, day))
    missing = int(batch.batch_id) - 1
    key = f"batch:{batch.merchant.psp}:{account}:{missing}"
    main = batch.merchant.lanes[0].settles_in
    return Expected("batch_gap", batch.merchant.psp, account, main, 0, (), defect_id, f"the PSP skipped batch {missing}", (key,))


def _expected(break_class: str, defect_id: str, batch: Batch, payout: Payout, mistakes: BatchMistakes) -> Expected:
    where = (batch.merchant.account, batch.closed_on, payout.currency)
    spots, amount = tuple(case_spots(batch, payout)), payout.amount_minor
    match break_class:
        case "batch_residue":
            amount, text = mistakes.residue[where], "the lines of the batch add up to another sum than was paid"
        case "restated":
            line = restated_line(batch, payout.currency)
            old = line.first_print[0] if line.first_print else 0
            amount, text = (line.gross_minor or 0) - old, "a second version of the file changes a line"
            spots = (line.first_spot,) if line.first_spot else ()
        case "unknown_kind":
            line = next(line for line in batch.lines if line.kind == "unknown" and line.net_currency == payout.currency)
            amount, text = line.net_minor, f"nobody knows what '{line.raw_kind}' is"
            spots = (line.spot,) if line.spot else ()
        case "amount":
            amount, text = payout.arrives_minor - payout.amount_minor, "the bank booked another amount than was paid out"
        case "reserve_unreleased":
            held = next(
                line for line in batch.lines if line.kind is MoneyKind.RESERVE and line.net_minor < 0 and line.net_currency == payout.currency
            )
            key = f"reserve:{batch.merchant.psp}:{batch.merchant.account}:{batch.batch_id}:{payout.currency}"
            text = "held back and never given back"
            return Expected(break_class, batch.merchant.psp, batch.merchant.account, payout.currency, -held.net_minor, (), defect_id, text, (key,))
        case "fee_variance":
            amount, text = mistakes.account_fee[where], "the fee by count is not the contract's price for the batch's deposits"
        case "negative_payout":
            text = "the batch ended below zero and the PSP never collected it"
        case "missing_at_bank":
            text = "paid out by the PSP, never seen at the bank"
        case _:
            text = "the payout came back"
    return Expected(break_class, batch.merchant.psp, batch.merchant.account, payout.currency, amount, spots, defect_id, text)


def restated_line(batch: Batch, currency: str) -> Line:
    """The line of a batch whose first print was another."""
    return next(line for line in batch.lines if line.first_print is not None and line.net_currency == currency)


def case_spots(batch: Batch, payout: Payout) -> Iterator[Spot]:
    """The members of a payout's case: payout line, account-level lines of its currency, our booking, the bank's lines, its return."""
    for line in batch.lines:
        about_account = line.movement is None and line.kind not in ("unknown", "payout_returned")
        if about_account and line.net_currency == payout.currency and line.spot is not None:
            yield line.spot
    yield from payout.books
    yield from payout.bank
    if payout.return_line is not None and payout.return_line.spot is not None:
        yield payout.return_line.spot
