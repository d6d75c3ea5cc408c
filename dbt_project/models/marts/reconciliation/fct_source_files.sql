with files_accounted as (
    select * from {{ ref('int_reconciliation__files_accounted') }}
),

fct_source_files as (
    select
        file_id,
        sha256,
        name,
        folder,
        source,
        report,
        account,
        version,
        size_bytes,
        received_at,
        object_key,
        state,
        rows_in,
        rows_landed,
        rows_rejected,
        rows_duplicate,
        item_count,
        refusal
    from files_accounted
)

select * from fct_source_files
