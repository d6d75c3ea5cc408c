"""Who writes the marts now: one run at a time per warehouse. For the resources of a run, and for what must not fall into the middle of one.

An advisory lock of PostgreSQL, held by a connection of its own: it ends with the run, however the run ends. Runs, closes and worlds hold it alone;
landings share it with each other. The traps: two runs (a sensor's and a schedule's) that rebuild the same tables under each other, a file that lands
after a run has read the files and before it says what it knew, marts frozen half old and half new, a run that begins while a world is half written, and
a turn that was lost (the server restarted) without anybody noticing.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager

import psycopg

from transactional.vocabulary.errors import Transient

_KEY = "countroom: a run of the pipeline"
_LONGEST_WAIT = "30min"


@contextmanager
def turn(url: str, *, shared: bool = False, on_wait: Callable[[str], None] = lambda said: None) -> Iterator[None]:
    """Wait for whoever writes before us, then hold the turn for the block. `on_wait` is told, once, that there is somebody to wait for.

    Raises: Transient when it did not end within half an hour (`not_our_turn`), when the server cannot be reached (`warehouse_unreachable`), and, after the
    block, when the turn was lost in it (`turn_lost`): somebody else may have written meanwhile.
    """
    try:
        connection = psycopg.connect(url, autocommit=True, application_name="countroom run", connect_timeout=10)
    except psycopg.OperationalError as error:
        raise Transient("the warehouse cannot be reached", code="warehouse_unreachable") from error
    with connection:
        _take(connection, "_shared" if shared else "", on_wait)
        yield
        try:
            connection.execute("select 1")
        except psycopg.OperationalError as error:
            raise Transient("the connection that kept other runs out was lost on the way: run it again", code="turn_lost") from error


def _take(connection: psycopg.Connection, kind: str, on_wait: Callable[[str], None]) -> None:
    taken = connection.execute(f"select pg_try_advisory_lock{kind}(hashtextextended(%s, 0))", [_KEY]).fetchone()
    if taken == (True,):
        return
    on_wait(f"another command is writing to this warehouse: waiting until it ends (at most {_LONGEST_WAIT})")
    connection.execute(f"set lock_timeout = '{_LONGEST_WAIT}'")
    try:
        connection.execute(f"select pg_advisory_lock{kind}(hashtextextended(%s, 0))", [_KEY])
    except psycopg.errors.LockNotAvailable as error:
        raise Transient(f"another command has been writing to this warehouse for {_LONGEST_WAIT}", code="not_our_turn") from error
