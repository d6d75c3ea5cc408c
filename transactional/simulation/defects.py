"""Which mistakes are planted on single movements, and what each must be found as. Pure; seeded.

A defect changes what one hand tells and nothing else: a wrong amount at the PSP is wrong in its activity, its settlement, the batch, the payout
and at the bank alike; a wrong amount in our books leaves every file right. Only movements with no sequel are taken (a lost deposit whose refund
arrives would be two breaks), and only old enough ones: what is younger than every lag is rightly open.
The trap: a label that says more than was planted. The label is written by the function that plants.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, time, timedelta
from decimal import Decimal
from random import Random

from transactional.payments.money_kinds import EXPECTED_SIGN, MoneyKind
from transactional.simulation.casino import MERCHANTS
from transactional.simulation.movements import Movement, Payment, code, dice, stripe_id
from transactional.vocabulary.ids import uuid7
from transactional.vocabulary.time import business_date, localise

K = MoneyKind
SAFE_AGE = timedelta(days=12)
"""Older than any lag of any PSP or bank: what is missing by then is missing."""

ALL_ITEMS, SECOND_BOOKING, SECOND_LINES, REPEATED_LINE = "all items", "second booking", "second lines", "repeated line"


@dataclass(frozen=True, slots=True)
class Planted:
    """A mistake on one movement. `amount_minor` None: it follows from the exchange rate once the PSP has converted. `members`: which items."""

    defect_id: str
    break_class: str
    movement: Movement
    currency: str
    amount_minor: int | None
    description: str
    members: str = ALL_ITEMS


@dataclass(frozen=True, slots=True)
class _Mark:
    """What a planter did: the amount and currency the break must have."""

    amount_minor: int | None
    description: str
    currency: str = ""
    members: str = ALL_ITEMS


_Planter = Callable[[Movement, Random], _Mark]


def _lost_in_books(move: Movement, _: Random) -> _Mark:
    move.booked_minor = None
    return _Mark(move.amount_minor, "the webhook was lost: the PSP moved it, the casino never wrote it")


def _unknown_at_psp(move: Movement, _: Random) -> _Mark:
    move.in_activity = move.in_settlement = False
    return _Mark(move.amount_minor, "the casino wrote it, the PSP never had it")


def _never_settled(move: Movement, _: Random) -> _Mark:
    move.in_settlement = False
    return _Mark(move.amount_minor, "the PSP had it and never settled it")


def _booked_twice(move: Movement, _: Random) -> _Mark:
    move.booked_twice = True
    return _Mark(move.amount_minor, "booked a second time by hand", members=SECOND_BOOKING)


def _moved_twice(move: Movement, _: Random) -> _Mark:
    move.copies = 2
    return _Mark(move.amount_minor, "the PSP moved it twice and paid accordingly", members=SECOND_LINES)


def _printed_twice(move: Movement, _: Random) -> _Mark:
    move.repeated_in_file = True
    return _Mark(move.amount_minor, "printed twice in one file, moved once", members=REPEATED_LINE)


def _other_amount_at_psp(move: Movement, rng: Random) -> _Mark:
    wrong = move.amount_minor * rng.randint(61, 89) // 100
    move.amount_minor, before = wrong, move.amount_minor
    return _Mark(wrong - before, "the PSP moved another amount, and paid accordingly")


def _other_amount_in_books(move: Movement, rng: Random) -> _Mark:
    move.booked_minor = move.amount_minor + EXPECTED_SIGN[move.kind] * max(1, abs(move.amount_minor) * rng.randint(7, 33) // 100)
    return _Mark(move.amount_minor - move.booked_minor, "the casino wrote another amount")


def _booked_in_other_currency(move: Movement, _: Random) -> _Mark:
    wrong = {"GBP": "EUR", "CAD": "USD", "USD": "CAD", "EUR": "GBP"}[move.lane.currency]
    move.booked_currency = move.payment.booked_currency = wrong
    return _Mark(move.amount_minor, f"the casino wrote {wrong} instead of {move.lane.currency}")


def _times(factor: int) -> _Planter:
    def plant(move: Movement, _: Random) -> _Mark:
        move.booked_minor = move.amount_minor * factor
        return _Mark(move.amount_minor - move.booked_minor, f"the casino wrote {factor} times the amount: wrong decimals for {move.lane.currency}")

    return plant


def _one_decimal_lost(move: Movement, _: Random) -> _Mark:
    move.booked_minor = move.amount_minor // 10
    return _Mark(move.amount_minor - move.booked_minor, f"the casino took {move.lane.currency} to have two decimals")


def _turned_round(move: Movement, _: Random) -> _Mark:
    move.amount_minor = -move.amount_minor
    return _Mark(2 * move.amount_minor, "the PSP moved it the wrong way round, and paid accordingly")


def _charged(extra_minor: int) -> _Planter:
    def plant(move: Movement, _: Random) -> _Mark:
        move.extra_fee_minor = extra_minor
        return _Mark(extra_minor, f"the PSP charged {extra_minor} more than the contract says (minor units)", currency=move.lane.settles_in)

    return plant


def _on_the_next_day(move: Movement, rng: Random) -> _Mark:
    day = business_date(move.occurred_at, move.merchant.zone) + timedelta(days=1)
    move.booked_later = localise(datetime.combine(day, time(0, rng.randint(5, 55))), move.merchant.zone) - move.occurred_at
    return _Mark(move.amount_minor, "the PSP closed its day after it, the casino wrote it on the next one")


def _in_another_column(minor: int) -> _Planter:
    def plant(move: Movement, _: Random) -> _Mark:
        move.shifted_fee_minor = minor
        return _Mark(0, f"the PSP charged {minor} as markup that the contract has as interchange: the sum is right", currency=move.lane.settles_in)

    return plant


def _exchanged_at(factor: str) -> _Planter:
    def plant(move: Movement, _: Random) -> _Mark:
        move.rate_factor = Decimal(factor)
        return _Mark(None, f"the PSP exchanged at {factor} times the agreed rate", currency=move.lane.settles_in)

    return plant


def _net_off_by(minor: int) -> _Planter:
    def plant(move: Movement, _: Random) -> _Mark:
        move.net_error_minor = minor
        return _Mark(minor, "gross less fees is not the net that was paid", currency=move.lane.settles_in)

    return plant


@dataclass(frozen=True, slots=True)
class _Recipe:
    break_class: str
    account: str
    currency: str
    kind: MoneyKind
    plant: _Planter


_EU, _TR, _US = (merchant.account for merchant in MERCHANTS)
_RECIPES: tuple[_Recipe, ...] = (
    _Recipe("chargeback_unposted", _EU, "EUR", K.CHARGEBACK, _lost_in_books),
    _Recipe("chargeback_unposted", _EU, "*", K.CHARGEBACK, _lost_in_books),
    _Recipe("chargeback_unposted", _US, "*", K.CHARGEBACK, _lost_in_books),
    _Recipe("reversal_unposted", _EU, "EUR", K.CHARGEBACK_REVERSED, _lost_in_books),
    _Recipe("reversal_unposted", _EU, "*", K.CHARGEBACK_REVERSED, _lost_in_books),
    _Recipe("reversal_unposted", _US, "*", K.CHARGEBACK_REVERSED, _lost_in_books),
    _Recipe("missing_in_ledger", _EU, "EUR", K.DEPOSIT, _lost_in_books),
    _Recipe("missing_in_ledger", _EU, "GBP", K.REFUND, _lost_in_books),
    _Recipe("missing_in_ledger", _US, "USD", K.WITHDRAWAL, _lost_in_books),
    _Recipe("missing_in_ledger", _TR, "TRY", K.DEPOSIT, _lost_in_books),
    _Recipe("missing_at_psp", _EU, "KWD", K.DEPOSIT, _unknown_at_psp),
    _Recipe("missing_at_psp", _US, "USD", K.DEPOSIT, _unknown_at_psp),
    _Recipe("missing_at_psp", _TR, "TRY", K.WITHDRAWAL, _unknown_at_psp),
    _Recipe("missing_in_settlement", _EU, "GBP", K.DEPOSIT, _never_settled),
    _Recipe("missing_in_settlement", _US, "CAD", K.DEPOSIT, _never_settled),
    _Recipe("missing_in_settlement", _EU, "JPY", K.DEPOSIT, _never_settled),
    _Recipe("missing_in_settlement", _US, "USD", K.REFUND, _never_settled),
    _Recipe("duplicate_ledger", _EU, "EUR", K.DEPOSIT, _booked_twice),
    _Recipe("duplicate_ledger", _US, "CAD", K.DEPOSIT, _booked_twice),
    _Recipe("duplicate_ledger", _EU, "EUR", K.REFUND, _booked_twice),
    _Recipe("duplicate_psp", _EU, "EUR", K.DEPOSIT, _moved_twice),
    _Recipe("duplicate_psp", _US, "USD", K.DEPOSIT, _moved_twice),
    _Recipe("duplicate_psp", _EU, "GBP", K.WITHDRAWAL, _moved_twice),
    _Recipe("duplicate_file", _EU, "EUR", K.DEPOSIT, _printed_twice),
    _Recipe("duplicate_file", _US, "USD", K.DEPOSIT, _printed_twice),
    _Recipe("duplicate_file", _TR, "TRY", K.DEPOSIT, _printed_twice),
    _Recipe("amount", _EU, "EUR", K.DEPOSIT, _other_amount_at_psp),
    _Recipe("amount", _US, "USD", K.REFUND, _other_amount_at_psp),
    _Recipe("amount", _EU, "GBP", K.DEPOSIT, _other_amount_in_books),
    _Recipe("amount", _TR, "TRY", K.DEPOSIT, _other_amount_in_books),
    _Recipe("amount", _EU, "EUR", K.REFUND, _other_amount_in_books),
    _Recipe("currency", _EU, "GBP", K.DEPOSIT, _booked_in_other_currency),
    _Recipe("currency", _US, "CAD", K.DEPOSIT, _booked_in_other_currency),
    _Recipe("exponent", _EU, "JPY", K.DEPOSIT, _times(100)),
    _Recipe("exponent", _US, "JPY", K.DEPOSIT, _times(100)),
    _Recipe("exponent", _EU, "KWD", K.DEPOSIT, _times(1000)),
    _Recipe("exponent", _EU, "KWD", K.DEPOSIT, _one_decimal_lost),
    _Recipe("sign", _US, "USD", K.REFUND, _turned_round),
    _Recipe("sign", _EU, "EUR", K.REFUND, _turned_round),
    _Recipe("fee_variance", _EU, "EUR", K.DEPOSIT, _charged(35)),
    _Recipe("fee_variance", _US, "USD", K.DEPOSIT, _charged(50)),
    _Recipe("fee_variance", _EU, "GBP", K.DEPOSIT, _charged(-3)),
    _Recipe("fee_variance", _TR, "TRY", K.DEPOSIT, _charged(12)),
    _Recipe("fee_variance", _EU, "EUR", K.DEPOSIT, _in_another_column(4)),
    _Recipe("cut_off", _EU, "EUR", K.DEPOSIT, _on_the_next_day),
    _Recipe("cut_off", _US, "USD", K.DEPOSIT, _on_the_next_day),
    _Recipe("cut_off", _TR, "TRY", K.DEPOSIT, _on_the_next_day),
    _Recipe("cut_off", _EU, "GBP", K.REFUND, _on_the_next_day),
    _Recipe("fx_variance", _EU, "KWD", K.DEPOSIT, _exchanged_at("0.955")),
    _Recipe("fx_variance", _TR, "TRY", K.DEPOSIT, _exchanged_at("0.93")),
    _Recipe("fx_variance", _US, "CAD", K.DEPOSIT, _exchanged_at("1.05")),
    _Recipe("row_arithmetic", _EU, "EUR", K.DEPOSIT, _net_off_by(-210)),
    _Recipe("row_arithmetic", _US, "USD", K.DEPOSIT, _net_off_by(95)),
)


def plant_in_payments(seed: int, payments: list[Payment], wanted: frozenset[str], start: datetime, as_of: datetime) -> list[Planted]:
    """Plant every wanted mistake that finds a movement to sit on; unknown disputes are added to `payments`."""
    rng = dice(seed, "defects")
    pool = _eligible(payments, start + timedelta(days=1), as_of - SAFE_AGE)
    planted = []
    for index, recipe in enumerate(_RECIPES, start=1):
        if recipe.break_class in wanted and (move := _choose(rng, pool, recipe)) is not None:
            move.defect_id = f"{recipe.break_class}-{index:02d}"
            mark = recipe.plant(move, rng)
            currency = mark.currency or move.lane.currency
            planted.append(Planted(move.defect_id, recipe.break_class, move, currency, mark.amount_minor, mark.description, mark.members))
    if "orphan_chargeback" in wanted:
        planted += _orphans(rng, payments, start, as_of - SAFE_AGE)
    return planted


def _eligible(payments: Iterable[Payment], first: datetime, last: datetime) -> dict[tuple[str, str, MoneyKind], list[Movement]]:
    """Movements without a sequel: nothing of the payment happens after them. Captures in parts are left alone."""
    pool: dict[tuple[str, str, MoneyKind], list[Movement]] = defaultdict(list)
    for payment in payments:
        move = payment.movements[-1] if payment.movements else None
        whole = sum(each.kind is K.DEPOSIT for each in payment.movements) <= 1 and not any(each.uncaptured_minor for each in payment.movements)
        if move is not None and whole and first < move.occurred_at < last:
            for currency in (move.lane.currency, "*"):
                pool[move.merchant.account, currency, move.kind].append(move)
    return pool


def _choose(rng: Random, pool: dict[tuple[str, str, MoneyKind], list[Movement]], recipe: _Recipe) -> Movement | None:
    """A movement of that kind that carries nothing yet, large enough that no rounding hides the mistake."""
    found = pool[recipe.account, recipe.currency, recipe.kind]
    free = [move for move in found if not any(each.defect_id for each in move.payment.movements)]
    large = [move for move in free if abs(move.amount_minor) >= move.lane.typical_minor // 4 and move.amount_minor % 10 == 0]
    usable = large or ([] if recipe.break_class in ("exponent", "fx_variance") else free)
    return rng.choice(usable) if usable else None


def _orphans(rng: Random, payments: list[Payment], start: datetime, last: datetime) -> Iterator[Planted]:
    """Disputes about payments of another time or another merchant: the PSP takes the money, nobody here knows why."""
    span = (last - start).total_seconds()
    if span <= 86_400:
        return
    for index, merchant in enumerate(MERCHANTS, start=1):
        at = start + timedelta(seconds=int(rng.uniform(86_400, span)))
        model = next((payment for payment in payments if payment.merchant is merchant), None)
        if model is None:
            continue
        payment = _stranger(rng, model, payments, at)
        move = payment.movements[0]
        move.defect_id = f"orphan_chargeback-{index:02d}"
        yield Planted(
            move.defect_id, "orphan_chargeback", move, move.lane.currency, move.amount_minor, "a dispute about a payment the casino never had"
        )


def _stranger(rng: Random, model: Payment, payments: list[Payment], at: datetime) -> Payment:
    adyen, lane = model.merchant.psp == "adyen", model.lane
    payment = Payment(
        number=len(payments),
        player=-1,
        player_id=uuid7(at, rng),
        merchant=model.merchant,
        lane=lane,
        direction="deposit",
        asked_minor=lane.typical_minor * 2,
        method="visa",
        variant="visastandardcredit",
        intent_id=uuid7(at, rng),
        attempt_id=uuid7(at, rng),
        merchant_reference=f"pat_{code(rng, 32, '0123456789abcdef')}",
        psp_reference=code(rng, 16) if adyen else stripe_id(rng, "pi"),
        created_at=at - timedelta(days=40),
        unknown_to_casino=True,
    )
    payment.movements.append(
        Movement(
            number=-1,
            kind=K.CHARGEBACK,
            payment=payment,
            occurred_at=at,
            amount_minor=-payment.asked_minor,
            modification_reference=code(rng, 16) if adyen else stripe_id(rng, "dp"),
            ext_id="" if adyen else stripe_id(rng, "txn"),
            booked_minor=None,
        )
    )
    payments.append(payment)
    return payment


CLASSES: Sequence[str] = tuple(dict.fromkeys([*(recipe.break_class for recipe in _RECIPES), "orphan_chargeback"]))
