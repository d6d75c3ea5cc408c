{{ config(materialized='ephemeral') }}

with gates as (
    select * from {{ source('derived', 'reconciliation__gates') }}
),

int_reconciliation__gates_passed as (
    select
        gate,
        subject,
        checked_count,
        failed_count,
        passed
    from gates
)

select * from int_reconciliation__gates_passed
