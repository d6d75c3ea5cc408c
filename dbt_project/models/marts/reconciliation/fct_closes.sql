with closes_folded as (
    select * from {{ ref('int_reconciliation__closes_folded') }}
),

fct_closes as (
    select
        close_id,
        psp,
        business_date,
        generation,
        state,
        frozen_by,
        frozen_at,
        despite_reason,
        watermark_at,
        signature_count,
        first_signer,
        second_signer,
        signed_at,
        reopened_by,
        reopened_at,
        reopen_reason,
        rule_set,
        config_hash,
        run_id,
        checksum,
        object_key
    from closes_folded
)

select * from fct_closes
