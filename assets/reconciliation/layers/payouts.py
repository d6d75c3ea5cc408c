"""L5 and L6: do the lines of a batch add up to its payout, do our books say the same, and did it reach the bank? One ending a payout case.

A case is (psp, account, batch, currency): payout rows, account-level lines of the batch, our own booking of the payout, bank lines, and the line by which
a payout came back. Player lines of the batch are counted but belong to their own cases. The traps: a batch that adds up only because two errors
cancel (gate G4 looks at rows), money in two currencies added up, a bank credit given to one of two payouts it fits equally well, and a batch that ended
below zero taken for money to come: the PSP collects it, the bank shows a debit, and until then it is ours to pay (`negative_payout`).
Source: reference LR §4.2 (batch identity), §5.3 L5 and L6.
"""

from __future__ import annotations

from assets.reconciliation.bench import Bench

_MEMBERS = """
create table payout_member as
with counted as (
    select n, hash('payout', psp, account, batch_id, counted_currency) as case_id, psp, account, batch_id, counted_currency as currency,
        case when source = 'payout' and kind = 'payout' then 'payout' when source = 'ledger' then 'booked' else 'line' end as role
    from unclaimed where batch_id is not null and n not in (select n from ending) and (
        (source = 'payout' and kind = 'payout') or (source = 'settlement' and kind in (select kind from account_kind))
        or (source = 'ledger' and kind in ('payout', 'payout_returned')))
)
select * from counted
"""

# An account-level line of the activity report that the settlement report prints too (the PSP's own id) is told twice, and counted there.
_TOLD_TWICE = """
insert into ending
select a.n, null, 'repeated_in_file' from unclaimed a
where a.source = 'activity' and a.kind in (select kind from account_kind) and exists (
    select 1 from unclaimed s where s.source = 'settlement' and s.psp = a.psp and s.account = a.account and s.ext_id = a.ext_id)
"""

_BATCHES = """
create table batch_total as
select hash('payout', psp, account, batch_id, counted_currency) as case_id, psp, account, batch_id, counted_currency as currency,
    sum(counted_minor)::bigint as residue_minor, count(*) filter (where currency <> counted_currency) as conversions,
    sum(counted_minor) filter (where source = 'payout' and kind = 'payout')::bigint as payout_minor,
    max(booked_on) filter (where source = 'payout' and kind = 'payout') as paid_on, max(booked_on) as last_on, count(*) as line_count
from live where family = 'settlement' and batch_id is not null and n not in (select n from uncounted)
group by psp, account, batch_id, counted_currency
"""

# Every payout with the words a bank line may repeat. `wanted_minor`: what the bank should show.
_PAYOUTS = """
create table payout as
select p.n, m.case_id, p.psp, p.account, m.currency, -p.counted_minor as wanted_minor, p.booked_on, d.bank_due, p.batch_id, p.modification_reference,
    case when regexp_matches(squeezed(p.bank_reference), 'TX[0-9A-Z]+XT') then regexp_extract(squeezed(p.bank_reference), 'TX[0-9A-Z]+?XT')
        when length(squeezed(p.bank_reference)) >= 6 then squeezed(p.bank_reference) end as token,
    case when length(squeezed(p.batch_id)) >= 8 then squeezed(p.batch_id) end as batch_token
from unclaimed p join payout_member m on m.n = p.n and m.role = 'payout'
    join due d on d.psp = p.psp and d.account = p.account and d.day = p.booked_on
where p.counted_minor <> 0
"""

