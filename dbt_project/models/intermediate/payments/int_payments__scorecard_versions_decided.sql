with versions as (
    select * from {{ source('scorecards', 'payments__scorecard_versions') }}
),

statuses as (
    select * from {{ source('scorecards', 'payments__scorecard_statuses') }}
),

last_decisions as (
    select
        version,
        max(event_no) as event_no
    from statuses
    group by version
),

int_payments__scorecard_versions_decided as (
    select
        versions.version,
        versions.schema_version,
        versions.content_sha256,
        versions.policy_id,
        versions.params,
        versions.data_watermark,
        versions.published_at,
        versions.valid_until,
        versions.expires_at,
        versions.interval_seconds,
        versions.row_count,
        versions.parent_version,
        versions.git_commit,
        versions.ope,
        versions.origin,
        statuses.status,
        statuses.reason as status_reason,
        statuses.decided_by as status_by,
        statuses.decided_at as status_at
    from versions
    inner join last_decisions
        on versions.version = last_decisions.version
    inner join statuses
        on last_decisions.event_no = statuses.event_no
)

select * from int_payments__scorecard_versions_decided
