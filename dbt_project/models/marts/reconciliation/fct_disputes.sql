with steps as (
    select * from {{ ref('int_reconciliation__dispute_steps_taken') }}
),

-- what happened, by the outermost hop that tells of it; what our books say stands beside it
told as (
    select
        *,
        coalesce(settlement_minor, activity_minor, ledger_minor, attempt_minor) as told_minor
    from steps
),

disputes as (
    select
        psp,
        account,
        payment_reference,
        currency,
        min(dispute_reference) as dispute_reference,
        {{ sum_minor("case when kind = 'chargeback' then told_minor end") }} as chargeback_minor,
        {{ sum_minor("case when kind = 'chargeback_reversed' then told_minor end") }} as reversed_minor,
        {{ sum_minor("case when kind = 'second_chargeback' then told_minor end") }} as second_chargeback_minor,
        {{ sum_minor('told_minor') }} as effect_minor,
        {{ sum_minor('ledger_minor') }} as booked_minor,
        max(case when kind = 'chargeback' then hops end) as chargeback_hops,
        max(case when kind = 'chargeback_reversed' then hops end) as reversed_hops,
        max(case when kind = 'second_chargeback' then hops end) as second_chargeback_hops,
        case when min(fee_currency) = max(fee_currency) then cast(sum(fee_minor) as bigint) end as fee_minor,
        case when min(fee_currency) = max(fee_currency) then min(fee_currency) end as fee_currency,
        min(first_on) as first_on,
        max(last_on) as last_on,
        cast(sum(item_count) as bigint) as item_count,
        min(case when broken_count > 0 then break_id end) as break_id,
        min(case when broken_count > 0 then break_class end) as break_class,
        {{ count_where('broken_count > 0') }} as broken_step_count
    from told
    group by psp, account, payment_reference, currency
),

fct_disputes as (
    select
        psp,
        account,
        payment_reference,
        currency,
        dispute_reference,
        case
            when second_chargeback_hops is not null then 'charged_back_again'
            when reversed_hops is not null then 'reversed'
            else 'charged_back'
        end as state,
        chargeback_minor,
        reversed_minor,
        second_chargeback_minor,
        effect_minor,
        booked_minor,
        chargeback_hops,
        reversed_hops,
        second_chargeback_hops,
        fee_minor,
        fee_currency,
        first_on,
        last_on,
        {{ days_between('first_on', 'last_on') }} as days,
        item_count,
        broken_step_count,
        break_class,
        break_id
    from disputes
)

select * from fct_disputes
