with rejected as (
    select * from {{ source('landing', 'rejected_rows') }}
),

stg_landing__rejected_rows as (
    select
        {{ text_id('file_id') }} as file_id,
        rejection_no,
        line,
        column_name,
        code,
        expected,
        content,
        rejected_at
    from rejected
)

select * from stg_landing__rejected_rows