_BANK_LINES = (
    """
    create table bank_line as
    select b.n, b.account, b.currency, b.amount_minor, b.booked_on, squeezed(b.bank_reference) as words
    from unclaimed b where b.source = 'bank' and b.account in (select account from ours) and b.n not in (select n from ending)
    """,
    """
    create table named as
    select p.n as payout_n, b.n as bank_n, b.amount_minor = p.wanted_minor as is_equal, sign(b.amount_minor) = sign(p.wanted_minor) as is_arrival
    from payout p join bank_line b on b.currency = p.currency
        and (contains(b.words, p.token) or contains(b.words, p.batch_token))
    """,
    # by reference: the only arrival it names, or the only one of them with the right amount
    """
    create table arrival as
    with ranked as (
        select *, count(*) over (partition by payout_n) as of_payout, count(*) over (partition by bank_n) as of_line,
            count(*) filter (where is_equal) over (partition by payout_n) as equal_of_payout,
            count(*) filter (where is_equal) over (partition by bank_n) as equal_of_line
        from named where is_arrival
    )
    select payout_n, bank_n, 'reference' as how from ranked
    where (of_payout = 1 and of_line = 1) or (is_equal and equal_of_payout = 1 and equal_of_line = 1)
    """,
    # by amount and time, when exactly one payout and one line are left for each other
    """
    insert into arrival
    with fitting as (
        select p.n as payout_n, b.n as bank_n
        from payout p join bank_line b on b.currency = p.currency and b.amount_minor = p.wanted_minor
            and b.booked_on between p.booked_on - 1 and p.bank_due + (select bank from window_days)::integer
        where p.n not in (select payout_n from arrival) and b.n not in (select bank_n from named)
            and not exists (select 1 from naming w where w.psp <> p.psp and contains(b.words, w.word))
    ),
    counted as (
        select *, count(*) over (partition by payout_n) as lines, count(*) over (partition by bank_n) as payouts from fitting
    )
    select payout_n, bank_n, 'amount' from counted where lines = 1 and payouts = 1
    """,
)

_RETURNS = (
    # the bank takes a payout back: it names it, in the other direction
    """
    create table bounce as
    select p.case_id, n.bank_n as n, false as is_stray from named n join payout p on p.n = n.payout_n where not n.is_arrival
        and n.bank_n not in (select bank_n from arrival)
    """,
    # the PSP has it in the balance again
    """
    insert into bounce
    with returned as (
        select r.n, r.psp, r.account, r.counted_currency as currency, r.counted_minor, r.booked_on, squeezed(r.bank_reference) as words,
            r.modification_reference, r.psp_reference, r.batch_id
        from unclaimed r where r.source in ('payout', 'settlement') and r.kind = 'payout_returned' and r.n not in (select n from ending)
    ),
    meant as (
        select r.n, p.case_id, case
                when contains(r.words, p.token) or contains(r.words, p.batch_token) or p.batch_id in (r.modification_reference, r.psp_reference)
                    or p.modification_reference in (r.modification_reference, r.psp_reference) then 1
                when r.counted_minor = p.wanted_minor and p.booked_on <= r.booked_on then 2 end as rank
        from returned r join payout p on p.psp = r.psp and p.account = r.account and p.currency = r.currency and p.batch_id is distinct from r.batch_id
    ),
    best as (
        select *, min(rank) over (partition by n) as best_rank from meant where rank is not null
    )
    select any_value(case_id), n, false from best where rank = best_rank group by n having count(distinct case_id) = 1
    """,
    """
    insert into bounce
    select hash('returned', item_key), n, true from unclaimed
    where kind = 'payout_returned' and source in ('payout', 'settlement') and n not in (select n from ending) and n not in (select n from bounce)
    """,
    # what the activity report says of a return is the same return
    """
    insert into bounce
    select b.case_id, a.n, b.is_stray
    from unclaimed a join unclaimed s on s.psp = a.psp and s.account = a.account and s.ext_id = a.ext_id join bounce b on b.n = s.n
    where a.source = 'activity' and a.kind = 'payout_returned' and a.n not in (select n from ending) and a.n not in (select n from bounce)
    """,
)

