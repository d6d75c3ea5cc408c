"""What a PSP charges for one movement, and at which rate it exchanges it: the simulation's own reading of the contracts. Pure.

The trap this avoids: a fee check that is tested against itself. It shares no code with transactional/payments/fee_schedules.
"""

from __future__ import annotations

from dataclasses import dataclass
from decimal import ROUND_HALF_EVEN, Decimal

from transactional.payments.money_kinds import MoneyKind
from transactional.simulation.casino import EXPONENTS, Lane, Terms


@dataclass(frozen=True, slots=True)
class Charge:
    """The fees of one line, each positive = cost to us, in the currency of settlement."""

    commission: int | None = None
    markup: int | None = None
    scheme: int | None = None
    interchange: int | None = None

    @property
    def total(self) -> int:
        """All of it."""
        return (self.commission or 0) + (self.markup or 0) + (self.scheme or 0) + (self.interchange or 0)


NO_CHARGE = Charge()


def exchanged(minor: int, lane: Lane, rate: Decimal) -> int:
    """Minor units of the currency of settlement at the printed rate."""
    shift = Decimal(10) ** (EXPONENTS[lane.settles_in] - EXPONENTS[lane.currency])
    return _rounded(Decimal(minor) * rate * shift)


def charge_for(
    kind: MoneyKind, terms: Terms, converted_minor: int, *, variant: str, settled_in: str, extra_minor: int = 0, shifted_minor: int = 0
) -> Charge:
    """What a movement costs. `converted_minor` is its gross in the currency of settlement; `extra_minor` is an overcharge planted on top,
    `shifted_minor` a part of the interchange that is printed as markup."""
    size = abs(converted_minor)
    if kind is MoneyKind.DEPOSIT and terms.interchange_bps:
        interchange = _share(size, terms.interchange_bps.get(variant, 0)) - shifted_minor
        return Charge(None, _share(size, terms.markup_bps) + extra_minor + shifted_minor, _share(size, terms.scheme_bps), interchange)
    if kind is MoneyKind.DEPOSIT:
        return Charge(commission=_share(size, terms.commission_bps) + terms.commission_fixed_minor + extra_minor)
    if kind in (MoneyKind.CHARGEBACK, MoneyKind.SECOND_CHARGEBACK) and settled_in in terms.dispute_fee_minor:
        fee = terms.dispute_fee_minor[settled_in] + extra_minor
        return Charge(markup=fee) if terms.interchange_bps else Charge(commission=fee)
    if kind is MoneyKind.WITHDRAWAL and terms.withdrawal_fee_minor:
        return Charge(commission=terms.withdrawal_fee_minor + extra_minor)
    return Charge(markup=extra_minor) if extra_minor else Charge()


def _share(minor: int, bps: int) -> int:
    return _rounded(Decimal(minor) * bps / 10_000)


def _rounded(value: Decimal) -> int:
    return int(value.to_integral_value(rounding=ROUND_HALF_EVEN))
