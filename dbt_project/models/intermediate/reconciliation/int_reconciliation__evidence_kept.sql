with bundles as (
    select * from {{ source('told', 'reporting__evidence_bundles') }}
),

int_reconciliation__evidence_kept as (
    select
        sha256,
        business_date,
        psp,
        object_key,
        manifest_sha256,
        size_bytes,
        member_count,
        watermark_at,
        close_id,
        kept_at,
        case when close_id is null then 'as_known' else 'as_signed' end as knowledge
    from bundles
)

select * from int_reconciliation__evidence_kept
