with published as (
    select * from {{ ref('int_payments__scorecard_contents_published') }}
),

scorecard_contents as (
    select
        content_sha256,
        content
    from published
)

select * from scorecard_contents
