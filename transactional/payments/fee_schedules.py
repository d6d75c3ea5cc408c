"""What a PSP should have charged for one movement. For the engine (fee_variance) and the simulated PSPs (they charge exactly this).

The traps: a fee recomputed where no contract was recorded (a false alarm; here: no rule, no expectation), a fee rounded twice, and
a refund taken to give its fee back. Pure and in integers.

Units: every amount is minor units of the *net* currency; a fee is positive = cost. The basis is the absolute gross converted into the net
currency as an integer (`vocabulary.money.convert`), so the charge can be recomputed from what the report prints. Source: the merchant's fee contract.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal
from fnmatch import fnmatchcase
from types import MappingProxyType

from transactional.payments.money_kinds import MoneyKind
from transactional.vocabulary.money import round_half_even

COMPONENTS = ("commission_minor", "markup_minor", "scheme_fee_minor", "interchange_minor")
_NOTHING: Mapping[str, int] = MappingProxyType({})


@dataclass(frozen=True, slots=True)
class Charge:
    """A share of the amount plus a fixed part per movement. `fixed_minor` is by net currency; a currency not listed pays no fixed part."""

    bps: int = 0
    fixed_minor: Mapping[str, int] = field(default_factory=lambda: _NOTHING)

    def on(self, basis_minor: int, net_currency: str) -> int:
        """The charge on a basis, rounded once, half to even."""
        share = round_half_even(Decimal(abs(basis_minor) * self.bps) / 10_000)
        return share + self.fixed_minor.get(net_currency, 0)


@dataclass(frozen=True, slots=True)
class FeeRule:
    """One dated line of a fee contract: valid from `since` (inclusive) to `until` (exclusive), for kinds and method patterns (fnmatch, lower case).

    A component that is None is not part of the contract line: it is expected to be absent or zero.
    """

    rule_id: str
    kinds: frozenset[MoneyKind]
    methods: tuple[str, ...] = ("*",)
    commission: Charge | None = None
    markup: Charge | None = None
    scheme_fee: Charge | None = None
    interchange: Charge | None = None
    since: date = date.min
    until: date = date.max

    def covers(self, kind: MoneyKind, method: str | None, on: date) -> bool:
        """Whether this line says what the movement costs."""
        name = (method or "").casefold()
        return kind in self.kinds and self.since <= on < self.until and any(fnmatchcase(name, pattern) for pattern in self.methods)


@dataclass(frozen=True, slots=True)
class AccountFee:
    """One dated line of a contract about the account: so much for each movement of `counts` in a batch, printed as one or more lines of a batch.

    `raw_kinds`: how the PSP calls such a line (glob patterns, lower case). `each_minor` is by currency of the line. A batch without such a line is not
    asked for one: a PSP may charge the count with a later batch.
    """

    rule_id: str
    raw_kinds: tuple[str, ...]
    each_minor: Mapping[str, int]
    counts: MoneyKind = MoneyKind.DEPOSIT
    since: date = date.min
    until: date = date.max


@dataclass(frozen=True, slots=True)
class MonthlyFee:
    """One dated line of a contract about the account: what it costs a calendar month of the account's zone, printed as one or more lines of batches.

    `fixed_minor`: so much a month. `minimum_minor`: what the fees of the month's movements fall short of it. Both by currency of the line. `raw_kinds`: how
    the PSP calls such a line (glob patterns, lower case). `months_in_arrears`: 1 when a line booked in February is about January. The month's first day
    decides which line of the contract holds. A month without such a line is not asked for one: a PSP may invoice it instead.
    """

    rule_id: str
    raw_kinds: tuple[str, ...]
    fixed_minor: Mapping[str, int] = field(default_factory=lambda: _NOTHING)
    minimum_minor: Mapping[str, int] = field(default_factory=lambda: _NOTHING)
    months_in_arrears: int = 0
    since: date = date.min
    until: date = date.max


@dataclass(frozen=True, slots=True)
class ExpectedFees:
    """What the contract says, by component, in minor units of the net currency."""

    rule_id: str
    commission_minor: int
    markup_minor: int
    scheme_fee_minor: int
    interchange_minor: int

    @property
    def total_minor(self) -> int:
        """The whole cost: what is compared with the sum of the charged components."""
        return self.commission_minor + self.markup_minor + self.scheme_fee_minor + self.interchange_minor


def rule_for(rules: Iterable[FeeRule], kind: MoneyKind, method: str | None, on: date) -> FeeRule | None:
    """The first line that covers the movement, in contract order; None: not predictable, so not checked."""
    return next((rule for rule in rules if rule.covers(kind, method, on)), None)


def expected_fees(
    rules: Iterable[FeeRule], kind: MoneyKind, method: str | None, on: date, basis_minor: int, net_currency: str
) -> ExpectedFees | None:
    """What the movement should cost, or None where the contract is silent.

    Units: `basis_minor` is the gross converted into `net_currency` (integer, any sign).
    """
    rule = rule_for(rules, kind, method, on)
    if rule is None:
        return None
    charges = (rule.commission, rule.markup, rule.scheme_fee, rule.interchange)
    amounts = [charge.on(basis_minor, net_currency) if charge is not None else 0 for charge in charges]
    return ExpectedFees(rule.rule_id, *amounts)
