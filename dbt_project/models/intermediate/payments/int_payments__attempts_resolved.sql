with attempts as (
    select * from {{ ref('stg_app__payment_attempts') }}
),

intents as (
    select * from {{ ref('stg_app__payment_intents') }}
),

contexts as (
    select * from {{ ref('stg_app__payment_attempt_contexts') }}
),

events as (
    select * from {{ ref('int_payments__events_enriched') }}
),

calls as (
    select * from {{ ref('stg_app__payment_calls') }}
),

answers as (
    select * from {{ ref('stg_app__payment_answers') }}
),

turn_ends as (
    select * from {{ ref('stg_app__payment_turn_ends') }}
),

-- every word about an outcome, whoever said it. A capture, a refund or a cancellation that is refused says nothing of the payment itself
told as (
    select
        attempt_id,
        event_kind in ('authorised', 'captured', 'settled', 'payout_sent') as is_approval,
        effective_at,
        recorded_at
    from events
    where event_kind in ('authorised', 'captured', 'settled', 'payout_sent', 'failed', 'voided', 'payout_failed', 'payout_cancelled')

    union all

    select
        calls.attempt_id,
        answers.outcome = 'approved' as is_approval,
        answers.answered_at as effective_at,
        answers.recorded_at
    from answers
    inner join calls
        on answers.call_id = calls.call_id
    where calls.call in ('authorise', 'complete', 'payout', 'status') and answers.outcome in ('approved', 'declined')

    union all

    select
        contexts.attempt_id,
        turn_ends.ended_as = 'succeeded' as is_approval,
        turn_ends.ended_at as effective_at,
        turn_ends.ended_at as recorded_at
    from turn_ends
    inner join attempts
        on turn_ends.intent_id = attempts.intent_id
    inner join contexts
        on attempts.attempt_id = contexts.attempt_id and turn_ends.attempt_no = contexts.attempt_no
),

outcomes as (
    select
        attempt_id,
        max(case when is_approval then 1 else 0 end) as was_approved,
        min(case when is_approval then effective_at end) as approved_at,
        min(case when is_approval then recorded_at end) as approved_known_at,
        max(case when not is_approval then effective_at end) as failed_at,
        max(case when not is_approval then recorded_at end) as failed_known_at
    from told
    where attempt_id is not null
    group by attempt_id
),

declines_ranked as (
    select
        calls.attempt_id,
        answers.decline_code,
        answers.decline_class,
        row_number() over (partition by calls.attempt_id order by answers.answered_at desc, answers.call_id desc) as newest
    from answers
    inner join calls
        on answers.call_id = calls.call_id
    where answers.decline_class is not null
),

numbered as (
    select
        attempt_id,
        row_number() over (partition by intent_id order by created_at, attempt_id) as place
    from attempts
),

resolved as (
    select
        attempts.attempt_id,
        attempts.intent_id,
        intents.direction,
        attempts.psp,
        attempts.merchant_account,
        coalesce(attempts.payment_method, '') as method,
        intents.currency,
        intents.amount_minor,
        coalesce(contexts.country, '') as country,
        coalesce(contexts.bin, '') as bin,
        contexts.scheme,
        coalesce(nullif(contexts.issuer, ''), 'country:' || contexts.issuer_country, '') as issuer_group,
        coalesce(contexts.attempt_no, cast(numbered.place as integer)) as attempt_no,
        case when outcomes.was_approved = 1 then 'approved' when outcomes.attempt_id is not null then 'failed' else 'pending' end as outcome,
        declines_ranked.decline_code,
        declines_ranked.decline_class,
        attempts.created_at,
        case when outcomes.was_approved = 1 then outcomes.approved_at else outcomes.failed_at end as resolved_at,
        case when outcomes.was_approved = 1 then outcomes.approved_known_at else outcomes.failed_known_at end as known_at
    from attempts
    inner join intents
        on attempts.intent_id = intents.intent_id
    inner join numbered
        on attempts.attempt_id = numbered.attempt_id
    left join contexts
        on attempts.attempt_id = contexts.attempt_id
    left join outcomes
        on attempts.attempt_id = outcomes.attempt_id
    left join declines_ranked
        on attempts.attempt_id = declines_ranked.attempt_id and declines_ranked.newest = 1
),

int_payments__attempts_resolved as (
    select
        attempt_id,
        intent_id,
        direction,
        psp,
        merchant_account,
        method,
        currency,
        amount_minor,
        country,
        bin,
        scheme,
        issuer_group,
        attempt_no,
        attempt_no = 1 as is_first,
        outcome,
        decline_code,
        case when outcome = 'failed' then coalesce(decline_class, 'unknown') end as attribution,
        outcome = 'failed'
        and coalesce(decline_class, 'unknown') in ('hard', 'soft_wait', 'technical', 'unknown_outcome', 'unknown') as is_blamed,
        created_at,
        resolved_at,
        known_at
    from resolved
)

select * from int_payments__attempts_resolved
