"""Where does Dagster keep its runs and events: one home for every command, so that the UI shows what the command line ran.

For `countroom run`, `demo` and `up`. DAGSTER_HOME is HOME/dagster; runs and events go to PostgreSQL, into schema `dagster` of the system of
record (Dagster's own tables, made and upgraded by Dagster). A DAGSTER_HOME the operator set is used as it is.
The trap: the URL with the password in dagster.yaml; the file names an environment variable instead. And what a run draws with must not leave a
cache in the user's own folders.
"""

from __future__ import annotations

import os
from pathlib import Path

import psycopg
from sqlalchemy import make_url

from pipelines.resources.whole_files import write_whole

SCHEMA = "dagster"
URL_VARIABLE = "COUNTROOM_DAGSTER_URL"

_CONFIGURATION = f"""\
# Written by countroom on each start; set DAGSTER_HOME to use a configuration of your own.
telemetry:
  enabled: false
storage:
  postgres:
    postgres_url:
      env: {URL_VARIABLE}
run_coordinator:
  module: dagster.core.run_coordinator
  class: QueuedRunCoordinator
concurrency:
  runs:
    # two cores is the smallest machine we promise anything on
    max_concurrent_runs: 2
run_monitoring:
  enabled: true
"""


def prepare_dagster_home(home: Path, app_url: str) -> Path:
    """Make the folder, its configuration and the schema, and set DAGSTER_HOME for this process and its children."""
    given = os.environ.get("DAGSTER_HOME") or None
    folder = Path(given) if given else home / "dagster"
    if given is None:
        folder.mkdir(parents=True, exist_ok=True)
        configuration = folder / "dagster.yaml"
        if not configuration.exists() or configuration.read_text() != _CONFIGURATION:  # another process may be reading it
            write_whole(configuration, _CONFIGURATION.encode())
        # without this file the UI opens with a dialog that asks for an e-mail address
        (folder / ".nux").mkdir(exist_ok=True)
        (folder / ".nux" / "nux.yaml").write_text("seen: 1\n")
        os.environ["DAGSTER_HOME"] = str(folder)
    with psycopg.connect(app_url, autocommit=True) as connection:
        connection.execute(f"create schema if not exists {SCHEMA}")
    # dagster-postgres names tables without a schema, and connects through psycopg2
    url = make_url(app_url).set(drivername="postgresql+psycopg2").update_query_dict({"options": f"-csearch_path={SCHEMA}"})
    os.environ[URL_VARIABLE] = url.render_as_string(hide_password=False)
    return folder
