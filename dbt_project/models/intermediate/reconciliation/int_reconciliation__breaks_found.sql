{{ config(materialized='ephemeral') }}

with breaks as (
    select * from {{ source('derived', 'reconciliation__breaks') }}
),

int_reconciliation__breaks_found as (
    select
        break_id,
        break_class,
        sub_class,
        counts_as_break,
        psp,
        account,
        currency,
        amount_minor,
        exposure,
        event_date,
        first_known_at,
        due_on,
        batch_id,
        member_count,
        explanation
    from breaks
)

select * from int_reconciliation__breaks_found
