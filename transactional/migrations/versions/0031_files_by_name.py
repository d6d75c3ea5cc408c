"""A file whose days stand in its name only is known by its bytes and by what its name says.

The id of every other file stays, and so do the ids of files that landed before: their column is null.

Revision ID: 0031
Revises: 0030
"""

from __future__ import annotations

from alembic import op

revision = "0031"
down_revision = "0030"
branch_labels = None
depends_on = None

UP = r"""
alter table raw.source_files add column said_by_name text;
alter table raw.source_files drop constraint ck_source_files_id_is_content;
alter table raw.source_files add constraint ck_source_files_id_is_content check (
    file_id = left(coalesce(encode(sha256(convert_to(sha256 || E'\x1f' || said_by_name, 'UTF8')), 'hex'), sha256), 32)::uuid
);
create index ix_source_files_sha256 on raw.source_files (sha256);
"""

# fails where two files of the same bytes have landed: without the column they cannot be told apart
DOWN = """
drop index raw.ix_source_files_sha256;
alter table raw.source_files drop constraint ck_source_files_id_is_content;
alter table raw.source_files add constraint ck_source_files_id_is_content check (file_id = left(sha256, 32)::uuid);
alter table raw.source_files drop column said_by_name;
"""


def upgrade() -> None:
    op.execute(UP)


def downgrade() -> None:
    op.execute(DOWN)
