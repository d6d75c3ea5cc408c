with reserves as (
    select * from {{ ref('int_reconciliation__reserves_followed') }}
),

fct_reserves as (
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

select * from fct_reserves
