with certificate_issued as (
    select * from {{ ref('int_reconciliation__certificate_issued') }}
),

fct_certificate as (
    select
        run_id,
        as_of,
        source,
        currency,
        booked_on,
        in_count,
        in_minor,
        matched_count,
        matched_minor,
        broken_count,
        broken_minor,
        ignored_count,
        ignored_minor,
        closes
    from certificate_issued
)

select * from fct_certificate
