with alerts as (
    select * from {{ source('told', 'reporting__alerts') }}
),

int_reconciliation__alerts_raised as (
    select
        alert_id,
        occurrence,
        kind,
        subject,
        cause,
        gate,
        psp,
        account,
        currency,
        amount_minor,
        business_date,
        due_at,
        raised_at,
        ended_at,
        case when ended_at is null then 'open' else 'ended' end as state
    from alerts
)

select * from int_reconciliation__alerts_raised
