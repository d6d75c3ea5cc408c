-- A step of a dispute is what the cases say of one kind of movement of one payment; several lines of one kind (an exchange adjustment) are one
-- step and are added up. A line that tells again, was restated or printed twice counts once.
with items as (
    select * from {{ ref('int_reconciliation__items_decided') }}
),

breaks as (
    select * from {{ ref('int_reconciliation__breaks_found') }}
),

counted as (
    select
        items.*,
        breaks.break_class,
        breaks.counts_as_break,
        coalesce(items.commission_minor, 0) + coalesce(items.markup_minor, 0) + coalesce(items.scheme_fee_minor, 0)
        + coalesce(items.interchange_minor, 0) as fee_minor,
        -- an item that prints no reference of the PSP is of the payment that its case is of
        coalesce(
            min(items.psp_reference) over (partition by items.case_id),
            min(items.merchant_reference) over (partition by items.case_id),
            items.item_key
        ) as payment_reference
    from items
    left join breaks
        on items.break_id = breaks.break_id
    where
        items.kind in ('chargeback', 'chargeback_reversed', 'second_chargeback')
        and items.case_id is not null
        and coalesce(breaks.break_class, '') not in ('restated', 'duplicate_file')
),

int_reconciliation__dispute_steps_taken as (
    select
        psp,
        account,
        payment_reference,
        currency,
        kind,
        min(modification_reference) as dispute_reference,
        count(distinct modification_reference) as reference_count,
        cast(sum(case when source = 'ledger' then amount_minor end) as bigint) as ledger_minor,
        cast(sum(case when source = 'attempt' then amount_minor end) as bigint) as attempt_minor,
        cast(sum(case when source = 'activity' then amount_minor end) as bigint) as activity_minor,
        cast(sum(case when source = 'settlement' then amount_minor end) as bigint) as settlement_minor,
        coalesce(substr(
            max(case when source = 'ledger' then '+ledger' else '' end)
            || max(case when source = 'attempt' then '+attempt' else '' end)
            || max(case when source = 'activity' then '+activity' else '' end)
            || max(case when source = 'settlement' then '+settlement' else '' end),
            2
        ), '') as hops,
        case
            when min(case when source = 'settlement' then net_currency end) = max(case when source = 'settlement' then net_currency end)
                then cast(sum(case when source = 'settlement' then fee_minor end) as bigint)
        end as fee_minor,
        case
            when min(case when source = 'settlement' then net_currency end) = max(case when source = 'settlement' then net_currency end)
                then min(case when source = 'settlement' then net_currency end)
        end as fee_currency,
        min(booked_on) as first_on,
        max(booked_on) as last_on,
        cast(count(*) as bigint) as item_count,
        min(break_id) as break_id,
        min(break_class) as break_class,
        {{ count_where('counts_as_break') }} as broken_count
    from counted
    group by psp, account, payment_reference, currency, kind
)

select * from int_reconciliation__dispute_steps_taken
