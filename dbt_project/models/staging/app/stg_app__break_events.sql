with events as (
    select * from {{ source('app', 'app__break_events') }}
),

stg_app__break_events as (
    select
        {{ text_id('event_id') }} as event_id,
        thread_id,
        event_no,
        kind,
        actor,
        owner,
        root_cause,
        words,
        {{ text_id('proposal_id') }} as proposal_id,
        proposal_kind,
        amount_minor,
        currency,
        {{ text_id('entry_id') }} as entry_id,
        recorded_at,
        {{ text_id('_batch_id') }} as _batch_id,
        _loaded_at
    from events
)

select * from stg_app__break_events
