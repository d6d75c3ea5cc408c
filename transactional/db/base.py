"""The one MetaData of the transactional schema, with names for every constraint. For models, migrations and autogenerate.

The trap: an unnamed constraint gets a name from the database, autogenerate then sees a difference that is none, and a downgrade cannot drop it.
"""

from __future__ import annotations

from sqlalchemy import MetaData

NAMING = {
    "pk": "pk_%(table_name)s",
    "ix": "ix_%(table_name)s_%(column_0_N_name)s",
    "uq": "uq_%(table_name)s_%(column_0_N_name)s",
    "fk": "fk_%(table_name)s_%(column_0_N_name)s_%(referred_table_name)s",
    "ck": "ck_%(table_name)s_%(constraint_name)s",
}

APP_SCHEMA = "app"

metadata = MetaData(schema=APP_SCHEMA, naming_convention=NAMING)
"""Tables of schema app; `Table("postings", metadata, ...)` lands in app. Python-written warehouse tables come from their contracts."""
