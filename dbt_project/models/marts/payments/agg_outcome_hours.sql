with attempts as (
    select * from {{ ref('int_payments__attempts_resolved') }}
),

currencies as (
    select * from {{ ref('int_core__currencies_dated') }}
),

bands as (
    select * from {{ ref('int_payments__amount_bands_stated') }}
),

weights as (
    select * from {{ ref('int_payments__decay_weights_stated') }}
),

weighed as (
    select
        attempts.*,
        bands.amount_band,
        weights.weight,
        weights.weight_squared,
        {{ utc_hour('attempts.created_at') }} as bucket_at
    from attempts
    inner join currencies
        on
            attempts.currency = currencies.currency
            and {{ utc_date('attempts.created_at') }} >= currencies.valid_from
            and {{ utc_date('attempts.created_at') }} < currencies.valid_until
    inner join bands
        on
            currencies.exponent = bands.exponent
            and attempts.amount_minor >= bands.from_minor
            and (bands.below_minor is null or attempts.amount_minor < bands.below_minor)
    inner join weights
        on {{ second_of_hour('attempts.created_at') }} = weights.second_of_hour
),

agg_outcome_hours as (
    select
        bucket_at,
        direction,
        country,
        method,
        issuer_group,
        bin,
        amount_band,
        psp,
        cast(count(*) as bigint) as n_attempts,
        {{ count_where("is_first and outcome <> 'pending'") }} as n_first,
        {{ count_where("outcome = 'approved'") }} as n_approved,
        {{ count_where("is_first and outcome = 'approved'") }} as n_approved_first,
        {{ count_where("outcome = 'pending'") }} as n_pending,
        {{ count_where('is_blamed') }} as n_blamed,
        cast(sum(case when outcome = 'approved' then weight else 0 end) as bigint) as s_int,
        cast(sum(case when outcome = 'approved' or is_blamed then weight else 0 end) as bigint) as n_int,
        cast(sum(case when outcome = 'approved' or is_blamed then weight_squared else 0 end) as bigint) as w2_int
    from weighed
    group by bucket_at, direction, country, method, issuer_group, bin, amount_band, psp
)

select * from agg_outcome_hours