_CASES = """
create table payout_case as
with cases as (
    select m.case_id, any_value(m.psp) as psp, any_value(m.account) as account, any_value(m.batch_id) as batch_id, any_value(m.currency) as currency,
        bool_or(role = 'booked') as is_booked, bool_or(role = 'payout') as has_payout, bool_or(role = 'line') as has_lines, max(i.booked_on) as last_on
    from payout_member m join open_item i on i.n = m.n group by m.case_id
    union all
    -- a batch of player lines alone is a case too once it should have been paid and was not
    select b.case_id, b.psp, b.account, b.batch_id, b.currency, false, false, false, b.last_on
    from batch_total b where b.case_id not in (select case_id from payout_member)
),
booked as (
    select m.case_id, sum(i.amount_minor) filter (where i.kind = 'payout')::bigint as booked_minor from payout_member m join open_item i on i.n = m.n
    where m.role = 'booked' group by m.case_id
),
banked as (
    select p.case_id, sum(b.amount_minor)::bigint as banked_minor, count(*) as arrivals
    from arrival a join payout p on p.n = a.payout_n join bank_line b on b.n = a.bank_n group by p.case_id
)
select c.*, coalesce(b.residue_minor, 0) as residue_minor, coalesce(b.conversions, 0) as conversions, b.payout_minor, b.paid_on,
    coalesce(b.last_on, c.last_on) as settled_on,
    k.booked_minor, a.banked_minor, coalesce(a.arrivals, 0) as arrivals,
    (select count(*) from payout p where p.case_id = c.case_id) as payouts,
    (select sum(p.wanted_minor)::bigint from payout p where p.case_id = c.case_id and p.n not in (select payout_n from arrival)) as awaited_minor,
    c.case_id in (select case_id from bounce) as is_bounced, t.today,
    bool_or(c.is_booked) over (partition by c.psp, c.account) as books_payouts
from cases c join terms t on t.psp = c.psp and t.account = c.account
    left join batch_total b using (case_id) left join booked k using (case_id) left join banked a using (case_id)
"""

_FINDINGS = (
    """
    insert into finding
    with judged as (
        select c.*, d.settlement_due, e.bank_due, 2 * abs(residue_minor) <= conversions as within_rounding
        from payout_case c left join due d on d.psp = c.psp and d.account = c.account and d.day = c.settled_on
            left join due e on e.psp = c.psp and e.account = c.account and e.day = c.paid_on
    ),
    verdict as (
        select *, case
            when is_bounced then 'payout_returned'
            when has_payout and not within_rounding then 'batch_residue'
            when has_payout and booked_minor <> payout_minor then 'amount'
            when has_payout and arrivals = payouts and banked_minor <> -payout_minor then 'amount'
            when has_payout and arrivals < payouts and today <= bank_due then 'timing_open'
            when has_payout and arrivals < payouts and awaited_minor < 0 then 'negative_payout'
            when has_payout and arrivals < payouts then 'missing_at_bank'
            when has_payout and booked_minor is null and books_payouts then 'missing_in_ledger'
            when not has_payout and is_booked then case when today <= settlement_due then 'timing_open' else 'missing_at_psp' end
            when not has_payout and not within_rounding then case when today <= settlement_due then 'timing_open' else 'batch_residue' end
            end as break_class
        from judged
    )
    select case_id, break_class,
        case when break_class = 'amount' then case when booked_minor <> payout_minor then 'ledger' else 'bank' end
            when break_class = 'missing_in_ledger' or (break_class = 'missing_at_psp') then 'payout' end,
        psp, account, currency,
        case break_class
            when 'amount' then case when booked_minor <> payout_minor then payout_minor - booked_minor else banked_minor + payout_minor end
            when 'batch_residue' then residue_minor
            when 'missing_in_ledger' then payout_minor
            when 'missing_at_psp' then -booked_minor
            when 'missing_at_bank' then awaited_minor
            when 'negative_payout' then awaited_minor
            when 'timing_open' then coalesce(awaited_minor, -payout_minor, -booked_minor, residue_minor)
            else coalesce(-payout_minor, -booked_minor, 0) end,
        case when break_class in ('timing_open', 'missing_at_bank', 'negative_payout') and has_payout then bank_due
            when break_class in ('timing_open', 'missing_at_psp', 'batch_residue') then settlement_due end,
        batch_id, 'payout', 'batch ' || batch_id,
        case break_class
            when 'timing_open' then case when has_payout then 'the bank line' else 'the payout' end
            when 'batch_residue' then 'lines ' || money(residue_minor - coalesce(payout_minor, 0), currency) || ', paid out '
                || money(coalesce(-payout_minor, 0), currency)
            when 'amount' then 'payout ' || money(-payout_minor, currency) || ', booked '
                || coalesce(money(-booked_minor, currency), 'nowhere') || ', at the bank ' || coalesce(money(banked_minor, currency), 'nothing')
            when 'payout_returned' then 'arrived ' || coalesce(money(banked_minor, currency), 'nothing') end,
        case when not has_payout and not is_booked and not has_lines then concat_ws(':', 'batch', psp, account, batch_id, currency) end, settled_on, null
    from verdict where break_class is not null and case_id not in (select case_id from bounce where is_stray)
    """,
    """
    insert into finding
    select b.case_id, 'payout_returned', 'unknown_payout', i.psp, i.account, i.counted_currency, i.counted_minor, null, i.batch_id, i.kind,
        coalesce(i.bank_reference, i.item_key), 'no payout fits it', null, null, null
    from bounce b join open_item i on i.n = b.n where b.is_stray and i.source <> 'activity'
    """,
    """
    insert into agreement
    select case_id, case when arrivals > 0 then 'L6' else 'L5' end, 'payout', psp, account, currency, coalesce(-payout_minor, 0), residue_minor, batch_id
    from payout_case c where (has_payout or is_booked or has_lines) and not exists (select 1 from finding f where f.case_id = c.case_id)
    """,
    "insert into ending select n, case_id, null from payout_member",
    "insert into ending select a.bank_n, p.case_id, null from arrival a join payout p on p.n = a.payout_n",
    "insert into ending select n, any_value(case_id), null from bounce group by n",
)

