"""Is every player's money there? What we owe players against what covers it, line by line, with each difference explained. Pure; for `countroom funds`,
the day's page, and as the second telling of the marts ledger.agg_player_funds_daily and ledger.agg_safeguarding_daily.

Two questions are kept apart. Books: liability and resources of one ledger, so that what is left over is exactly what all other accounts hold (`house`).
Statements: what banks and PSPs say of the same resources; each difference to the books has a cause (`differences`, resource_differences.py), and what has
none stands as `unexplained`. The traps: a surplus that comes from money on an account that pays the salaries (only designated accounts count), a bet that
is in no column between stake and result, and one total in euro that hides a currency nobody can pay out.

Units: minor. Sign: what we owe and what covers it are positive; a shortfall is negative. Bitemporal: facts effective by the end of `day` (UTC for the
books, the source's own date for lines) and known by `moment`. Source: LR, regulatory requirements of UKGC LCCP 4.1.1, MGA, FCA CASS 15.8.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal

import polars as pl

from assets.ledger.resource_differences import DIFFERENCES, effects_of, explained
from transactional.ledger.accounts import CHART, FundsSide
from transactional.vocabulary.currencies import exponent_of
from transactional.vocabulary.money import convert

BOOKS: Mapping[str, pl.DataType] = {
    "account_class": pl.String(),
    "holder": pl.String(),
    "account": pl.String(),
    "currency": pl.String(),
    "batch_id": pl.String(),
    "kind": pl.String(),
    "amount_minor": pl.Int64(),
}
"""The ledger's postings by the end of a day, summed: `holder` is `bank` or the PSP (empty for accounts of neither), `batch_id` that of a payout."""

_LIABILITIES: Mapping[str, pl.DataType] = {"currency": pl.String(), "component": pl.String(), "amount_minor": pl.Int64()}
_RESOURCES: Mapping[str, pl.DataType] = {
    "currency": pl.String(),
    "component": pl.String(),
    "holder": pl.String(),
    "account": pl.String(),
    "books_minor": pl.Int64(),
    "statement_minor": pl.Int64(),
}
_HOUSE: Mapping[str, pl.DataType] = {"currency": pl.String(), "account_class": pl.String(), "amount_minor": pl.Int64()}
_TOTALS: Mapping[str, pl.DataType] = {
    "currency": pl.String(),
    "requirement_minor": pl.Int64(),
    "books_minor": pl.Int64(),
    "statement_minor": pl.Int64(),
    "books_surplus_minor": pl.Int64(),
    "statement_surplus_minor": pl.Int64(),
    "unexplained_minor": pl.Int64(),
    "rate": pl.String(),
    "rate_date": pl.Date(),
    "reporting_requirement_minor": pl.Int64(),
    "reporting_statement_minor": pl.Int64(),
    "reporting_surplus_minor": pl.Int64(),
}
SHAPES: Mapping[str, Mapping[str, pl.DataType]] = {
    "totals": _TOTALS,
    "liabilities": _LIABILITIES,
    "resources": _RESOURCES,
    "differences": DIFFERENCES,
    "house": _HOUSE,
}
"""The frames of a proof, in the order in which a person reads them."""


@dataclass(frozen=True, slots=True)
class FundsFacts:
    """All that a proof depends on. `books` in the shape BOOKS; `items`, `statements`, `gaps` as ITEMS, STATEMENTS, GAPS of resource_differences;
    `designated`: the accounts of the day as (holder, account); `rates`: rate_date, base_currency, currency, rate as text (units of the currency for one
    of the base)."""

    day: date
    moment: datetime
    reporting_currency: str
    books: pl.DataFrame
    items: pl.DataFrame
    statements: pl.DataFrame
    gaps: pl.DataFrame
    designated: frozenset[tuple[str, str]]
    rates: pl.DataFrame


@dataclass(frozen=True, slots=True)
class FundsProof:
    """The proof of one day, as known at one moment. Frames as SHAPES.

    `house` explains the surplus of the books: what the other accounts hold, with the sign in which it adds to the surplus. A class of `resources` in it is
    an account that is not designated. `differences` explains statement less books. Currencies without a rate have no reporting amounts and make
    `reporting_surplus_minor` None.
    """

    day: date
    moment: datetime
    reporting_currency: str
    totals: pl.DataFrame
    liabilities: pl.DataFrame
    resources: pl.DataFrame
    differences: pl.DataFrame
    house: pl.DataFrame

    @property
    def reporting_surplus_minor(self) -> int | None:
        """Surplus (shortfall below zero) of what banks and PSPs say, over all currencies; None when one of them has no rate."""
        amounts = self.totals["reporting_surplus_minor"]
        return None if amounts.null_count() else int(amounts.sum())

    @property
    def unexplained_count(self) -> int:
        """In how many currencies something between books and statements has no cause."""
        return int((self.totals["unexplained_minor"] != 0).sum())

    @property
    def is_covered(self) -> bool:
        """Whether players' money is there, told by banks and PSPs, with nothing unexplained and every currency converted."""
        surplus = self.reporting_surplus_minor
        return surplus is not None and surplus >= 0 and not self.unexplained_count


def prove(facts: FundsFacts) -> FundsProof:
    """The proof. The same facts give the same proof, whatever their order."""
    sided = _sided(facts)
    liabilities = _liabilities(sided)
    effects = effects_of(facts.items, facts.statements, facts.gaps, facts.books, facts.day, facts.designated)
    resources = effects.group_by("currency", "component", "holder", "account").agg(pl.col("books_minor", "statement_minor").sum())
    differences = explained(effects)
    others = sided.filter(pl.col("side") == _HOUSE_SIDE)
    house = others.group_by("currency", "account_class").agg(-pl.col("amount_minor").sum()).filter(pl.col("amount_minor") != 0)
    parts = {"liabilities": liabilities, "resources": resources, "differences": differences, "house": house}
    shaped = {name: _shaped(name, frame) for name, frame in parts.items()}
    totals = _totals(facts, shaped)
    return FundsProof(facts.day, facts.moment, facts.reporting_currency, totals=_shaped("totals", totals), **shaped)


