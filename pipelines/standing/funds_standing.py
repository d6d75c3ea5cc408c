"""The proof of player funds of a day, asked of the warehouse as it was known at any moment. For `countroom funds` and the day's page.

The engine is asked again with what was known by then, as for a day's standing, so that every difference between the books and a bank or PSP gets the
cause the reconciliation of that moment gave it. The traps: a statement or a rate that was corrected later, and a batch number that two merchant accounts
share (a posting on a bank account names no PSP: the PSP is that of its entry).
"""

from __future__ import annotations

from datetime import date, datetime
from typing import Any

import polars as pl

from assets.ledger.player_funds import BOOKS, SHAPES, FundsFacts, FundsProof, prove
from assets.ledger.resource_differences import GAPS, STATEMENTS
from assets.ledger.resource_differences import ITEMS as DECIDED
from assets.reconciliation.breaks import BreakClass
from assets.reconciliation.matching import Outcome, reconcile
from assets.reconciliation.tables import ITEMS
from pipelines.resources.warehouse import Warehouse
from pipelines.standing.day_standing import context_known_at
from transactional.payments.money_kinds import ACCOUNT_KINDS, PLAYER_KINDS, MoneyKind
from transactional.reconciliation.designations import designated_on
from transactional.reconciliation.service_levels import REPORTING_CURRENCY

_BOOKS = """
with known as (
    select entry_id, account_code, account_class, psp, merchant_account, currency, moved_kind, psp_reference, amount_minor
    from intermediate.int_ledger__postings_enriched where business_date <= $1::date and recorded_at <= $2::timestamptz
), payouts as (
    select entry_id, min(psp) as psp, min(merchant_account) as merchant_account from known
    where account_class = 'psp_payout_in_transit' group by entry_id
)
select known.account_class, case when known.account_class = 'bank' then 'bank' else coalesce(known.psp, '') end as holder,
    case when known.account_class = 'bank' then split_part(known.account_code, ':', 2) else coalesce(known.merchant_account, '') end as account,
    known.currency, payouts.psp || ':' || payouts.merchant_account || ':' || known.psp_reference as batch_id,
    known.moved_kind as kind, sum(known.amount_minor)::bigint as amount_minor
from known left join payouts on payouts.entry_id = known.entry_id
group by 1, 2, 3, 4, 5, 6
"""


def funds_as_known_at(warehouse: Warehouse, day: date, moment: datetime) -> FundsProof:
    """The proof of the end of a day with what was known at a moment. The same moment gives the same proof, whatever came later."""
    items = warehouse.read(ITEMS).filter(pl.col("known_at") <= moment)
    context = context_known_at(warehouse, moment, {})
    outcome = reconcile(items, context)
    gaps = outcome.breaks.filter(pl.col("break_class") == BreakClass.STATEMENT_GAP.value)
    books = warehouse.read(_BOOKS, [day.isoformat(), moment.isoformat()])
    return prove(
        FundsFacts(
            day=day,
            moment=moment,
            reporting_currency=REPORTING_CURRENCY,
            books=books.select(pl.col(name).cast(kind) for name, kind in BOOKS.items()),
            items=_decided(items, outcome),
            statements=context.statements.select(pl.col(name).cast(kind) for name, kind in STATEMENTS.items()),
            gaps=gaps.select(pl.col(name).cast(kind) for name, kind in GAPS.items()),
            designated=designated_on(day),
            rates=context.fx_rates,
        )
    )


def as_document(proof: FundsProof) -> dict[str, Any]:
    """For JSON: everything, amounts as integers of minor units beside their currency."""
    facts = {"day": proof.day, "moment": proof.moment, "reporting_currency": proof.reporting_currency}
    told = {"reporting_surplus_minor": proof.reporting_surplus_minor, "is_covered": proof.is_covered}
    return {**facts, **told, **{name: getattr(proof, name).to_dicts() for name in SHAPES}}


def _decided(items: pl.DataFrame, outcome: Outcome) -> pl.DataFrame:
    """The items and where the engine, asked as of that moment, says each of them ended."""
    groups = outcome.groups.select(case_id="group_id", break_class=pl.lit(None, pl.String()), case_psp="psp", case_account="account")
    breaks = outcome.breaks.select(case_id="break_id", break_class="break_class", case_psp="psp", case_account="account")
    ended = outcome.dispositions.select("item_key", "disposition", "reason", case_id=pl.coalesce("group_id", "break_id"))
    families = {kind.value: "player" if kind in PLAYER_KINDS else "account" if kind in ACCOUNT_KINDS else "other" for kind in MoneyKind}
    joined = items.join(ended, on="item_key").join(pl.concat([groups, breaks]), on="case_id", how="left")
    named = joined.with_columns(family=pl.col("kind").replace_strict(families, default="other"))
    return named.select(pl.col(name).cast(kind) for name, kind in DECIDED.items())
