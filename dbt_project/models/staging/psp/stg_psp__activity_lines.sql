with lines as (
    select * from {{ source('psp', 'psp__activity_lines') }}
),

stg_psp__activity_lines as (
    select
        {{- psp_line_columns() }}
    from lines
)

select * from stg_psp__activity_lines
