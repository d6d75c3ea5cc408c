"""What does an error mean to Dagster: retry, or stop this asset and say why. The one place that maps our errors to its own.

The traps: a retry of something that cannot get better (a broken file is broken the third time too), and a run that is restarted as a whole although
the step said not to: the daemon looks at the run's tag and not at the exception, so the jobs carry DO_NOT_RETRY_RUN.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

import dagster as dg
import psycopg

from transactional.vocabulary.errors import CountroomError, Transient

DO_NOT_RETRY_RUN = {"dagster/retry_on_asset_or_op_failure": "false"}
MAX_RETRIES = 3
FIRST_WAIT_SECONDS = 2.0


@contextmanager
def told_to_dagster(attempt: str, retry_number: int = 0) -> Iterator[None]:
    """Run the block; `attempt` says what it does, `retry_number` how often it was tried before.

    Raises: RetryRequested for what may pass (waiting twice as long each time), Failure without retries for everything else we know.
    What we do not know is a bug and passes through with its traceback.
    """
    try:
        yield
    except (Transient, psycopg.OperationalError) as error:
        raise dg.RetryRequested(max_retries=MAX_RETRIES, seconds_to_wait=FIRST_WAIT_SECONDS * 2**retry_number) from error
    except CountroomError as error:
        metadata = {"code": error.code, **{f"detail/{key}": str(value) for key, value in error.detail.items()}}
        raise dg.Failure(description=f"{attempt}: {error}", metadata=metadata, allow_retries=False) from error
