with suggestions_decided as (
    select * from {{ ref('int_reconciliation__suggestions_decided') }}
),

threads as (
    select
        thread_id,
        break_id
    from {{ ref('fct_break_threads') }}
    where is_open
),

fct_suggestions as (
    select
        suggestions_decided.suggestion_id,
        suggestions_decided.state,
        suggestions_decided.is_suggested,
        suggestions_decided.layer,
        suggestions_decided.finding,
        coalesce(suggestions_decided.psp, 'none') as psp,
        suggestions_decided.account,
        suggestions_decided.currency,
        suggestions_decided.amount_minor,
        suggestions_decided.residue_minor,
        suggestions_decided.rivals_count,
        suggestions_decided.rivals_capped,
        suggestions_decided.pool_count,
        suggestions_decided.score_bps,
        suggestions_decided.break_id,
        threads.thread_id,
        suggestions_decided.other_break_ids,
        suggestions_decided.item_keys,
        suggestions_decided.accepted_by,
        suggestions_decided.confirmed_by,
        suggestions_decided.declined_by,
        suggestions_decided.decided_at,
        suggestions_decided.group_id,
        suggestions_decided.not_held_because,
        suggestions_decided.why
    from suggestions_decided
    left join threads on suggestions_decided.break_id = threads.break_id
)

select * from fct_suggestions
