"""How Alembic runs, whoever starts it: one migrator at a time, with timeouts, a transaction per revision. Not imported; Alembic executes it.

The runner (`countroom migrate`) hands over a connection; the `alembic` command (for drafting a revision) has none and gets the configured database.
"""

from alembic import context
from sqlalchemy import Connection

from transactional.migrations.runner import alone, migration_engine
from transactional.migrations.target import COMPARISON, target_metadata


def _run(connection: Connection) -> None:
    with alone(connection):
        context.configure(
            connection=connection,
            target_metadata=target_metadata(),
            transaction_per_migration=True,
            **COMPARISON,
        )
        with context.begin_transaction():
            context.run_migrations()


given = context.config.attributes.get("connection")
if given is not None:
    _run(given)
else:
    from transactional.db.location import locate_databases
    from transactional.settings import load_settings

    with migration_engine(locate_databases(load_settings()).app_url).connect() as own:
        _run(own)
