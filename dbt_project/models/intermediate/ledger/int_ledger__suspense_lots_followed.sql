-- What put money into suspense and has not been released. What one payment put there and took out again is netted first: it was released by its own
-- entry and not by age. Of the rest the oldest goes first: what is open are the newest lots that make up the balance.
with postings as (
    select * from {{ ref('int_ledger__postings_enriched') }}
    where account_class = 'suspense'
),

named as (
    select
        *,
        coalesce(psp_reference, intent_id, entry_id) as lot_reference
    from postings
),

lots as (
    select
        account_code,
        psp,
        currency,
        lot_reference,
        {{ sum_minor('amount_minor') }} as net_minor,
        min(case when amount_minor > 0 then business_date end) as first_debit_date,
        min(case when amount_minor < 0 then business_date end) as first_credit_date,
        min(case when amount_minor > 0 then entry_id end) as first_debit_id,
        min(case when amount_minor < 0 then entry_id end) as first_credit_id,
        max(case when amount_minor > 0 then entry_id end) as last_debit_id,
        max(case when amount_minor < 0 then entry_id end) as last_credit_id,
        cast(count(*) as bigint) as posting_count
    from named
    group by account_code, psp, currency, lot_reference
),

-- entry ids grow with time (uuid7), so the first and the last of a lot are those of its first and last entry
dated as (
    select
        account_code,
        psp,
        currency,
        lot_reference,
        net_minor,
        posting_count,
        case when net_minor > 0 then first_debit_date else first_credit_date end as put_date,
        case when net_minor > 0 then first_debit_id else first_credit_id end as put_by_entry_id,
        case when net_minor > 0 then last_credit_id else last_debit_id end as released_by_entry_id
    from lots
    where net_minor <> 0
),

running as (
    select
        *,
        cast(sum(net_minor) over (partition by account_code, currency) as bigint) as balance_minor,
        cast(sum(net_minor) over (
            partition by
                account_code,
                currency,
                case when net_minor > 0 then 1 else -1 end
            order by put_date desc, put_by_entry_id desc, lot_reference desc
            rows between unbounded preceding and current row
        ) as bigint) as newest_minor
    from dated
),

-- a lot on the other side than the balance is used up; of the lot in which the balance ends a part is open
parted as (
    select
        *,
        case
            when balance_minor > 0 and net_minor > 0 then greatest(0, least(net_minor, balance_minor - (newest_minor - net_minor)))
            when balance_minor < 0 and net_minor < 0 then least(0, greatest(net_minor, balance_minor - (newest_minor - net_minor)))
            else 0
        end as open_minor
    from running
),

int_ledger__suspense_lots_followed as (
    select
        account_code,
        psp,
        currency,
        lot_reference,
        put_date,
        put_by_entry_id,
        released_by_entry_id,
        net_minor,
        cast(open_minor as bigint) as open_minor,
        cast(net_minor - open_minor as bigint) as set_off_minor,
        posting_count
    from parted
)

select * from int_ledger__suspense_lots_followed
