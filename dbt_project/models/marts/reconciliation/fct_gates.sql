with gates_passed as (
    select * from {{ ref('int_reconciliation__gates_passed') }}
),

fct_gates as (
    select
        gate,
        subject,
        checked_count,
        failed_count,
        passed
    from gates_passed
)

select * from fct_gates
