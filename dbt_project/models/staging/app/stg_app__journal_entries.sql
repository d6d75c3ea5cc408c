with facts as (
    select * from {{ source('app', 'app__journal_entries') }}
),

stg_app__journal_entries as (
    select
        {{ text_id('entry_id') }} as entry_id,
        idempotency_key,
        kind,
        effective_at,
        recorded_at,
        {{ text_id('reverses_id') }} as reverses_id,
        description,
        {{ text_id('_batch_id') }} as _batch_id,
        _loaded_at
    from facts
)

select * from stg_app__journal_entries
