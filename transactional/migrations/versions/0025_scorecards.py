"""Scorecards: hour buckets of the light path, versions that were published, and the role of a routing service.

What was published is append-only for everybody but the owner of the schema: versions, contents, rows and changes of status may be inserted and read.
countroom_router reads what dbt publishes in schema serve, which dbt grants; it has no other right. Like the roles of revision 0000 it is made only if
missing, and stays. Where our user lacks CREATEROLE, an administrator first runs:

    create role countroom_router nologin; grant countroom_router to <our user>;

Revision ID: 0025
Revises: 0024
"""

from __future__ import annotations

from alembic import op

revision = "0025"
down_revision = "0024"
branch_labels = None
depends_on = None

ROLE = """
do $$
begin
    if not exists (select from pg_roles where rolname = 'countroom_router') then
        create role countroom_router nologin;
    end if;
exception
    when duplicate_object or unique_violation then null;
    when insufficient_privilege then
        raise exception 'role countroom_router does not exist and % may not create it', current_user
            using hint = 'an administrator runs: create role countroom_router nologin; grant countroom_router to ' || quote_ident(current_user);
end $$;
do $$
begin
    if not pg_has_role(current_user, 'countroom_router', case when current_setting('server_version_num')::int >= 160000 then 'set' else 'member' end) then
        execute format('grant countroom_router to %I', current_user);
    end if;
exception
    when insufficient_privilege then
        raise notice 'not a member of countroom_router: an administrator runs: grant countroom_router to %', quote_ident(current_user);
end $$;
"""

TABLES = """
create table derived.payments__decay_weights (
    second_of_hour integer not null, weight bigint not null, weight_squared bigint not null,
    constraint pk_payments__decay_weights primary key (second_of_hour)
);
create table derived.payments__amount_bands (
    amount_band text not null, exponent integer not null, from_minor bigint not null, below_minor bigint,
    constraint pk_payments__amount_bands primary key (amount_band, exponent)
);
create table derived.payments__outcome_hours_live (
    bucket_at timestamptz not null, direction text not null, country text not null, method text not null, issuer_group text not null,
    bin text not null, amount_band text not null, psp text not null, n_attempts bigint not null, n_first bigint not null,
    n_approved bigint not null, n_approved_first bigint not null, n_pending bigint not null, n_blamed bigint not null,
    s_int bigint not null, n_int bigint not null, w2_int bigint not null,
    constraint pk_payments__outcome_hours_live primary key (bucket_at, direction, country, method, issuer_group, bin, amount_band, psp)
);
create table derived.payments__outcomes_live (
    attempt_id uuid not null, bucket_at timestamptz not null, direction text not null, country text not null, method text not null,
    issuer_group text not null, bin text not null, amount_band text not null, psp text not null, second_of_hour integer not null,
    is_first boolean not null, outcome text not null, is_blamed boolean not null,
    constraint pk_payments__outcomes_live primary key (attempt_id)
);
create table derived.payments__live_watermark (
    reader text not null, snapshot text not null, read_at timestamptz not null,
    constraint pk_payments__live_watermark primary key (reader)
);
create table derived.payments__scorecard_contents (
    content_sha256 text not null, content text not null,
    constraint pk_payments__scorecard_contents primary key (content_sha256)
);
create table derived.payments__scorecard_versions (
    version bigint not null, schema_version text not null, content_sha256 text not null, policy_id text not null, params text not null,
    data_watermark timestamptz not null, published_at timestamptz not null, valid_until timestamptz not null,
    expires_at timestamptz not null, interval_seconds integer not null, row_count bigint not null, parent_version bigint, git_commit text,
    ope text, origin text not null,
    constraint pk_payments__scorecard_versions primary key (version)
);
create table derived.payments__scorecard_rows (
    version bigint not null, direction text not null, level text not null, country text not null, method text not null,
    issuer_group text not null, bin text not null, amount_band text not null, psp text not null, n_attempts bigint not null,
    n_first bigint not null, n_approved bigint not null, n_approved_first bigint not null, n_pending bigint not null,
    n_blamed bigint not null, n_eff double precision not null, sr_raw double precision, sr_mean double precision not null,
    sr_lo double precision not null, sr_hi double precision not null, shrink_weight double precision not null,
    prior_mean double precision not null, kappa double precision not null, p_best double precision not null, latency_p50_ms bigint,
    latency_p95_ms bigint, latency_p99_ms bigint, timeout_share double precision, currency text not null, cost_fixed_minor bigint,
    cost_bps double precision, fail_cost_minor bigint, penalty_minor bigint, cost_coverage double precision not null,
    chargeback_bps double precision, refund_bps double precision, cohort_month text, challenge_rate double precision,
    challenge_success double precision, frictionless_rate double precision, payout_within_sla double precision, payout_p95_min bigint,
    health text not null, health_since timestamptz, score double precision not null, ev_minor bigint, rank bigint not null,
    share_target double precision not null, reason text not null, data_from timestamptz, data_to timestamptz,
    constraint pk_payments__scorecard_rows primary key (version, direction, level, country, method, issuer_group, bin, amount_band, psp)
);
create table derived.payments__scorecard_statuses (
    event_no bigint not null, version bigint not null, status text not null, reason text not null, decided_by text not null,
    decided_at timestamptz not null,
    constraint pk_payments__scorecard_statuses primary key (event_no)
);
create index ix_payments__scorecard_statuses_version on derived.payments__scorecard_statuses (version);
"""

APPEND_ONLY = """
revoke update, delete, truncate on derived.payments__scorecard_contents, derived.payments__scorecard_versions, derived.payments__scorecard_rows,
    derived.payments__scorecard_statuses from countroom_pipeline;
"""

DROP = """
drop table derived.payments__scorecard_statuses;
drop table derived.payments__scorecard_rows;
drop table derived.payments__scorecard_versions;
drop table derived.payments__scorecard_contents;
drop table derived.payments__live_watermark;
drop table derived.payments__outcomes_live;
drop table derived.payments__outcome_hours_live;
drop table derived.payments__amount_bands;
drop table derived.payments__decay_weights;
"""


def upgrade() -> None:
    for script in (ROLE, TABLES, APPEND_ONLY):
        op.get_bind().exec_driver_sql(script.replace("%", "%%"))


def downgrade() -> None:
    op.execute(DROP)
