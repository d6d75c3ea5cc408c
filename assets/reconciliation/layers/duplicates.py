"""Who has one line too many? Takes the surplus out of each case before its amounts are compared.

A hop whose equal lines add up to a multiple of what the others say has a surplus: the ledger booked twice (`duplicate_ledger`), the PSP moved the money
twice (`duplicate_psp`), or a file printed the line twice (`duplicate_file`: same id in one file, or the batch adds up only without it).
The traps: the surplus reported as an amount difference, and a duplicate dropped by content (the money may really have moved twice).
Leaves `surplus` (n, case_id) and `uncounted` (lines a file printed again, which their batch must not count).
"""

from __future__ import annotations

from assets.reconciliation.bench import Bench

_TOTALS = """
create table hop_total as
with several as (
    select case_id from member group by case_id, hop having count(*) > 1
),
hop as (
    select case_id, source, count(*) as line_count, sum(amount_minor)::bigint as total_minor,
        min(amount_minor) as least_minor, max(amount_minor) as most_minor,
        count(distinct currency) as currencies, min(currency) as currency
    from member where case_id in (select case_id from several) group by case_id, source
)
select *, min(abs(total_minor)) over case_hops as base_minor, max(currencies) over case_hops as most_currencies,
    count(distinct currency) over case_hops as hop_currencies, count(*) over case_hops as hop_count
from hop window case_hops as (partition by case_id)
"""

_SURPLUS_LINES = """
create table surplus_line as
with surplus_hop as (
    select case_id, source, (abs(total_minor) - base_minor) // abs(least_minor) as surplus_count
    from hop_total
    where line_count > 1 and hop_count > 1 and most_currencies = 1 and hop_currencies = 1 and least_minor = most_minor and least_minor <> 0
        and base_minor > 0 and abs(total_minor) > base_minor and (abs(total_minor) - base_minor) % abs(least_minor) = 0
        and (abs(total_minor) - base_minor) // abs(least_minor) < line_count
),
one_side as (
    select case_id from surplus_hop group by case_id
    having count(distinct source in ('activity', 'settlement')) = 1
),
ranked as (
    select m.*, h.surplus_count, row_number() over (partition by m.case_id, m.source
        order by m.known_at desc, m.occurred_at desc, m.booked_on desc, coalesce(m.ext_id, '') desc, coalesce(m.file_name, '') desc,
            coalesce(m.line_no, 0) desc, m.item_key desc) as from_last
    from member m join surplus_hop h using (case_id, source) where m.case_id in (select case_id from one_side)
)
select * from ranked where from_last <= surplus_count
"""

# A file's repetition: the PSP's own id again in the same file; or, where it has no ids, a batch that adds up only without the surplus line. What a batch
# is off by because of repeated ids is explained already, and accuses no other line of the same amount.
_PRINTED_AGAIN = """
create table printed_again as
with same_id as (
    select s.n from surplus_line s where s.ext_id is not null and exists (
        select 1 from member m where m.case_id = s.case_id and m.source = s.source and m.n <> s.n and m.ext_id = s.ext_id and m.file_name = s.file_name)
),
same_words as (
    select s.n from surplus_line s where s.source = 'activity' and s.ext_id is null and exists (
        select 1 from member m where m.case_id = s.case_id and m.source = s.source and m.n <> s.n and m.file_name = s.file_name
            and m.occurred_at = s.occurred_at and m.counted_minor = s.counted_minor)
),
batch as (
    select psp, account, batch_id, counted_currency, sum(counted_minor) as residue_minor
    from live where family = 'settlement' and batch_id is not null and n not in (select n from same_id) group by all
),
suspect as (
    select s.n, s.counted_minor, b.residue_minor, sum(s.counted_minor) over (partition by i.psp, i.account, s.batch_id, s.counted_currency) as suspects_minor
    from surplus_line s join open_item i on i.n = s.n
        join batch b on b.psp = i.psp and b.account = i.account and b.batch_id = s.batch_id and b.counted_currency = s.counted_currency
    where s.source = 'settlement' and s.n not in (select n from same_id)
)
select n from same_id union select n from same_words
union select n from suspect where residue_minor <> 0 and (residue_minor = suspects_minor or residue_minor = counted_minor)
"""

_CLASSED = """
create table surplus as
with classed as (
    select s.*, case
        when s.source in ('ledger', 'attempt') then 'duplicate_ledger'
        when bool_or(s.n in (select n from printed_again)) over (partition by s.case_id) then 'duplicate_file'
        else 'duplicate_psp' end as break_class
    from surplus_line s
)
select *, hash(case_id, break_class) as surplus_id from classed
"""

_FINDINGS = (
    """
    insert into finding
    with ranked as (
        select s.*, dense_rank() over (partition by s.surplus_id order by case s.source when 'settlement' then 1 when 'ledger' then 1 else 2 end) as say
        from surplus s
    )
    select r.surplus_id, any_value(r.break_class), null, any_value(i.psp), any_value(i.account), any_value(r.currency),
        sum(r.amount_minor) filter (where r.say = 1), null, min(r.batch_id), any_value(i.kind),
        min(coalesce(i.modification_reference, i.psp_reference, i.item_key)), null, null, null, null
    from ranked r join open_item i on i.n = r.n group by r.surplus_id
    """,
    "insert into ending select n, surplus_id, null from surplus",
    "create table uncounted as select n from printed_again",
    "delete from member where n in (select n from surplus)",
)


def apply(bench: Bench) -> None:
    """End surplus lines, each side's together."""
    bench.run(_TOTALS, _SURPLUS_LINES, _PRINTED_AGAIN, _CLASSED, *_FINDINGS)
