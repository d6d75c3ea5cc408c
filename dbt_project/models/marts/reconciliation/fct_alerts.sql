-- a view: messages go out and alerts end between runs, and a table would tell of them at the next
{{ config(materialized='view') }}

with alerts as (
    select * from {{ ref('int_reconciliation__alerts_raised') }}
),

sent as (
    select
        alert_id,
        occurrence,
        cast(count(*) as integer) as channel_count,
        cast({{ count_where("state = 'delivered'") }} as integer) as delivered_count,
        cast({{ count_where("state = 'waiting'") }} as integer) as waiting_count,
        cast({{ count_where("state = 'undelivered'") }} as integer) as undelivered_count,
        cast(sum(attempt_count) as integer) as attempt_count,
        min(delivered_at) as first_delivered_at
    from {{ ref('int_reconciliation__alerts_sent') }}
    group by alert_id, occurrence
),

fct_alerts as (
    select
        alerts.alert_id,
        alerts.occurrence,
        alerts.kind,
        alerts.subject,
        alerts.cause,
        alerts.gate,
        alerts.psp,
        alerts.account,
        alerts.currency,
        alerts.amount_minor,
        alerts.business_date,
        alerts.due_at,
        alerts.raised_at,
        alerts.ended_at,
        alerts.state,
        coalesce(sent.channel_count, 0) as channel_count,
        coalesce(sent.delivered_count, 0) as delivered_count,
        coalesce(sent.waiting_count, 0) as waiting_count,
        coalesce(sent.undelivered_count, 0) as undelivered_count,
        coalesce(sent.attempt_count, 0) as attempt_count,
        sent.first_delivered_at
    from alerts
    left join sent
        on
            alerts.alert_id = sent.alert_id
            and alerts.occurrence = sent.occurrence
)

select * from fct_alerts
