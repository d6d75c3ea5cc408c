"""Routing decisions and how every candidate stood in each. Append-only.

What the database itself refuses: a second decision about one attempt, a probability outside 0 to 1, a candidate that is neither eligible nor excluded, a card
number where a BIN belongs.

Revision ID: 0024
Revises: 0023
"""

from __future__ import annotations

from alembic import op

revision = "0024"
down_revision = "0023"
branch_labels = None
depends_on = None

TABLES = """
create table app.routing_decisions (
    decision_id uuid not null, intent_id uuid not null, attempt_no smallint not null, policy_id text not null, card_version bigint,
    card_age_seconds bigint, tier text not null, country text not null, method text not null, currency text not null, amount_minor bigint not null,
    scheme text, issuer text, issuer_country text, bin text, psp text not null, merchant_account text not null, head text not null,
    propensity double precision not null, rule text not null, drawn double precision not null, latency_us integer not null,
    decided_at timestamptz not null, recorded_at timestamptz not null, txid xid8 not null default pg_current_xact_id(),
    constraint pk_routing_decisions primary key (decision_id),
    constraint fk_routing_decisions_intent_id_payment_intents foreign key (intent_id) references app.payment_intents (intent_id),
    constraint uq_routing_decisions_intent_id_attempt_no unique (intent_id, attempt_no),
    constraint ck_routing_decisions_attempt_no check (attempt_no >= 1),
    constraint ck_routing_decisions_propensity check (propensity > 0 and propensity <= 1),
    constraint ck_routing_decisions_drawn check (drawn >= 0 and drawn < 1),
    constraint ck_routing_decisions_amount check (amount_minor > 0),
    constraint ck_routing_decisions_bin_is_no_card_number check (bin ~ '^[0-9]{6,8}$'),
    constraint ck_routing_decisions_a_card_has_its_age check ((card_version is null) = (card_age_seconds is null))
);
create index ix_routing_decisions_txid on app.routing_decisions (txid);

create table app.routing_choices (
    decision_id uuid not null, psp text not null, place smallint, merchant_account text, propensity double precision, breaker text, level text,
    sr_mean double precision, sr_lo double precision, sr_hi double precision, rank smallint, worth_minor bigint, excluded_by text,
    txid xid8 not null default pg_current_xact_id(),
    constraint pk_routing_choices primary key (decision_id, psp),
    constraint fk_routing_choices_decision_id_routing_decisions foreign key (decision_id) references app.routing_decisions (decision_id),
    constraint ck_routing_choices_eligible_or_excluded check ((excluded_by is null) = (propensity is not null)),
    constraint ck_routing_choices_eligible_has_its_place check ((excluded_by is null) = (place is not null)),
    constraint ck_routing_choices_propensity check (propensity >= 0 and propensity <= 1)
);
create index ix_routing_choices_txid on app.routing_choices (txid);
"""

GUARDS = """
do $$
declare
    fact text;
    columns text;
begin
    foreach fact in array array['routing_decisions', 'routing_choices'] loop
        execute format('create trigger %I before update or delete or truncate on app.%I
                        for each statement execute function app.refuse_change()', fact || '_are_append_only', fact);
        execute format('alter table app.%I enable always trigger %I', fact, fact || '_are_append_only');
        select string_agg(quote_ident(attname), ', ' order by attnum) into columns
        from pg_attribute where attrelid = format('app.%I', fact)::regclass and attnum > 0 and attname <> 'txid';
        execute format('revoke insert on app.%I from countroom_service', fact);
        execute format('grant insert (%s) on app.%I to countroom_service', columns, fact);
    end loop;
end $$;
"""

WAREHOUSE = """
create table raw.app__routing_decisions (
    decision_id uuid not null, intent_id uuid not null, attempt_no integer not null, policy_id text not null, card_version bigint,
    card_age_seconds bigint, tier text not null, country text not null, method text not null, currency text not null, amount_minor bigint not null,
    scheme text, issuer text, issuer_country text, bin text, psp text not null, merchant_account text not null, head text not null,
    propensity double precision not null, rule text not null, drawn double precision not null, latency_us integer not null,
    decided_at timestamptz not null, recorded_at timestamptz not null, _batch_id uuid not null, _loaded_at timestamptz not null,
    constraint pk_app__routing_decisions primary key (decision_id)
);
create table raw.app__routing_choices (
    decision_id uuid not null, psp text not null, place integer, merchant_account text, propensity double precision, breaker text, level text,
    sr_mean double precision, sr_lo double precision, sr_hi double precision, rank integer, worth_minor bigint, excluded_by text,
    _batch_id uuid not null, _loaded_at timestamptz not null,
    constraint pk_app__routing_choices primary key (decision_id, psp)
);
create trigger append_only before update or delete or truncate on raw.app__routing_decisions execute function raw.refuse_change();
revoke update, delete, truncate on raw.app__routing_decisions from countroom_pipeline;
create trigger append_only before update or delete or truncate on raw.app__routing_choices execute function raw.refuse_change();
revoke update, delete, truncate on raw.app__routing_choices from countroom_pipeline;
"""


def upgrade() -> None:
    for script in (TABLES, GUARDS, WAREHOUSE):
        op.get_bind().exec_driver_sql(script.replace("%", "%%"))


def downgrade() -> None:
    op.execute("drop table raw.app__routing_choices, raw.app__routing_decisions; drop table app.routing_choices, app.routing_decisions;")
