"""Was the input itself in order? Gates G1 to G7, each subject counted, each failure a break or a refused row too. For the ladder and its report.

G1 and G2 (file seen once, header known) are landing's: a refused file has no items, so what arrives here passed; the others are checked on items.
The traps: a batch that adds up although one of its rows does not (G4 names the row), a missing file nobody asked for (G3), and a statement that a bank
sends again, corrected or in another message version, taken for the next one (G6: the one known last stands). A PSP whose report prints a balance after
each row has statements too, under `<psp> <account>`; its downloads may overlap, so one that begins before the last one ended does not follow it.
Source: reference LR §5.2.
"""

from __future__ import annotations

import polars as pl

from assets.reconciliation.bench import Bench

# A hole wider than this is another numbering, not that many lost files.
_WIDEST_HOLE = 50

_GAPS = f"""
insert into finding
with numbered as (
    select distinct psp, account, cast(batch_id as bigint) as number
    from live join terms using (psp, account) where is_consecutive and family = 'settlement' and regexp_full_match(coalesce(batch_id, ''), '[0-9]{{1,9}}')
),
spaced as (
    select *, lead(number) over (partition by psp, account order by number) as next_number from numbered
)
select hash('batch', psp, account, missing), 'batch_gap', null, psp, account,
    (select min(l.counted_currency) from live l where l.psp = s.psp and l.account = s.account and l.batch_id = cast(s.next_number as varchar)),
    0, null, cast(missing as varchar), null,
    'batch ' || missing, null, 'batch:' || psp || ':' || account || ':' || missing,
    (select min(l.booked_on) from live l where l.psp = s.psp and l.account = s.account and l.batch_id = cast(s.next_number as varchar)),
    (select min(l.known_at) from live l where l.psp = s.psp and l.account = s.account and l.batch_id = cast(s.next_number as varchar))
from spaced s, unnest(range(number + 1, next_number)) as holes (missing)
where next_number - number between 2 and {_WIDEST_HOLE}
"""

_STATEMENTS = """
insert into finding
with owned as (
    select psp || ' ' || account as bank_account, psp, account from terms
    union all select account, null, account from ours where account not in (select psp || ' ' || account from terms)
),
standing as (
    select s.*, o.psp, o.account from statement s join owned o using (bank_account)
    qualify row_number() over (partition by bank_account, currency, statement_id, opening_date, closing_date
        order by known_at desc, closing_minor, opening_minor) = 1
),
following as (
    select *, lag(closing_minor) over earlier as previous_minor, lag(closing_date) over earlier as previous_date from standing
    window earlier as (partition by bank_account, currency order by opening_date, closing_date, statement_id)
),
judged as (
    select *, case
        when opening_minor + moves_minor <> closing_minor then closing_minor - opening_minor - moves_minor
        when previous_minor is not null and previous_minor <> opening_minor and (psp is null or opening_date > previous_date)
            then opening_minor - previous_minor end as off_minor
    from following
)
select hash('statement', bank_account, currency, statement_id, opening_date, closing_date), 'statement_gap', null, psp,
    account, currency, off_minor, null, statement_id, null,
    statement_id, 'opening ' || money(opening_minor, currency) || ', moves ' || money(moves_minor, currency) || ', closing '
        || money(closing_minor, currency) || ', previous closing ' || coalesce(money(previous_minor, currency), 'unknown'),
    concat_ws(':', 'statement', bank_account, currency, statement_id, opening_date, closing_date), closing_date, known_at
from judged where off_minor is not null
"""

# A manual payout names no lines, so its batch never adds up by itself; what two people confirmed (L9) makes it whole, and L9 checked the money.
_EXPLAINED = """
create table explained as
select hash('payout', i.psp, i.account, i.batch_id, i.counted_currency) as case_id
from agreement a join ending e on e.case_id = a.case_id join open_item i on i.n = e.n
where a.layer = 'L9' and i.source = 'payout' and i.kind = 'payout'
"""

_REPORT = """
select 'G3' as gate, psp || ' ' || account as subject, count(distinct batch_id) as checked_count,
    (select count(*) from finding f where f.break_class = 'batch_gap' and f.psp = l.psp and f.account = l.account) as failed_count
from live l join terms using (psp, account) where is_consecutive and family = 'settlement' and batch_id is not null group by psp, account
union all
select 'G4', coalesce(file_name, psp || ' ' || account), count(*), count(*) filter (where not ties) from row_checked group by 2
union all
select 'G4', concat_ws(', ', file_name, 'line ' || line_no, item_key), 1, 1 from row_checked where not ties
union all
select 'G5', psp || ' ' || account, count(*),
    count(*) filter (where payout_minor is not null and 2 * abs(residue_minor) > conversions and case_id not in (select case_id from explained))
from batch_total group by psp, account
union all
select 'G6', bank_account, count(*),
    (select count(*) from finding f where f.break_class = 'statement_gap' and concat_ws(' ', f.psp, f.account) = s.bank_account)
from statement s group by bank_account
union all
select 'G7', coalesce(psp, 'bank') || ' ' || account, count(*), count(*) filter (where kind = 'unknown')
from live where family in ('activity', 'settlement') group by 2
"""


def apply(bench: Bench) -> None:
    """Find missing batches and statements that do not follow each other."""
    bench.run(_GAPS, _STATEMENTS)


def report(bench: Bench) -> pl.DataFrame:
    """What each gate looked at, as the GATES table."""
    bench.run(_EXPLAINED)
    rows = bench.frame(
        f"select gate, subject, sum(checked_count)::bigint as checked_count, sum(failed_count)::bigint as failed_count from ({_REPORT}) group by all"
    )
    return rows.with_columns((pl.col("failed_count") == 0).alias("passed")).sort("gate", "subject")
