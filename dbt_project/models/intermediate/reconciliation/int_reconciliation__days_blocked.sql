{{ config(materialized='ephemeral') }}

with items as (
    select * from {{ ref('int_reconciliation__items') }}
),

reports_missing as (
    select * from {{ ref('int_reconciliation__reports_missing') }}
),

breaks as (
    select * from {{ ref('int_reconciliation__breaks_found') }}
),

limits as (
    select * from {{ source('catalogues', 'close_limit_catalogue') }}
),

silent as (
    select
        psp,
        business_date,
        cast(count(*) as bigint) as silent_count
    from reports_missing
    group by psp, business_date
),

-- each failed subject of a gate is a break too: batch gaps (G3), rows and batches that do not add up (G4, G5), a PSP's balance that does not follow
-- (G6), kinds nobody knows (G7)
faults as (
    select
        breaks.psp,
        breaks.event_date as business_date,
        {{ count_where("breaks.break_class = 'batch_gap'") }} as gap_count,
        {{ count_where("breaks.break_class in ('row_arithmetic', 'batch_residue', 'statement_gap', 'unknown_kind')") }} as open_gate_count,
        {{ count_where("abs(breaks.amount_minor) > coalesce(limits.limit_minor, 0)") }} as above_limit_count
    from breaks
    left join limits
        on
            breaks.currency = limits.currency
            and breaks.event_date >= limits.valid_from
            and breaks.event_date < limits.valid_until
    where
        breaks.counts_as_break
        and breaks.psp is not null
    group by breaks.psp, breaks.event_date
),

known as (
    select
        psp,
        booked_on as business_date
    from items
    where psp is not null
    union
    select
        psp,
        business_date
    from silent
    union
    select
        psp,
        business_date
    from faults
),

int_reconciliation__days_blocked as (
    select
        known.psp,
        known.business_date,
        coalesce(silent.silent_count, 0) + coalesce(faults.gap_count, 0) as missing_file_count,
        coalesce(faults.open_gate_count, 0) as open_gate_count,
        coalesce(faults.above_limit_count, 0) as break_above_limit_count
    from known
    left join silent
        on
            known.psp = silent.psp
            and known.business_date = silent.business_date
    left join faults
        on
            known.psp = faults.psp
            and known.business_date = faults.business_date
)

select * from int_reconciliation__days_blocked
