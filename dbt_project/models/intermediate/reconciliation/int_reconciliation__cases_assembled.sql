with groups_found as (
    select * from {{ ref('int_reconciliation__groups_found') }}
),

breaks_found as (
    select * from {{ ref('int_reconciliation__breaks_found') }}
),

items as (
    select * from {{ ref('int_reconciliation__items_decided') }}
),

cases as (
    select
        group_id as case_id,
        'matched' as status,
        layer,
        case_kind,
        cast(null as {{ dbt.type_string() }}) as break_class,
        psp,
        account,
        currency,
        amount_minor,
        residue_minor,
        batch_id,
        event_date
    from groups_found
    union all
    select
        break_id as case_id,
        case when counts_as_break then 'broken' else 'open' end as status,
        cast(null as {{ dbt.type_string() }}) as layer,
        cast(null as {{ dbt.type_string() }}) as case_kind,
        break_class,
        psp,
        account,
        currency,
        amount_minor,
        cast(0 as bigint) as residue_minor,
        batch_id,
        event_date
    from breaks_found
),

-- a hop's amount is null where its items are in more than one currency: such a sum would be no amount
hops as (
    select
        case_id,
        cast(count(*) as bigint) as item_count,
        {{ count_where("source = 'ledger'") }} as ledger_count,
        {{ one_currency_sum("source = 'ledger'") }} as ledger_minor,
        min(case when source = 'ledger' then item_key end) as ledger_item_key,
        {{ count_where("source = 'attempt'") }} as attempt_count,
        {{ one_currency_sum("source = 'attempt'") }} as attempt_minor,
        min(case when source = 'attempt' then item_key end) as attempt_item_key,
        {{ count_where("source = 'activity'") }} as activity_count,
        {{ one_currency_sum("source = 'activity'") }} as activity_minor,
        min(case when source = 'activity' then item_key end) as activity_item_key,
        {{ count_where("source = 'settlement'") }} as settlement_count,
        {{ one_currency_sum("source = 'settlement'") }} as settlement_minor,
        min(case when source = 'settlement' then item_key end) as settlement_item_key,
        {{ count_where("source = 'payout'") }} as payout_count,
        {{ one_currency_sum("source = 'payout'") }} as payout_minor,
        min(case when source = 'payout' then item_key end) as payout_item_key,
        {{ count_where("source = 'bank'") }} as bank_count,
        {{ one_currency_sum("source = 'bank'") }} as bank_minor,
        min(case when source = 'bank' then item_key end) as bank_item_key,
        case when min(currency) = max(currency) then min(currency) end as item_currency
    from items
    where case_id is not null
    group by case_id
),

int_reconciliation__cases_assembled as (
    select
        cases.case_id,
        cases.status,
        cases.layer,
        coalesce(
            cases.case_kind,
            case
                when hops.item_count > hops.payout_count + hops.bank_count and hops.payout_count = 0 and hops.bank_count = 0 then 'transaction'
                when hops.payout_count > 0 then 'payout'
                else 'statement'
            end
        ) as case_kind,
        cases.break_class,
        coalesce(cases.psp, 'none') as psp,
        cases.account,
        cases.currency,
        cases.amount_minor,
        cases.residue_minor,
        cases.batch_id,
        cases.event_date,
        coalesce(substr(
            case when hops.ledger_count > 0 then '+ledger' else '' end
            || case when hops.attempt_count > 0 then '+attempt' else '' end
            || case when hops.activity_count > 0 then '+activity' else '' end
            || case when hops.settlement_count > 0 then '+settlement' else '' end
            || case when hops.payout_count > 0 then '+payout' else '' end
            || case when hops.bank_count > 0 then '+bank' else '' end,
            2
        ), '') as hops,
        hops.item_currency,
        coalesce(hops.item_count, 0) as item_count,
        coalesce(hops.ledger_count, 0) as ledger_count,
        hops.ledger_minor,
        hops.ledger_item_key,
        coalesce(hops.attempt_count, 0) as attempt_count,
        hops.attempt_minor,
        hops.attempt_item_key,
        coalesce(hops.activity_count, 0) as activity_count,
        hops.activity_minor,
        hops.activity_item_key,
        coalesce(hops.settlement_count, 0) as settlement_count,
        hops.settlement_minor,
        hops.settlement_item_key,
        coalesce(hops.payout_count, 0) as payout_count,
        hops.payout_minor,
        hops.payout_item_key,
        coalesce(hops.bank_count, 0) as bank_count,
        hops.bank_minor,
        hops.bank_item_key
    from cases
    left join hops
        on cases.case_id = hops.case_id
)

select * from int_reconciliation__cases_assembled
