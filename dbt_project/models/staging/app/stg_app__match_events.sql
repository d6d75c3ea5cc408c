with facts as (
    select * from {{ source('app', 'app__match_events') }}
),

stg_app__match_events as (
    select
        {{ text_id('event_id') }} as event_id,
        suggestion_id,
        event_no,
        kind,
        actor,
        words,
        layer,
        item_keys,
        recorded_at,
        {{ text_id('_batch_id') }} as _batch_id,
        _loaded_at
    from facts
)

select * from stg_app__match_events
