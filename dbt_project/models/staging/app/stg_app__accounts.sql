with facts as (
    select * from {{ source('app', 'app__accounts') }}
),

stg_app__accounts as (
    select
        {{ text_id('account_id') }} as account_id,
        code,
        account_class,
        currency,
        {{ text_id('player_id') }} as player_id,
        psp,
        merchant_account,
        floor_minor,
        created_at,
        {{ text_id('_batch_id') }} as _batch_id,
        _loaded_at
    from facts
)

select * from stg_app__accounts
