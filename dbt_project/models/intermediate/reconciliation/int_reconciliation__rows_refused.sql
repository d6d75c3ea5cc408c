{{ config(materialized='ephemeral') }}

with refused as (
    select * from {{ ref('stg_landing__rejected_rows') }}
),

files as (
    select * from {{ ref('stg_landing__source_files') }}
),

int_reconciliation__rows_refused as (
    select
        refused.file_id,
        refused.rejection_no,
        files.name as file_name,
        files.source,
        files.report,
        refused.line,
        refused.column_name,
        refused.code,
        refused.expected,
        refused.rejected_at
    from refused
    inner join files
        on refused.file_id = files.file_id
)

select * from int_reconciliation__rows_refused
