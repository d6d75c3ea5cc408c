with attempts as (
    select * from {{ ref('stg_app__payment_attempts') }}
),

intents as (
    select * from {{ ref('stg_app__payment_intents') }}
),

events as (
    select * from {{ ref('int_payments__events_enriched') }}
),

money_by_attempt as (
    select
        attempt_id,
        {{ sum_minor("case when money_kind in ('deposit', 'deposit_reversed') then amount_minor end") }} as captured_minor,
        {{ sum_minor("case when money_kind in ('refund', 'refund_reversed') then -amount_minor end") }} as refunded_minor,
        {{ sum_minor("case when money_kind like '%chargeback%' then -amount_minor end") }} as charged_back_minor,
        {{ sum_minor("case when money_kind in ('withdrawal', 'withdrawal_returned') then -amount_minor end") }} as paid_out_minor,
        {{ sum_minor('case when money_kind is not null then amount_minor end') }} as moved_minor,
        cast(count(*) as bigint) as event_count,
        min(effective_at) as first_event_at,
        max(effective_at) as last_event_at
    from events
    where attempt_id is not null
    group by attempt_id
),

int_payments__attempts_summarised as (
    select
        attempts.attempt_id,
        attempts.intent_id,
        intents.player_id,
        intents.direction,
        attempts.psp,
        attempts.merchant_account,
        attempts.merchant_reference,
        attempts.payment_method,
        intents.currency,
        intents.amount_minor as intended_minor,
        coalesce(money_by_attempt.captured_minor, 0) as captured_minor,
        coalesce(money_by_attempt.refunded_minor, 0) as refunded_minor,
        coalesce(money_by_attempt.charged_back_minor, 0) as charged_back_minor,
        coalesce(money_by_attempt.paid_out_minor, 0) as paid_out_minor,
        coalesce(money_by_attempt.moved_minor, 0) as moved_minor,
        coalesce(money_by_attempt.event_count, 0) as event_count,
        attempts.created_at,
        {{ utc_date('attempts.created_at') }} as business_date,
        money_by_attempt.first_event_at,
        money_by_attempt.last_event_at
    from attempts
    inner join intents
        on attempts.intent_id = intents.intent_id
    left join money_by_attempt
        on attempts.attempt_id = money_by_attempt.attempt_id
)

select * from int_payments__attempts_summarised
