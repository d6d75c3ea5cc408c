with published as (
    select * from {{ source('scorecards', 'payments__scorecard_contents') }}
),

int_payments__scorecard_contents_published as (
    select
        content_sha256,
        content
    from published
)

select * from int_payments__scorecard_contents_published
