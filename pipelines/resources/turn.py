"""Who writes the marts now: one run at a time per warehouse. For the resources of a run.

An advisory lock of PostgreSQL, held by a connection of its own: it ends with the run, however the run ends. The trap: two runs (a sensor's and a
schedule's) that rebuild the same tables under each other.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

import psycopg

from transactional.vocabulary.errors import Transient

_KEY = "countroom: a run of the pipeline"
_LONGEST_WAIT = "30min"


@contextmanager
def turn(url: str) -> Iterator[None]:
    """Wait for the run before this one, then hold the turn for the block. Raises: Transient when it did not end within half an hour."""
    with psycopg.connect(url, autocommit=True, application_name="countroom run") as connection:
        connection.execute(f"set lock_timeout = '{_LONGEST_WAIT}'")
        try:
            connection.execute("select pg_advisory_lock(hashtextextended(%s, 0))", [_KEY])
        except psycopg.errors.LockNotAvailable as error:
            raise Transient(f"another run has been writing to this warehouse for {_LONGEST_WAIT}", code="not_our_turn") from error
        yield
