"""The real files of shared/data in one landing folder, gone through one `countroom run`: once per session. Nobody may write to its database.

Each Stripe file becomes an account of its own: the shared ones belong to different merchants but repeat each other's names and payout ids. So does each
of PayPal's downloads, which name no account.
"""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest
from sqlalchemy import make_url

from pipelines.resources.warehouse import Warehouse
from tests.databases import create_database
from tests.running_world import countroom
from transactional.db.local_server import locks

AS_OF = "2026-11-25T00:00:00+00:00"


@pytest.fixture(scope="session")
def real_files(shared_data: Path, pg_server: str, template_database: str, session_root: Path) -> Warehouse:
    """What that run left."""
    folder, done = session_root / "real-files", session_root / "real-files.done"
    name = template_database.removesuffix("template") + "real_files"
    url = make_url(pg_server).set(database=name).render_as_string(hide_password=False)
    with locks.exclusive(session_root / "real-files.lock", timeout_seconds=600):
        if not done.exists():
            create_database(pg_server, name, template_database)
            lay_out(shared_data, folder)
            outcome = countroom(["run", str(folder), "--as-of", AS_OF], url, session_root / "real-files-home")
            assert outcome.returncode == 1, (outcome.stdout + outcome.stderr)[-6000:]  # 1: checks found something, and no step failed
            done.touch()
    return Warehouse(url)


def lay_out(shared_data: Path, folder: Path) -> None:
    """The files under psp/<psp>/<account>/, bank/ and fx/, as they would arrive."""
    reports = shared_data / "psp_reports"
    for file in sorted(path for path in (reports / "adyen").rglob("*") if path.is_file()):
        _copy(file, folder / "psp" / "adyen")  # these name their account themselves
    for file in sorted(path for path in (reports / "stripe").rglob("*") if path.is_file()):
        _copy(file, folder / "psp" / "stripe" / stripe_account(file.relative_to(reports / "stripe")))
    for file in sorted((reports / "checkoutcom").iterdir()):
        _copy(file, folder / "psp" / "checkoutcom")
    for file in sorted((reports / "paypal").iterdir()):
        _copy(file, folder / "psp" / "paypal" / file.stem)
    for file in sorted(path for path in (shared_data / "bank").rglob("*") if path.is_file()):
        _copy(file, folder / "bank")
    _copy(shared_data / "reference" / "eurofxref-hist.zip", folder / "fx")


def stripe_account(path: Path) -> str:
    """The account a Stripe file was given: after its place in shared/data/psp_reports/stripe."""
    return "acct_" + "_".join(path.with_suffix("").parts) + path.suffix.replace(".", "_")


def _copy(file: Path, folder: Path) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    shutil.copyfile(file, folder / file.name)