_HOUSE_SIDE = "house"
COMPONENTS = tuple(each.funds_component for each in CHART.values() if each.funds_side is FundsSide.LIABILITY)
"""The lines of what is owed."""


def _liabilities(sided: pl.DataFrame) -> pl.DataFrame:
    """Every component in every currency, the empty ones too: a line that is not there is a question, a zero is an answer."""
    owed = sided.filter(pl.col("side") == FundsSide.LIABILITY.value).group_by("currency", "component").agg(-pl.col("amount_minor").sum())
    grid = owed.select("currency").unique().join(pl.DataFrame({"component": COMPONENTS}), how="cross")
    return grid.join(owed, on=["currency", "component"], how="left").with_columns(pl.col("amount_minor").fill_null(0))


def _sided(facts: FundsFacts) -> pl.DataFrame:
    """Every class with the side it is on; a resource that is not designated is the house's."""
    rows = [(name, each.funds_side.value if each.funds_side else _HOUSE_SIDE, each.funds_component) for name, each in CHART.items()]
    classes = pl.DataFrame(rows, schema={"account_class": pl.String(), "side": pl.String(), "component": pl.String()}, orient="row")
    designated = pl.DataFrame(sorted(facts.designated), schema={"holder": pl.String(), "account": pl.String()}, orient="row").with_columns(ours=True)
    joined = facts.books.join(classes, on="account_class", how="left").join(designated, on=["holder", "account"], how="left")
    is_house = (pl.col("side") == FundsSide.RESOURCE.value) & pl.col("ours").is_null()
    return joined.with_columns(side=pl.when(is_house).then(pl.lit(_HOUSE_SIDE)).otherwise("side"))


def _totals(facts: FundsFacts, parts: Mapping[str, pl.DataFrame]) -> pl.DataFrame:
    summed = {
        "requirement_minor": _by_currency(parts["liabilities"], "amount_minor"),
        "books_minor": _by_currency(parts["resources"], "books_minor"),
        "statement_minor": _by_currency(parts["resources"], "statement_minor"),
        "unexplained_minor": _by_currency(parts["differences"].filter(pl.col("cause") == "unexplained"), "amount_minor"),
    }
    rows = []
    for currency in sorted(set().union(*summed.values())):
        row: dict[str, object] = {"currency": currency}
        amounts = {name: by.get(currency, 0) for name, by in summed.items()}
        surplus = amounts["statement_minor"] - amounts["requirement_minor"]
        row |= amounts | {"books_surplus_minor": amounts["books_minor"] - amounts["requirement_minor"], "statement_surplus_minor": surplus}
        quoted = rate_on(facts.rates, currency, facts.reporting_currency, facts.day)
        if quoted is not None:
            rate, row["rate_date"] = quoted
            row["rate"] = str(rate)
            told = {"requirement": amounts["requirement_minor"], "statement": amounts["statement_minor"]}
            row |= {f"reporting_{name}_minor": _converted(minor, rate, currency, facts.reporting_currency, facts.day) for name, minor in told.items()}
            row["reporting_surplus_minor"] = _converted(surplus, rate, currency, facts.reporting_currency, facts.day)
        rows.append(row)
    return pl.DataFrame(rows, schema=dict(_TOTALS))


def rate_on(rates: pl.DataFrame, currency: str, reporting_currency: str, day: date) -> tuple[Decimal, date] | None:
    """The last rate of the day or before (units of the currency for one of the reporting currency), and its date; None where nobody quoted one."""
    if currency == reporting_currency:
        return Decimal(1), day
    mine = (pl.col("base_currency") == reporting_currency) & (pl.col("currency") == currency) & (pl.col("rate_date") <= day)
    found = rates.filter(mine).sort("rate_date")
    return None if found.is_empty() else (Decimal(str(found["rate"][-1])), found["rate_date"][-1])


def converted_surplus(surplus: pl.DataFrame, rates: pl.DataFrame, reporting_currency: str, day: date) -> tuple[int, tuple[str, ...]]:
    """The surpluses of all currencies (currency, amount_minor) in the reporting currency, and the currencies nobody quotes, which are not in it."""
    total, unquoted = 0, []
    for currency, minor in surplus.select("currency", "amount_minor").iter_rows():
        quoted = rate_on(rates, currency, reporting_currency, day)
        if quoted is None:
            unquoted.append(currency)
        else:
            total += _converted(minor, quoted[0], currency, reporting_currency, day)
    return total, tuple(unquoted)


def _converted(minor: int, rate: Decimal, currency: str, reporting_currency: str, day: date) -> int:
    return convert(minor, 1 / rate, exponent_of(currency, day), exponent_of(reporting_currency, day))


def _by_currency(frame: pl.DataFrame, column: str) -> dict[str, int]:
    return {str(currency): int(minor) for currency, minor in frame.group_by("currency").agg(pl.col(column).sum()).iter_rows()}


def _shaped(name: str, frame: pl.DataFrame) -> pl.DataFrame:
    shape = SHAPES[name]
    keys = [column for column, kind in shape.items() if kind == pl.String() and column != "rate"]
    return frame.select(pl.col(column).cast(kind) for column, kind in shape.items()).sort(keys)
