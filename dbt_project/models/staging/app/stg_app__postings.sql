with facts as (
    select * from {{ source('app', 'app__postings') }}
),

stg_app__postings as (
    select
        {{ text_id('entry_id') }} as entry_id,
        line,
        {{ text_id('account_id') }} as account_id,
        currency,
        amount_minor,
        {{ text_id('intent_id') }} as intent_id,
        {{ text_id('attempt_id') }} as attempt_id,
        psp_reference,
        modification_reference,
        {{ text_id('_batch_id') }} as _batch_id,
        _loaded_at
    from facts
)

select * from stg_app__postings
