with published as (
    select * from {{ ref('scorecard_rows') }}
),

champion as (
    select version from {{ ref('scorecard_versions') }}
    where status = 'champion'
),

scorecard as (
    select
        published.version,
        published.direction,
        published.level,
        published.country,
        published.method,
        published.issuer_group,
        published.bin,
        published.amount_band,
        published.psp,
        published.n_attempts,
        published.n_first,
        published.n_approved,
        published.n_approved_first,
        published.n_pending,
        published.n_blamed,
        published.n_eff,
        published.sr_raw,
        published.sr_mean,
        published.sr_lo,
        published.sr_hi,
        published.shrink_weight,
        published.prior_mean,
        published.kappa,
        published.p_best,
        published.latency_p50_ms,
        published.latency_p95_ms,
        published.latency_p99_ms,
        published.timeout_share,
        published.currency,
        published.cost_fixed_minor,
        published.cost_bps,
        published.fail_cost_minor,
        published.penalty_minor,
        published.cost_coverage,
        published.chargeback_bps,
        published.refund_bps,
        published.cohort_month,
        published.challenge_rate,
        published.challenge_success,
        published.frictionless_rate,
        published.payout_within_sla,
        published.payout_p95_min,
        published.health,
        published.health_since,
        published.score,
        published.ev_minor,
        published.rank,
        published.share_target,
        published.reason,
        published.data_from,
        published.data_to
    from published
    inner join champion
        on published.version = champion.version
)

select * from scorecard
