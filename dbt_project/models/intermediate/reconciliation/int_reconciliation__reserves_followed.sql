{{ config(materialized='ephemeral') }}

with reserves as (
    select * from {{ source('derived', 'reconciliation__reserves') }}
),

int_reconciliation__reserves_followed as (
    select
        psp,
        account,
        batch_id,
        currency,
        held_on,
        held_minor,
        released_minor,
        open_minor,
        due_on,
        state
    from reserves
)

select * from int_reconciliation__reserves_followed
