with attempts as (
    select * from {{ ref('int_payments__attempts_summarised') }}
),

fct_payment_attempts as (
    select
        attempt_id,
        intent_id,
        player_id,
        direction,
        psp,
        merchant_account,
        merchant_reference,
        payment_method,
        currency,
        intended_minor,
        captured_minor,
        refunded_minor,
        charged_back_minor,
        paid_out_minor,
        moved_minor,
        event_count,
        created_at,
        business_date,
        first_event_at,
        last_event_at
    from attempts
)

select * from fct_payment_attempts
