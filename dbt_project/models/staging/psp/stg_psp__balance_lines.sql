with lines as (
    select * from {{ source('psp', 'psp__balance_lines') }}
),

stg_psp__balance_lines as (
    select
        {{- psp_line_columns() }},
        balance_on
    from lines
)

select * from stg_psp__balance_lines
