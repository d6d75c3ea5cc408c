with published as (
    select * from {{ ref('int_payments__scorecard_versions_decided') }}
),

scorecard_versions as (
    select
        version,
        schema_version,
        content_sha256,
        policy_id,
        params,
        data_watermark,
        published_at,
        valid_until,
        expires_at,
        interval_seconds,
        row_count,
        parent_version,
        git_commit,
        ope,
        origin,
        status,
        status_reason,
        status_by,
        status_at
    from published
)

select * from scorecard_versions
