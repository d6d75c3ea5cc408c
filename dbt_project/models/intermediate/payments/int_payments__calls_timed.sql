with calls as (
    select * from {{ ref('stg_app__payment_calls') }}
),

answers as (
    select * from {{ ref('stg_app__payment_answers') }}
),

attempts as (
    select * from {{ ref('int_payments__attempts_resolved') }}
),

int_payments__calls_timed as (
    select
        calls.call_id,
        calls.attempt_id,
        attempts.direction,
        attempts.country,
        attempts.method,
        attempts.psp,
        calls.call,
        calls.asked_at,
        answers.latency_ms,
        answers.latency_ms >= calls.timeout_ms as is_timeout
    from calls
    inner join answers
        on calls.call_id = answers.call_id
    inner join attempts
        on calls.attempt_id = attempts.attempt_id
    where calls.call in ('authorise', 'complete', 'payout')
)

select * from int_payments__calls_timed
