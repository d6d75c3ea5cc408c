"""Roles and schemas: who may write facts, who may derive, who may read.

Roles are NOLOGIN groups; the login users of an installation are made members. They belong to the whole server, not to one database, so they
are created only if missing and never dropped here (another database of the server may grant to them). Where our user lacks CREATEROLE, an
administrator first runs, once per server:

    create role countroom_service nologin; create role countroom_pipeline nologin; create role countroom_reader nologin;
    grant countroom_service, countroom_pipeline, countroom_reader to <our user>;

- countroom_service   selects and inserts facts in app (no update, no delete: a revision grants those column by column where a cache needs it);
- countroom_pipeline  selects app, owns what it writes in raw and derived, and creates the schemas dbt publishes into;
- countroom_reader    selects the marts (dbt grants them when it builds them).

Revision ID: 0000
Revises:
"""

from __future__ import annotations

from alembic import op

revision = "0000"
down_revision = None
branch_labels = None
depends_on = None

ROLES = ("countroom_service", "countroom_pipeline", "countroom_reader")

# two databases of one server may be migrated at the same moment: losing that race is success
CREATE_ROLE = """
do $$
begin
    if not exists (select from pg_roles where rolname = '{role}') then
        create role {role} nologin;
    end if;
exception
    when duplicate_object or unique_violation then null;
    when insufficient_privilege then
        raise exception 'role {role} does not exist and % may not create it', current_user
            using hint = 'an administrator runs: create role {role} nologin; grant {role} to ' || quote_ident(current_user);
end $$
"""

# so that our login user can `set role`; a superuser may already. From version 16 on, whoever creates a role is its member but may not act as it
JOIN_ROLE = """
do $$
begin
    if not pg_has_role(current_user, '{role}', case when current_setting('server_version_num')::int >= 160000 then 'set' else 'member' end) then
        execute format('grant {role} to %I', current_user);
    end if;
exception
    when insufficient_privilege then
        raise notice 'not a member of {role}: an administrator runs: grant {role} to %', quote_ident(current_user);
end $$
"""

GRANTS = """
create schema app;
create schema raw;
create schema derived;

-- whoever works here may ask at which revision the database stands: /health does, as countroom_service
grant usage on schema migrations to countroom_service, countroom_pipeline, countroom_reader;
grant select on migrations.alembic_version to countroom_service, countroom_pipeline, countroom_reader;

grant usage on schema app to countroom_service, countroom_pipeline;
-- /health says how old the landing is: the service may enter raw, and revision 0003 shows it the watermarks, nothing else
grant usage on schema raw to countroom_service;
grant usage, create on schema raw, derived to countroom_pipeline;

alter default privileges in schema app grant select, insert on tables to countroom_service;
alter default privileges in schema app grant usage, select on sequences to countroom_service;
alter default privileges in schema app grant select on tables to countroom_pipeline;
alter default privileges in schema raw grant select, insert, update, delete, truncate on tables to countroom_pipeline;
alter default privileges in schema derived grant select, insert, update, delete, truncate on tables to countroom_pipeline;
alter default privileges in schema raw grant usage, select on sequences to countroom_pipeline;
alter default privileges in schema derived grant usage, select on sequences to countroom_pipeline;
"""

# dbt creates a schema per layer and domain
CREATE_SCHEMAS = "do $$ begin execute format('grant create on database %I to countroom_pipeline', current_database()); end $$"
KEEP_SCHEMAS = "do $$ begin execute format('revoke create on database %I from countroom_pipeline', current_database()); end $$"

# dropping the schemas drops their default privileges with them
DROP = """
revoke all on migrations.alembic_version from countroom_service, countroom_pipeline, countroom_reader;
revoke all on schema migrations from countroom_service, countroom_pipeline, countroom_reader;
drop schema derived;
drop schema raw;
drop schema app;
"""


def upgrade() -> None:
    for role in ROLES:
        op.execute(CREATE_ROLE.format(role=role))
        op.execute(JOIN_ROLE.format(role=role))
    op.execute(GRANTS)
    op.execute(CREATE_SCHEMAS)


def downgrade() -> None:
    op.execute(KEEP_SCHEMAS)
    op.execute(DROP)
