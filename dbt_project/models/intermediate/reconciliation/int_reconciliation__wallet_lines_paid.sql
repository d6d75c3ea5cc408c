{{ config(materialized='table') }}

with items as (
    select
        item_key,
        source,
        psp,
        account,
        ext_id,
        kind,
        family,
        case_id,
        break_id,
        batch_id,
        booked_on,
        occurred_at,
        currency,
        amount_minor,
        net_currency,
        net_minor
    from {{ ref('int_reconciliation__items_decided') }}
    -- an ignored line tells money again that is counted already
    where source in ('activity', 'settlement', 'payout') and disposition <> 'ignored'
),

breaks as (
    select * from {{ ref('int_reconciliation__breaks_found') }}
),

-- the older version of a restated line and a line that a file printed again tell money again too
counted as (
    select
        items.*,
        items.source <> 'activity' as is_settled,
        case when items.family = 'player' then coalesce(items.case_id, items.item_key) else items.item_key end as pair
    from items
    left join breaks
        on items.break_id = breaks.break_id
    where
        items.kind <> 'payout'
        and coalesce(breaks.break_class, '') not in ('restated', 'duplicate_file')
),

numbered as (
    select
        counted.*,
        row_number() over (partition by pair, is_settled order by occurred_at, item_key) as number
    from counted
),

-- the same movement in the activity report and in the settlement report is one line, from the day the first of them tells it
dated as (
    select
        numbered.*,
        min(booked_on) over (partition by pair, number) as begins_on,
        max(case when is_settled then 1 else 0 end) over (partition by pair, number) as has_settlement
    from numbered
),

lines as (
    select *
    from dated
    where is_settled or has_settlement = 0
),

payouts as (
    select
        psp,
        account,
        batch_id,
        currency,
        min(booked_on) as paid_on
    from items
    where source = 'payout' and kind = 'payout' and batch_id is not null
    group by psp, account, batch_id, currency
),

int_reconciliation__wallet_lines_paid as (
    select
        lines.item_key,
        lines.psp,
        lines.account,
        lines.ext_id,
        lines.kind,
        coalesce(lines.net_currency, lines.currency) as currency,
        coalesce(lines.net_minor, lines.amount_minor) as amount_minor,
        case when lines.is_settled then lines.batch_id end as batch_id,
        lines.begins_on,
        payouts.paid_on
    from lines
    left join payouts
        on
            lines.is_settled
            and lines.psp = payouts.psp
            and lines.account = payouts.account
            and lines.batch_id = payouts.batch_id
            and coalesce(lines.net_currency, lines.currency) = payouts.currency
)

select * from int_reconciliation__wallet_lines_paid
