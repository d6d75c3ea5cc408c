with facts as (
    select * from {{ source('app', 'app__routing_decisions') }}
),

stg_app__routing_decisions as (
    select
        {{ text_id('decision_id') }} as decision_id,
        {{ text_id('intent_id') }} as intent_id,
        attempt_no,
        policy_id,
        card_version,
        card_age_seconds,
        tier,
        country,
        method,
        currency,
        amount_minor,
        scheme,
        issuer,
        issuer_country,
        bin,
        psp,
        merchant_account,
        head,
        propensity,
        rule,
        drawn,
        latency_us,
        decided_at,
        recorded_at,
        {{ text_id('_batch_id') }} as _batch_id,
        _loaded_at
    from facts
)

select * from stg_app__routing_decisions
