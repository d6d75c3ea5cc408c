with rows_refused as (
    select * from {{ ref('int_reconciliation__rows_refused') }}
),

fct_rejected_rows as (
    select
        file_id,
        rejection_no,
        file_name,
        source,
        report,
        line,
        column_name,
        code,
        expected,
        rejected_at
    from rows_refused
)

select * from fct_rejected_rows
