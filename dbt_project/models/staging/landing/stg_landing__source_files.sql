with files as (
    select * from {{ source('landing', 'source_files') }}
),

stg_landing__source_files as (
    select
        {{ text_id('file_id') }} as file_id,
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
        refusal,
        said_by_name
    from files
)

select * from stg_landing__source_files
