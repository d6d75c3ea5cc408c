"""What did each batch put into the rolling reserve, what came back, and what should have come back by now? For the ladder and finance.

A reserve line belongs to its batch's payout case and ends there; this looks over batches, so what it finds has no items of its own (as a batch gap).
A release seldom names the hold it gives back. One of exactly a hold's amount is that hold's; what is left over goes to the oldest hold first, which is
how a rolling reserve rolls. So the amount that is still held is exact, and only which batch it is said of follows a rule.
The traps: a release of an earlier time (before the first file) that pays for a later hold, and a release date where nobody agreed one.
"""

from __future__ import annotations

from datetime import date, timedelta

import polars as pl

from assets.reconciliation.bench import Bench
from assets.reconciliation.context import RunContext
from assets.reconciliation.tables import RESERVES
from transactional.vocabulary.time import add_business_days

_LINES = """
create table reserve_line as
select psp, account, coalesce(batch_id, item_key) as batch_id, counted_currency as currency, counted_minor, booked_on, known_at
from unclaimed where kind = 'reserve' and source in ('activity', 'settlement')
    and n not in (select n from ending where reason = 'repeated_in_file')
"""

_SIDES = """
create table {name} as
with summed as (
    select psp, account, batch_id, currency, sum(abs(counted_minor))::bigint as amount_minor, min(booked_on) as day, max(known_at) as known_at
    from reserve_line where {sign} group by psp, account, batch_id, currency
)
select *, row_number() over (partition by psp, account, currency, amount_minor order by day, batch_id) as place from summed
"""

_PAIRED = """
create table released_whole as
select h.psp, h.account, h.currency, h.batch_id as hold_batch, r.batch_id as release_batch
from hold h join released r on r.psp = h.psp and r.account = h.account and r.currency = h.currency and r.amount_minor = h.amount_minor
    and r.place = h.place and r.day >= h.day
"""

# Of the rest: `still_minor` is the balance of a walk that never goes below zero, so that what was released before it was held here pays for nothing.
_OPEN = """
create table reserve_open as
with rest as (
    select h.psp, h.account, h.currency, h.batch_id, h.day, 1 as turn, h.amount_minor as moved from hold h
    where not exists (select 1 from released_whole w where (w.psp, w.account, w.currency, w.hold_batch) = (h.psp, h.account, h.currency, h.batch_id))
    union all
    select r.psp, r.account, r.currency, r.batch_id, r.day, 0, -r.amount_minor from released r
    where not exists (
        select 1 from released_whole w where (w.psp, w.account, w.currency, w.release_batch) = (r.psp, r.account, r.currency, r.batch_id))
),
walked as (
    select *, sum(moved) over (partition by psp, account, currency order by day, turn, batch_id rows unbounded preceding) as reached,
        sum(case when turn = 1 then moved else 0 end) over (
            partition by psp, account, currency order by day desc, turn desc, batch_id desc rows unbounded preceding) - moved as held_later
    from rest
),
ended as (
    select psp, account, currency, sum(moved) - least(0, min(reached)) as still_minor from walked group by psp, account, currency
)
select w.psp, w.account, w.currency, w.batch_id, greatest(0, least(w.moved, e.still_minor - w.held_later))::bigint as open_minor
from walked w join ended e using (psp, account, currency) where w.turn = 1
"""

_RESERVES = """
create table reserve as
select h.psp, h.account, h.batch_id, h.currency, h.day as held_on, h.amount_minor as held_minor, h.amount_minor - coalesce(o.open_minor, 0) as released_minor,
    coalesce(o.open_minor, 0) as open_minor, d.due_on,
    case when coalesce(o.open_minor, 0) = 0 then 'released' when d.due_on < t.today then 'overdue' else 'held' end as state, h.known_at
from hold h join terms t on t.psp = h.psp and t.account = h.account
    left join reserve_open o on (o.psp, o.account, o.currency, o.batch_id) = (h.psp, h.account, h.currency, h.batch_id)
    left join reserve_due d on d.psp = h.psp and d.account = h.account and d.held_on = h.day
"""

_NO_RESERVES = """
create table reserve (
    psp text, account text, batch_id text, currency text, held_on date, held_minor bigint, released_minor bigint, open_minor bigint, due_on date, state text)
"""

_FINDINGS = """
insert into finding
select hash('reserve', psp, account, batch_id, currency), 'reserve_unreleased', case when released_minor > 0 then 'in_part' end, psp, account, currency,
    open_minor, due_on, batch_id, 'reserve', batch_id, 'held ' || money(held_minor, currency) || ' on ' || held_on || ', came back '
        || money(released_minor, currency), concat_ws(':', 'reserve', psp, account, batch_id, currency), held_on, known_at
from reserve where state = 'overdue'
"""


def apply(bench: Bench, context: RunContext) -> None:
    """Follow every reserve; find the ones that are overdue. Leaves `reserve`. Runs after payouts.py, which knows the lines that are told twice."""
    bench.run(_LINES)
    if not bench.count("select count(*) from reserve_line"):
        bench.run(_NO_RESERVES)
        return
    bench.run(_SIDES.format(name="hold", sign="counted_minor < 0"), _SIDES.format(name="released", sign="counted_minor > 0"), _PAIRED, _OPEN)
    bench.put("reserve_due", _due_dates(bench.frame("select distinct psp, account, day from hold order by all"), context))
    bench.run(_RESERVES, _FINDINGS)


def followed(bench: Bench) -> pl.DataFrame:
    """Every hold, as the RESERVES table."""
    return bench.frame(f"select {', '.join(RESERVES.column_names())} from reserve order by psp, account, held_on, batch_id, currency")


def _due_dates(held: pl.DataFrame, context: RunContext) -> pl.DataFrame:
    """Last date for each account and day of holding that a term covers: the agreed days, then what a line takes to be settled."""
    rows: list[tuple[str, str, date, date]] = []
    for psp, account, day in held.iter_rows():
        terms = context.terms_of(psp, account)
        covering = context.reserve_terms.filter(
            (pl.col("psp") == psp) & (pl.col("account") == account) & (pl.col("since") <= day) & (pl.col("until") > day)
        )
        for days in covering["release_after_days"].head(1):
            settled = add_business_days(day + timedelta(days=days), terms.settles_after_days, context.holidays)
            rows.append((psp, account, day, settled + timedelta(days=terms.settlement_grace_days)))
    return pl.DataFrame(rows, schema={"psp": pl.String(), "account": pl.String(), "held_on": pl.Date(), "due_on": pl.Date()}, orient="row")
