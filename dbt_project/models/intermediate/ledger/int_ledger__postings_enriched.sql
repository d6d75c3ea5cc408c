with postings as (
    select * from {{ ref('stg_app__postings') }}
),

entries as (
    select * from {{ ref('stg_app__journal_entries') }}
),

-- read a second time, not joined to itself: a planner keeps what is used twice aside, and then knows no sizes
reversed_entries as (
    select
        entry_id,
        kind
    from {{ ref('stg_app__journal_entries') }}
),

accounts as (
    select * from {{ ref('stg_app__accounts') }}
),

attempts as (
    select * from {{ ref('stg_app__payment_attempts') }}
),

int_ledger__postings_enriched as (
    select
        postings.entry_id,
        postings.line,
        entries.kind as entry_kind,
        coalesce(reversed_entries.kind, entries.kind) as moved_kind,
        entries.effective_at,
        entries.recorded_at,
        {{ utc_date('entries.effective_at') }} as business_date,
        entries.reverses_id,
        postings.account_id,
        accounts.code as account_code,
        accounts.account_class,
        accounts.player_id,
        accounts.psp,
        accounts.merchant_account,
        postings.currency,
        postings.amount_minor,
        case when postings.amount_minor > 0 then postings.amount_minor else 0 end as debit_minor,
        case when postings.amount_minor < 0 then -postings.amount_minor else 0 end as credit_minor,
        postings.intent_id,
        postings.attempt_id,
        postings.psp_reference,
        postings.modification_reference,
        attempts.merchant_reference,
        attempts.payment_method,
        postings._batch_id,
        postings._loaded_at
    from postings
    inner join entries
        on postings.entry_id = entries.entry_id
    inner join accounts
        on postings.account_id = accounts.account_id
    left join reversed_entries
        on entries.reverses_id = reversed_entries.entry_id
    left join attempts
        on postings.attempt_id = attempts.attempt_id
)

select * from int_ledger__postings_enriched
