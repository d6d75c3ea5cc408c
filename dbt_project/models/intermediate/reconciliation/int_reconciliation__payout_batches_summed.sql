with items as (
    select * from {{ ref('int_reconciliation__items_decided') }}
),

breaks as (
    select * from {{ ref('int_reconciliation__breaks_found') }}
),

-- an ignored line tells again of money that is counted already; so do the older version of a restated line and a line that a file printed again
counted as (
    select
        items.*,
        coalesce(items.net_currency, items.currency) as batch_currency,
        coalesce(items.net_minor, items.amount_minor) as balance_minor,
        case when items.family in ('player', 'account') then items.family else 'other' end as line_family
    from items
    left join breaks
        on items.break_id = breaks.break_id
    where
        items.source in ('settlement', 'payout')
        and items.batch_id is not null
        and items.disposition <> 'ignored'
        and coalesce(breaks.break_class, '') not in ('restated', 'duplicate_file')
),

int_reconciliation__payout_batches_summed as (
    select
        psp,
        account,
        batch_id,
        batch_currency as currency,
        {{ count_where("source = 'settlement'") }} as line_count,
        {{ count_where("source = 'payout'") }} as payout_count,
        {{ sum_minor("case when source = 'settlement' and line_family = 'player' then balance_minor end") }} as payment_net_minor,
        {{ sum_minor("case when source = 'settlement' and line_family = 'account' then balance_minor end") }} as account_net_minor,
        {{ sum_minor("case when source = 'settlement' and line_family = 'other' then balance_minor end") }} as other_net_minor,
        {{ sum_minor("case when source = 'payout' then balance_minor end") }} as payout_minor,
        {{ sum_minor('balance_minor') }} as residue_minor,
        {{ sum_minor('commission_minor') }} as commission_minor,
        {{ sum_minor('markup_minor') }} as markup_minor,
        {{ sum_minor('scheme_fee_minor') }} as scheme_fee_minor,
        {{ sum_minor('interchange_minor') }} as interchange_minor,
        min(booked_on) as first_booked_on,
        max(booked_on) as last_booked_on,
        max(case when source = 'payout' then booked_on end) as paid_out_on,
        max(case when source = 'payout' then bank_reference end) as bank_reference,
        min(case when source = 'payout' then case_id end) as payout_case_id
    from counted
    group by psp, account, batch_id, batch_currency
)

select * from int_reconciliation__payout_batches_summed
