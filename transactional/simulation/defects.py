"""Which mistakes are planted on single movements, and what each must be found as. Pure; seeded.

A defect changes what one hand tells and nothing else: a wrong amount at the PSP is wrong in its activity, its settlement, the batch, the payout
and at the bank alike; a wrong amount in our books leaves every file right. Only movements with no sequel are taken (a lost deposit whose refund
arrives would be two breaks), and only old enough ones: what is younger than every lag is rightly open.
The trap: a label that says more than was planted. The label is written by the function that plants.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from random import Random

from transactional.payments.money_kinds import MoneyKind
from transactional.simulation.casino import MERCHANTS
from transactional.simulation.movements import Movement, Payment, code, dice, stripe_id
from transactional.simulation.planting.at_psp import (
    charged,
    exchanged_at,
    in_another_column,
    moved_twice,
    net_off_by,
    never_settled,
    other_amount_at_psp,
    printed_twice,
    turned_round,
    unknown_at_psp,
)
from transactional.simulation.planting.in_books import (
    booked_after_close,
    booked_in_other_currency,
    booked_twice,
    lost_in_books,
    nameless_halves,
    on_the_next_day,
    one_decimal_lost,
    other_amount_in_books,
    times,
)
from transactional.simulation.planting.marks import ALL_ITEMS, Planter
from transactional.vocabulary.ids import uuid7

K = MoneyKind
SAFE_AGE = timedelta(days=12)
"""Older than any lag of any PSP or bank: what is missing by then is missing."""


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
class _Recipe:
    break_class: str
    account: str
    currency: str
    kind: MoneyKind
    plant: Planter


_EU, _TR, _US = (merchant.account for merchant in MERCHANTS)
_RECIPES: tuple[_Recipe, ...] = (
    _Recipe("chargeback_unposted", _EU, "EUR", K.CHARGEBACK, lost_in_books),
    _Recipe("chargeback_unposted", _EU, "*", K.CHARGEBACK, lost_in_books),
    _Recipe("chargeback_unposted", _US, "*", K.CHARGEBACK, lost_in_books),
    _Recipe("reversal_unposted", _EU, "EUR", K.CHARGEBACK_REVERSED, lost_in_books),
    _Recipe("reversal_unposted", _EU, "*", K.CHARGEBACK_REVERSED, lost_in_books),
    _Recipe("reversal_unposted", _US, "*", K.CHARGEBACK_REVERSED, lost_in_books),
    _Recipe("missing_in_ledger", _EU, "EUR", K.DEPOSIT, lost_in_books),
    _Recipe("missing_in_ledger", _EU, "GBP", K.REFUND, lost_in_books),
    _Recipe("missing_in_ledger", _US, "USD", K.WITHDRAWAL, lost_in_books),
    _Recipe("missing_in_ledger", _TR, "TRY", K.DEPOSIT, lost_in_books),
    _Recipe("missing_at_psp", _EU, "KWD", K.DEPOSIT, unknown_at_psp),
    _Recipe("missing_at_psp", _US, "USD", K.DEPOSIT, unknown_at_psp),
    _Recipe("missing_at_psp", _TR, "TRY", K.WITHDRAWAL, unknown_at_psp),
    _Recipe("missing_in_settlement", _EU, "GBP", K.DEPOSIT, never_settled),
    _Recipe("missing_in_settlement", _US, "CAD", K.DEPOSIT, never_settled),
    _Recipe("missing_in_settlement", _EU, "JPY", K.DEPOSIT, never_settled),
    _Recipe("missing_in_settlement", _US, "USD", K.REFUND, never_settled),
    _Recipe("duplicate_ledger", _EU, "EUR", K.DEPOSIT, booked_twice),
    _Recipe("duplicate_ledger", _US, "CAD", K.DEPOSIT, booked_twice),
    _Recipe("duplicate_ledger", _EU, "EUR", K.REFUND, booked_twice),
    _Recipe("duplicate_psp", _EU, "EUR", K.DEPOSIT, moved_twice),
    _Recipe("duplicate_psp", _US, "USD", K.DEPOSIT, moved_twice),
    _Recipe("duplicate_psp", _EU, "GBP", K.WITHDRAWAL, moved_twice),
    _Recipe("duplicate_file", _EU, "EUR", K.DEPOSIT, printed_twice),
    _Recipe("duplicate_file", _US, "USD", K.DEPOSIT, printed_twice),
    _Recipe("duplicate_file", _TR, "TRY", K.DEPOSIT, printed_twice),
    _Recipe("amount", _EU, "EUR", K.DEPOSIT, other_amount_at_psp),
    _Recipe("amount", _US, "USD", K.REFUND, other_amount_at_psp),
    _Recipe("amount", _EU, "GBP", K.DEPOSIT, other_amount_in_books),
    _Recipe("amount", _TR, "TRY", K.DEPOSIT, other_amount_in_books),
    _Recipe("amount", _EU, "EUR", K.REFUND, other_amount_in_books),
    _Recipe("currency", _EU, "GBP", K.DEPOSIT, booked_in_other_currency),
    _Recipe("currency", _US, "CAD", K.DEPOSIT, booked_in_other_currency),
    _Recipe("exponent", _EU, "JPY", K.DEPOSIT, times(100)),
    _Recipe("exponent", _US, "JPY", K.DEPOSIT, times(100)),
    _Recipe("exponent", _EU, "KWD", K.DEPOSIT, times(1000)),
    _Recipe("exponent", _EU, "KWD", K.DEPOSIT, one_decimal_lost),
    _Recipe("sign", _US, "USD", K.REFUND, turned_round),
    _Recipe("sign", _EU, "EUR", K.REFUND, turned_round),
    _Recipe("fee_variance", _EU, "EUR", K.DEPOSIT, charged(35)),
    _Recipe("fee_variance", _US, "USD", K.DEPOSIT, charged(50)),
    _Recipe("fee_variance", _EU, "GBP", K.DEPOSIT, charged(-3)),
    _Recipe("fee_variance", _TR, "TRY", K.DEPOSIT, charged(12)),
    _Recipe("fee_variance", _EU, "EUR", K.DEPOSIT, in_another_column(4)),
    _Recipe("cut_off", _EU, "EUR", K.DEPOSIT, on_the_next_day),
    _Recipe("cut_off", _US, "USD", K.DEPOSIT, on_the_next_day),
    _Recipe("cut_off", _TR, "TRY", K.DEPOSIT, on_the_next_day),
    _Recipe("cut_off", _EU, "GBP", K.REFUND, on_the_next_day),
    _Recipe("fx_variance", _EU, "KWD", K.DEPOSIT, exchanged_at("0.955")),
    _Recipe("fx_variance", _TR, "TRY", K.DEPOSIT, exchanged_at("0.93")),
    _Recipe("fx_variance", _US, "CAD", K.DEPOSIT, exchanged_at("1.05")),
    _Recipe("row_arithmetic", _EU, "EUR", K.DEPOSIT, net_off_by(-210)),
    _Recipe("row_arithmetic", _US, "USD", K.DEPOSIT, net_off_by(95)),
    _Recipe("ambiguous_group", _EU, "EUR", K.DEPOSIT, nameless_halves),
    _Recipe("ambiguous_group", _EU, "GBP", K.DEPOSIT, nameless_halves),
    _Recipe("after_close", _EU, "EUR", K.DEPOSIT, booked_after_close),
    _Recipe("after_close", _TR, "TRY", K.DEPOSIT, booked_after_close),
    _Recipe("after_close", _US, "USD", K.DEPOSIT, booked_after_close),
)


def plant_in_payments(seed: int, payments: list[Payment], wanted: frozenset[str], start: datetime, as_of: datetime) -> list[Planted]:
    """Plant every wanted mistake that finds a movement to sit on; unknown disputes are added to `payments`."""
    rng = dice(seed, "defects")
    pool = eligible(payments, start + timedelta(days=1), as_of - SAFE_AGE)
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


def eligible(payments: Iterable[Payment], first: datetime, last: datetime) -> dict[tuple[str, str, MoneyKind], list[Movement]]:
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
    usable = large or ([] if recipe.break_class in ("exponent", "fx_variance", "ambiguous_group") else free)
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


NEEDS_CLOSES: Sequence[str] = ("after_close",)
"""Planted only where the count room has signed closes to know of: a folder of files holds none."""

CLASSES: Sequence[str] = tuple(
    dict.fromkeys([*(recipe.break_class for recipe in _RECIPES if recipe.break_class not in NEEDS_CLOSES), "orphan_chargeback"])
)