# Account-level lines that no batch has claimed yet: they wait for one.
_UNBATCHED = (
    """
    create table unbatched as
    select l.*, hash('unbatched', l.item_key) as case_id, t.today, d.settlement_due
    from unclaimed l join terms t on t.psp = l.psp and t.account = l.account join due d on d.psp = l.psp and d.account = l.account and d.day = l.booked_on
    where l.source in ('activity', 'settlement', 'payout', 'ledger', 'attempt') and l.n not in (select n from ending)
    """,
    """
    insert into finding
    select case_id, case when today <= settlement_due then 'timing_open' else 'missing_in_settlement' end, 'no_batch', psp, account, counted_currency,
        counted_minor, settlement_due, null, kind, coalesce(modification_reference, ext_id, item_key), 'its payout batch', null, null, null
    from unbatched
    """,
    "insert into ending select n, case_id, null from unbatched",
)

_LEFT_AT_BANK = (
    """
    insert into finding
    select hash('bank', i.item_key), 'unexplained_bank_line', null, (select min(w.psp) from naming w where contains(b.words, w.word)),
        b.account, b.currency,
        b.amount_minor, null, null, i.kind, i.item_key, 'line ' || coalesce(i.line_no, 0) || ' of ' || coalesce(i.file_name, '?'), null, null, null
    from bank_line b join open_item i on i.n = b.n
    where b.n not in (select n from ending) and (b.n in (select bank_n from named) or exists (select 1 from naming w where contains(b.words, w.word)))
    """,
    """
    insert into ending
    select b.n, hash('bank', i.item_key), null from bank_line b join open_item i on i.n = b.n
    where hash('bank', i.item_key) in (select case_id from finding where break_class = 'unexplained_bank_line')
    """,
    "insert into ending select n, null, 'not_psp' from unclaimed where source = 'bank' and n not in (select n from ending)",
)


def apply(bench: Bench) -> None:
    """End every payout case, every account-level line and every bank line."""
    bench.run(_TOLD_TWICE, _MEMBERS, _BATCHES, _PAYOUTS, *_BANK_LINES, *_RETURNS, _CASES, *_FINDINGS, *_UNBATCHED, *_LEFT_AT_BANK)
