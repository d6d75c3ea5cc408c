with facts as (
    select * from {{ source('app', 'app__close_events') }}
),

stg_app__close_events as (
    select
        {{ text_id('event_id') }} as event_id,
        {{ text_id('close_id') }} as close_id,
        psp,
        business_date,
        generation,
        kind,
        actor,
        reason,
        watermark_at,
        rule_set,
        config_hash,
        run_id,
        checksum,
        object_key,
        recorded_at,
        {{ text_id('_batch_id') }} as _batch_id,
        _loaded_at
    from facts
)

select * from stg_app__close_events
