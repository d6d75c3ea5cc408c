-- what the last run suggests, and what was decided before, which it no longer suggests once it holds
with suggestions as (
    select * from {{ source('derived', 'reconciliation__suggestions') }}
),

followed as (
    select * from {{ source('derived', 'reconciliation__accepted_matches') }}
),

events as (
    select
        *,
        row_number() over (partition by suggestion_id order by event_no desc) as nth_last
    from {{ ref('stg_app__match_events') }}
),

acceptances as (
    select
        suggestion_id,
        actor as accepted_by,
        layer,
        item_keys,
        row_number() over (partition by suggestion_id order by event_no desc) as nth_last
    from events
    where kind = 'accepted'
),

decisions as (
    select
        events.suggestion_id,
        events.kind as decision,
        events.recorded_at as decided_at,
        acceptances.layer,
        acceptances.item_keys,
        case when events.kind <> 'declined' then acceptances.accepted_by end as accepted_by,
        case when events.kind = 'confirmed' then events.actor end as confirmed_by,
        case when events.kind = 'declined' then events.actor end as declined_by
    from events
    left join acceptances
        on
            events.suggestion_id = acceptances.suggestion_id
            and acceptances.nth_last = 1
    where events.nth_last = 1
),

int_reconciliation__suggestions_decided as (
    select
        coalesce(suggestions.suggestion_id, decisions.suggestion_id) as suggestion_id,
        case
            when followed.group_id is not null then 'held'
            when followed.not_held_because is not null then 'not_held'
            else coalesce(decisions.decision, 'open')
        end as state,
        suggestions.suggestion_id is not null as is_suggested,
        coalesce(suggestions.layer, decisions.layer) as layer,
        suggestions.finding,
        suggestions.psp,
        suggestions.account,
        suggestions.currency,
        suggestions.amount_minor,
        suggestions.residue_minor,
        suggestions.rivals_count,
        suggestions.rivals_capped,
        suggestions.pool_count,
        suggestions.score_bps,
        suggestions.break_id,
        suggestions.other_break_ids,
        coalesce(suggestions.item_keys, decisions.item_keys) as item_keys,
        suggestions.why,
        decisions.accepted_by,
        decisions.confirmed_by,
        decisions.declined_by,
        decisions.decided_at,
        followed.group_id,
        followed.not_held_because
    from suggestions
    full outer join decisions
        on suggestions.suggestion_id = decisions.suggestion_id
    left join followed
        on decisions.suggestion_id = followed.suggestion_id
)

select * from int_reconciliation__suggestions_decided
