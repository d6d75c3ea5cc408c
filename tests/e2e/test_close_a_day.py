"""docs/runbooks/close_a_day.md, done literally: a finance person's day on a casino that has run, every command typed, every output compared.

Before the page begins, the 10th was closed and signed, and two files lie in the inbox: a report of it with a corrected amount, and a download that failed.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import redirect_stderr, redirect_stdout
from datetime import date
from io import StringIO
from pathlib import Path

import psycopg
import pytest

from pipelines import cli
from pipelines.resources.object_store import FolderStore
from pipelines.resources.warehouse import Warehouse
from tests.conftest import REPOSITORY
from tests.e2e.console_blocks import Names, compare, steps_of
from tests.e2e.restated_file import line_by, restated
from tests.running_world import RunWorld, countroom

pytestmark = pytest.mark.slow

RUNBOOK = REPOSITORY / "docs" / "runbooks" / "close_a_day.md"
SIGNED = date(2026, 1, 10)


class Terminal:
    """`countroom` as it is typed. `run` is a process of its own, for Dagster is set up once per process; the others need none."""

    def __init__(self, url: str, home: Path) -> None:
        self.url, self.home = url, home

    def __call__(self, words: list[str]) -> tuple[int, str]:
        if words[0] == "run":
            done = countroom(words, self.url, self.home)
            return done.returncode, done.stdout or done.stderr
        out = StringIO()
        with redirect_stdout(out), redirect_stderr(out):
            code = cli.run(words)
        return code, out.getvalue()


@pytest.fixture
def terminal(run_world: RunWorld, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Terminal]:
    with run_world.copy_of() as url:
        monkeypatch.setenv("COUNTROOM_DATABASE_URL", url)
        monkeypatch.setenv("COUNTROOM_HOME", str(tmp_path))
        yield Terminal(url, tmp_path)


def of_before(run_world: RunWorld, terminal: Terminal) -> bytes:
    """What happened before the page begins. Returns the 10th as it was signed."""
    named = [SIGNED.isoformat(), "--psp", "adyen"]
    assert terminal(["close", *named, "--as", "ana", "--despite", "known breaks"])[0] == 0
    assert terminal(["close", *named, "--as", "ana", "--sign"])[0] == 0
    close = json.loads(terminal(["close", *named, "--as", "carl", "--sign", "--json"])[1])
    line = line_by(Warehouse(terminal.url), SIGNED)
    path = next(path for path in sorted(run_world.folder.rglob(line["file_name"])) if "v2" not in path.parts)
    arriving = terminal.home / "inbox" / path.relative_to(run_world.folder)
    arriving.parent.mkdir(parents=True)
    arriving.write_bytes(restated(path, line["line_no"]))
    (arriving.parent / "settlement_detail_report_batch_99.csv").write_bytes(b"<html><body>503 Service Unavailable</body></html>")
    return FolderStore(terminal.home / "objects").get(close["object_key"])


def test_a_day_from_the_files_to_the_auditor_as_the_page_says(run_world: RunWorld, terminal: Terminal) -> None:
    signed = of_before(run_world, terminal)
    names = Names()
    for step in steps_of(RUNBOOK):
        code, told = terminal(names.meant(step.words))
        assert code == step.exit_code, f"$ countroom {step.words}\n{told}"
        compare(step, told, names)
    # and what the page can only claim: the bytes, one entry, nothing left in the inbox
    assert terminal(["report", SIGNED.isoformat(), "--psp", "adyen", "--as-signed", "--json"])[1].encode() == signed
    with psycopg.connect(terminal.url) as connection:
        assert connection.execute("select count(*) from app.journal_entries where kind = 'adjustment'").fetchone() == (1,)
    assert [path.name for path in (terminal.home / "inbox").rglob("*") if path.is_file()] == []
    assert [path.name for path in (terminal.home / "refused").rglob("*.csv")] == ["settlement_detail_report_batch_99.csv"]
