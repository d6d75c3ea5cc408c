with alerts as (
    select
        alert_id,
        occurrence,
        concat(alert_id, ':', {{ text_id('occurrence') }}) as alert_key
    from {{ source('told', 'reporting__alerts') }}
),

messages as (
    select
        *,
        case
            when delivered_at is not null then 'delivered'
            when undelivered_at is not null then 'undelivered'
            else 'waiting'
        end as state
    from {{ source('told', 'reporting__alert_messages') }}
),

int_reconciliation__alerts_sent as (
    select
        alerts.alert_id,
        alerts.occurrence,
        messages.channel,
        messages.message_id,
        messages.state,
        messages.composed_at,
        messages.attempt_count,
        messages.last_attempt_at,
        messages.next_attempt_at,
        messages.delivered_at,
        messages.undelivered_at,
        messages.last_error
    from alerts
    -- a message names its alerts in one text, with a space between: spaces around both, so that :1 is not found in :12
    inner join messages
        on {{ dbt.position("concat(' ', alerts.alert_key, ' ')", "concat(' ', messages.alert_keys, ' ')") }} > 0
)

select * from int_reconciliation__alerts_sent
