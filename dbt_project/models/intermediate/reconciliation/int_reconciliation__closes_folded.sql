{{ config(materialized='ephemeral') }}

with events as (
    select * from {{ ref('stg_app__close_events') }}
),

frozen as (
    select *
    from events
    where kind = 'frozen'
),

signatures as (
    select
        close_id,
        actor,
        recorded_at,
        row_number() over (partition by close_id order by recorded_at asc, event_id asc) as signature_no
    from events
    where kind = 'signed'
),

-- transactional/reconciliation/closes.py SIGNATURES_NEEDED
signed as (
    select
        close_id,
        cast(count(*) as integer) as signature_count,
        max(case when signature_no = 1 then actor end) as first_signer,
        max(case when signature_no = 2 then actor end) as second_signer,
        max(case when signature_no = 2 then recorded_at end) as signed_at
    from signatures
    group by close_id
),

reopened as (
    select
        close_id,
        actor,
        reason,
        recorded_at
    from events
    where kind = 'reopened'
),

int_reconciliation__closes_folded as (
    select
        frozen.close_id,
        frozen.psp,
        frozen.business_date,
        frozen.generation,
        case
            when reopened.close_id is not null then 'reopened'
            when signed.second_signer is not null then 'signed'
            else 'frozen'
        end as state,
        frozen.actor as frozen_by,
        frozen.recorded_at as frozen_at,
        frozen.reason as despite_reason,
        frozen.watermark_at,
        coalesce(signed.signature_count, 0) as signature_count,
        signed.first_signer,
        signed.second_signer,
        signed.signed_at,
        reopened.actor as reopened_by,
        reopened.recorded_at as reopened_at,
        reopened.reason as reopen_reason,
        frozen.rule_set,
        frozen.config_hash,
        frozen.run_id,
        frozen.checksum,
        frozen.object_key
    from frozen
    left join signed
        on frozen.close_id = signed.close_id
    left join reopened
        on frozen.close_id = reopened.close_id
)

select * from int_reconciliation__closes_folded
