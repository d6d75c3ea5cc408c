{{ config(materialized='ephemeral') }}

with day_ends as (
    select * from {{ source('derived', 'reconciliation__day_ends') }}
),

int_reconciliation__day_ends_kept as (
    select
        day_end_date,
        as_of,
        psp,
        account,
        currency,
        matched_count,
        matched_minor,
        broken_count,
        broken_minor,
        open_count,
        open_minor
    from day_ends
)

select * from int_reconciliation__day_ends_kept
