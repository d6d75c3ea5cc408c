"""Do imports keep their direction: the contracts of pyproject.toml, and the file roles import-linter cannot express."""

from __future__ import annotations

import subprocess
import sys
from importlib.metadata import packages_distributions
from pathlib import Path

import pytest

from tests.architecture.source_tree import PACKAGES, ROOT, imported_modules, python_files

EDGES = (
    "dagster",
    "dagster_dbt",
    "sqlalchemy",
    "psycopg",
    "boto3",
    "botocore",
    "fastapi",
    "adbc_driver_manager",
    "adbc_driver_postgresql",
    "alembic",
)
SETTINGS_READERS = (
    "pipelines/definitions.py",
    "pipelines/cli.py",
    "pipelines/health.py",
    "pipelines/commands/",
    "transactional/http/app.py",
    "transactional/migrations/env.py",
)
# file roles of house style 4.2: these names are shells, every other file of a domain is pure
SHELLS = {"assets.py", "checks.py", "models.py", "service.py", "api.py"}
# a service of more than one file: these parts speak to the database for it, and no pure file may import them
SERVICE_PARTS = {
    *(
        "reading.py",
        "requests.py",
        "webhooks.py",
        "webhook_api.py",
        "api_models.py",
        "close_api.py",
        "close_api_models.py",
        "expiry.py",
        "closing.py",
        "match_service.py",
        "chooser.py",
        "polling.py",
    ),
    *("close_api.py", "close_api_models.py"),
    *("orchestrator.py", "store.py", "opening.py", "choosing.py"),
}
PURE_PLACES = (
    "assets/reconciliation/",
    "assets/ledger/",
    "assets/payments/",
    "transactional/ledger/",
    "transactional/payments/",
    "transactional/reconciliation/",
    "transactional/vocabulary/",
)


def test_layers_hold() -> None:
    program = Path(sys.executable).with_name("lint-imports")
    linted = subprocess.run([program, "--no-cache"], cwd=ROOT, capture_output=True, text=True, check=False)
    assert linted.returncode == 0, linted.stdout


def is_pure(path: Path) -> bool:
    """Whether the file must not touch an edge: in a domain's folder and not one of the shells."""
    return str(path).startswith(PURE_PLACES) and path.name not in SHELLS | SERVICE_PARTS


def test_pure_files_touch_no_edge() -> None:
    touching = {
        f"{path} imports {module}" for path in python_files() if is_pure(path) for module in imported_modules(path) if module.split(".")[0] in EDGES
    }
    assert touching == set()


def test_pure_files_know_no_shell_and_no_part_of_a_service() -> None:
    def is_adapter(module: str) -> bool:
        return f"{module.replace('.', '/')}/".startswith(PURE_PLACES) and f"{module.rsplit('.', maxsplit=1)[-1]}.py" in SHELLS | SERVICE_PARTS

    known = {f"{path} imports {module}" for path in python_files() if is_pure(path) for module in imported_modules(path) if is_adapter(module)}
    assert known == set()


def test_settings_are_read_by_composition_roots_only() -> None:
    # the type may be named anywhere (a root hands the object on); reading the environment is the roots' alone
    readers = {str(path) for path in python_files() if "transactional.settings.load_settings" in set(imported_modules(path))}
    assert {reader for reader in readers if not reader.startswith(SETTINGS_READERS)} == set()


def test_great_expectations_is_named_by_its_runner_only() -> None:
    users = {str(path) for path in python_files() if any(module.split(".")[0] == "great_expectations" for module in imported_modules(path))}
    assert users <= {"expectations/runner.py"}


def test_definitions_have_no_init_to_hide_in() -> None:
    assert (ROOT / "pipelines" / "__init__.py").read_text() == ""


@pytest.mark.parametrize("package", PACKAGES)
def test_nobody_else_owns_our_package_names(package: str) -> None:
    # generic names are fine for an application as long as no dependency claims one (dbt-protos already drops a stray `test/`)
    assert set(packages_distributions().get(package, ["countroom"])) == {"countroom"}
    assert Path(__import__(package).__file__ or "").is_relative_to(ROOT)
