"""What several architecture tests look at, made once per session: dbt's manifest and a description of the definitions.

Both come from a fresh interpreter, so that nothing this process imported or configured can colour them.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from tests.architecture.source_tree import ROOT

DESCRIBE = """
import json, sys
import pipelines.definitions as module
definitions = module.defs() if callable(module.defs) else module.defs
repository = definitions.get_repository_def()
graph = definitions.resolve_asset_graph()
def place(key):
    return key.to_user_string()
nodes = {
    place(key): {
        "group": (node := graph.get(key)).group_name,
        "deps": sorted(place(parent) for parent in node.parent_keys),
        "checks": sorted(check.name for check in node.check_keys),
        "kinds": sorted(node.kinds),
        "owners": sorted(node.owners),
        "described": bool(node.description),
        "columns": {column.name: column.description for column in schema.columns} if (schema := node.metadata.get("dagster/column_schema")) else {},
        "materializable": node.is_materializable,
    }
    for key in sorted(graph.get_all_asset_keys())
}
print(json.dumps({
    "assets": nodes,
    "jobs": sorted(job.name for job in repository.get_all_jobs() if not job.name.startswith("__")),
    "schedules": sorted(schedule.name for schedule in repository.schedule_defs),
    "sensors": sorted(sensor.name for sensor in repository.sensor_defs),
    "heavy": sorted({"great_expectations", "matplotlib", "moto", "schemathesis", "stripe"} & set(sys.modules)),
}))
"""


@pytest.fixture(scope="session")
def definitions(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    """Assets, jobs, schedules, sensors and heavy modules of pipelines.definitions, as a fresh interpreter sees them."""
    home = tmp_path_factory.mktemp("definitions")
    environment = os.environ | {"COUNTROOM_HOME": str(home), "DAGSTER_HOME": "", "PATH": _path()}
    answer = subprocess.run([sys.executable, "-c", DESCRIBE], cwd=ROOT, env=environment, capture_output=True, text=True, check=False, timeout=300)
    assert answer.returncode == 0, answer.stderr[-4000:]
    described: dict[str, Any] = json.loads(answer.stdout.splitlines()[-1])
    return described


@pytest.fixture(scope="session")
def manifest(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    """dbt's manifest of a parse made now (parsing needs no database)."""
    target = tmp_path_factory.mktemp("dbt")
    project = ROOT / "dbt_project"
    command = ["dbt", "parse", "--project-dir", str(project), "--profiles-dir", str(project), "--target-path", str(target), "--log-path", str(target)]
    answer = subprocess.run(command, cwd=ROOT, env=os.environ | {"PATH": _path()}, capture_output=True, text=True, check=False, timeout=300)
    assert answer.returncode == 0, answer.stdout[-4000:]
    parsed: dict[str, Any] = json.loads((target / "manifest.json").read_text())
    return parsed


def _path() -> str:
    return os.pathsep.join([str(Path(sys.executable).parent), os.environ["PATH"]])
