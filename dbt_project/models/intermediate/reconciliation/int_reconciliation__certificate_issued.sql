{{ config(materialized='ephemeral') }}

with certificate as (
    select * from {{ source('derived', 'reconciliation__certificate') }}
),

int_reconciliation__certificate_issued as (
    select
        run_id,
        as_of,
        source,
        currency,
        booked_on,
        in_count,
        in_minor,
        matched_count,
        matched_minor,
        broken_count,
        broken_minor,
        ignored_count,
        ignored_minor,
        closes
    from certificate
)

select * from int_reconciliation__certificate_issued
