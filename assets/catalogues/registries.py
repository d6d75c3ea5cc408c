"""Which rows does each catalogue have: the registries of the service as frames. Pure; for the catalogue assets.

The trap: a date that no database holds. `date.min` and `date.max` of the registries become the widest dates all our engines know.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from datetime import date, time

import polars as pl

from assets.catalogues import tables
from transactional.ledger.accounts import CHART
from transactional.payments.facts import MONEY_KIND_OF
from transactional.payments.fee_schedules import COMPONENTS, FeeRule
from transactional.payments.merchant_accounts import MERCHANT_ACCOUNTS
from transactional.payments.money_kinds import ACCOUNT_KINDS, EXPECTED_SIGN, PLAYER_KINDS, MoneyKind
from transactional.payments.psps.registry import SPECS
from transactional.reconciliation.close_limits import CLOSE_LIMITS
from transactional.reconciliation.designations import DESIGNATIONS
from transactional.reconciliation.service_levels import SERVICE_LEVELS
from transactional.vocabulary.currencies import PERIODS
from transactional.vocabulary.tables import ColumnType, Table

Row = tuple[object, ...]

EARLIEST, LATEST = date(1900, 1, 1), date(9999, 12, 31)
_DTYPES = {
    ColumnType.TEXT: pl.String(),
    ColumnType.BIGINT: pl.Int64(),
    ColumnType.INTEGER: pl.Int32(),
    ColumnType.BOOLEAN: pl.Boolean(),
    ColumnType.DATE: pl.Date(),
}


def catalogue(table: Table) -> pl.DataFrame:
    """The rows of one catalogue, in the shape of its contract. Raises: KeyError for a table that is no catalogue."""
    return pl.DataFrame(list(_ROWS[table.name]()), schema={column.name: _DTYPES[column.type] for column in table.columns}, orient="row")


def _psps() -> Iterator[Row]:
    for spec in SPECS.values():
        yield (
            spec.psp,
            spec.zone,
            _day_shift(spec.cut_off),
            spec.activity_lag_days,
            spec.settles_after_days,
            spec.settlement_grace_days,
            spec.bank_lag_days,
            spec.batch_numbering,
            spec.source,
        )


def _merchant_accounts() -> Iterator[Row]:
    for account in MERCHANT_ACCOUNTS:
        spec = SPECS.get(account.psp)
        pairs = " ".join(f"{paid}>{settled}" for paid, settled in sorted(account.settlement_currency.items()))
        shift = _day_shift(spec.cut_off) if spec else 0
        yield account.psp, account.account, account.zone, shift, account.has_activity_reports, pairs, *_period(account.since, account.until)


def _fee_rules() -> Iterator[Row]:
    for account in MERCHANT_ACCOUNTS:
        for order, rule in enumerate(account.fees, start=1):
            kinds, methods = ",".join(sorted(rule.kinds)), ",".join(rule.methods)
            yield account.psp, account.account, rule.rule_id, order, kinds, methods, _charges(rule), *_period(rule.since, rule.until)


def _charges(rule: FeeRule) -> str:
    """A person's reading of a contract line; the engine has the numbers from the registry itself."""
    parts = []
    for component in COMPONENTS:
        name = component.removesuffix("_minor")
        charge = getattr(rule, name)
        if charge is not None:
            fixed = "".join(f" + {minor} {currency} minor" for currency, minor in sorted(charge.fixed_minor.items()))
            parts.append(f"{name} {charge.bps} bps{fixed}")
    return "; ".join(parts) or "free"


def _money_kinds() -> Iterator[Row]:
    families = {MoneyKind.PAYOUT: "payout", MoneyKind.PAYOUT_RETURNED: "payout", MoneyKind.BANK_MOVEMENT: "bank"}
    for kind in MoneyKind:
        family = "player" if kind in PLAYER_KINDS else "account" if kind in ACCOUNT_KINDS else families.get(kind, "other")
        yield kind.value, family, EXPECTED_SIGN.get(kind)


def _fact_kinds() -> Iterator[Row]:
    for fact, money in MONEY_KIND_OF.items():
        yield fact.value, money.value if money else None


def _account_classes() -> Iterator[Row]:
    for name, each in CHART.items():
        side = each.funds_side.value if each.funds_side else None
        yield name, each.normal_side.value, each.subject.value, each.floor_minor, side, each.funds_component


def _currencies() -> Iterator[Row]:
    for code, periods in sorted(PERIODS.items()):
        for period in periods:
            yield code, period.exponent, *_period(period.since, period.until)


def _service_levels() -> Iterator[Row]:
    for level in SERVICE_LEVELS:
        yield level.min_reporting_minor, level.hours, *_period(level.since, level.until)


def _close_limits() -> Iterator[Row]:
    for limit in CLOSE_LIMITS:
        yield limit.currency, limit.limit_minor, *_period(limit.since, limit.until)


def _designated_accounts() -> Iterator[Row]:
    for each in DESIGNATIONS:
        yield each.holder, each.account, *_period(each.since, each.until)


def _day_shift(cut_off: time) -> int:
    seconds = cut_off.hour * 3600 + cut_off.minute * 60 + cut_off.second
    return (86_400 - seconds) % 86_400


def _period(since: date, until: date) -> tuple[date, date]:
    return max(since, EARLIEST), min(until, LATEST)


_ROWS: Mapping[str, Callable[[], Iterator[Row]]] = {
    tables.PSPS.name: _psps,
    tables.MERCHANT_ACCOUNTS.name: _merchant_accounts,
    tables.FEE_RULES.name: _fee_rules,
    tables.MONEY_KINDS.name: _money_kinds,
    tables.FACT_KINDS.name: _fact_kinds,
    tables.ACCOUNT_CLASSES.name: _account_classes,
    tables.CURRENCIES.name: _currencies,
    tables.SERVICE_LEVELS.name: _service_levels,
    tables.CLOSE_LIMITS.name: _close_limits,
    tables.DESIGNATED_ACCOUNTS.name: _designated_accounts,
}
