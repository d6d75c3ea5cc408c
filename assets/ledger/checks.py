"""Is players' money there, and do the PSPs' balances follow from their lines? Asset checks that ask for a person; they stop nothing.

The trap: a shortfall that only the reader of a report sees. Here it stands on the asset, with its amount, after every run.
"""

from __future__ import annotations

from datetime import date

import dagster as dg
import polars as pl

from assets.ledger.player_funds import converted_surplus
from pipelines.resources.warehouse import Warehouse
from transactional.reconciliation.service_levels import REPORTING_CURRENCY

_SAFEGUARDING = dg.AssetKey(["ledger", "agg_safeguarding_daily"])
_WALLETS = dg.AssetKey(["reconciliation", "agg_psp_wallets"])

_SURPLUS = """
select business_date, currency, amount_minor from ledger.agg_safeguarding_daily
where side = 'surplus' and basis = 'statement'
    and business_date = (select max(business_date) from ledger.agg_safeguarding_daily where side = 'requirement')
order by currency
"""
_RATES = "select rate_date, base_currency, currency, rate::text as rate from staging.stg_fx__rates"
_RESIDUES = """
with latest as (
    select psp, account, currency, difference_minor from reconciliation.agg_psp_wallets
    where business_date = (select max(business_date) from reconciliation.agg_psp_wallets)
), residues as (
    select psp, account, currency, sum(residue_minor)::bigint as residue_minor
    from reconciliation.fct_payout_batches where payout_count > 0 group by psp, account, currency
)
select psp || ' ' || account || ' ' || currency as wallet, difference_minor, coalesce(residue_minor, 0) as residue_minor
from latest left join residues using (psp, account, currency)
where difference_minor <> 0 order by 1
"""
_PRINTED = """
with told as (
    select psp || ' ' || account || ' ' || currency as wallet, business_date, printed_minor, printed_difference_minor,
        row_number() over (partition by psp, account, currency order by business_date desc) as place
    from reconciliation.agg_psp_wallets where printed_minor is not null
)
select wallet, business_date, printed_minor, printed_difference_minor from told where place = 1 and printed_difference_minor <> 0 order by 1
"""
# the last list of each account; a list is of all its currencies at once
_LISTED = """
with last_lists as (
    select psp, account, max(business_date) as business_date from reconciliation.fct_psp_wallet_items group by psp, account
)
select psp || ' ' || account || ' ' || currency as wallet, business_date, finding, count(*) as line_count, sum(difference_minor)::bigint as difference_minor
from reconciliation.fct_psp_wallet_items join last_lists using (psp, account, business_date)
where finding <> 'agrees' group by 1, 2, 3 order by 1, 3
"""
_FOUND = {"only_listed": "listed and not ours", "only_ours": "ours and not listed", "amount": "of another amount"}


@dg.asset_check(
    asset=_SAFEGUARDING,
    additional_deps=[dg.AssetKey(["staging", "stg_fx__rates"])],
    description="What banks and PSPs say is on designated accounts covers what is owed to players, over all currencies in the reporting currency.",
)
def player_funds_are_covered(warehouse: dg.ResourceParam[Warehouse]) -> dg.AssetCheckResult:
    """Warns with the shortfall, or with the currencies that nobody quotes. `countroom funds DATE` says why."""
    surplus = warehouse.read(_SURPLUS)
    if surplus.is_empty():
        return dg.AssetCheckResult(passed=True, severity=dg.AssetCheckSeverity.WARN, description="nothing is owed to players yet")
    day = surplus["business_date"][0]
    total, unquoted = converted_surplus(surplus, warehouse.read(_RATES), REPORTING_CURRENCY, day)
    return dg.AssetCheckResult(
        passed=total >= 0 and not unquoted,
        severity=dg.AssetCheckSeverity.WARN,
        description=_told(day, total, unquoted),
        metadata={
            "day": dg.MetadataValue.text(day.isoformat()),
            "surplus, minor units": dg.MetadataValue.int(total),
            "reporting currency": dg.MetadataValue.text(REPORTING_CURRENCY),
            "by currency": dg.MetadataValue.md(_table(surplus)),
        },
    )


@dg.asset_check(
    asset=_WALLETS,
    additional_deps=[dg.AssetKey(["reconciliation", name]) for name in ("fct_payout_batches", "fct_psp_wallet_items")],
    description="Opening + movements - payouts = closing = sum of the open items = the balance that the PSP prints = the items that it lists, where it does.",
)
def psp_balances_are_their_open_items(warehouse: dg.ResourceParam[Warehouse]) -> dg.AssetCheckResult:
    """Warns of every balance whose closing is not the sum of its open items, or not the one that the PSP printed last, or whose items it lists otherwise."""
    residues, printed, listed = warehouse.read(_RESIDUES), warehouse.read(_PRINTED), warehouse.read(_LISTED)
    lines = [f"{wallet}: closing less open items {off}, of which batch residues {residue}" for wallet, off, residue in residues.iter_rows()]
    lines += [f"{wallet}: on {day} the PSP printed {minor}, which is {off} more than our lines" for wallet, day, minor, off in printed.iter_rows()]
    lines += [f"{wallet}: on {day} {count} open items are {_FOUND[finding]}, {off} in all" for wallet, day, finding, count, off in listed.iter_rows()]
    return dg.AssetCheckResult(
        passed=not lines,
        severity=dg.AssetCheckSeverity.WARN,
        metadata={"balances off": len(lines), "which": dg.MetadataValue.md("\n\n".join(lines) or "none")},
    )


def _told(day: date, total: int, unquoted: tuple[str, ...]) -> str:
    word = "shortfall" if total < 0 else "surplus"
    missing = f"; without a rate: {', '.join(unquoted)}" if unquoted else ""
    return f"{day}: {word} of {abs(total)} {REPORTING_CURRENCY} minor units{missing}"


def _table(surplus: pl.DataFrame) -> str:
    rows = [f"| {currency} | {minor} |" for _, currency, minor in surplus.iter_rows()]
    return "\n".join(["| currency | surplus, minor units |", "|---|---|", *rows])
