"""docs/runbooks/reconcile_two_files.md, done literally: its files written, its command typed, its output compared."""

from __future__ import annotations

import re
import shlex
from pathlib import Path

import pytest

from pipelines import cli

RUNBOOK = Path(__file__).parents[2] / "docs" / "runbooks" / "reconcile_two_files.md"


def without_ids(text: str) -> str:
    """Ids are hashes; what they are of may change with the rules."""
    return re.sub(r"[0-9a-f]{32}", "<id>", text)


def test_the_runbook_says_what_happens(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    monkeypatch.chdir(tmp_path)
    text = RUNBOOK.read_text()
    for name, content in re.findall(r"^`([\w.]+)`\n```\w*\n(.*?)^```$", text, re.MULTILINE | re.DOTALL):
        (tmp_path / name).write_text(content)
    ((command, expected),) = re.findall(r"^```console\n\$ countroom (.*?)\n(.*?)^```$", text, re.MULTILINE | re.DOTALL)
    assert cli.run(shlex.split(command)) == 1
    assert without_ids(capsys.readouterr().out) == without_ids(expected)
    assert sorted(path.name for path in (tmp_path / "answer").iterdir()) == ["reconciliation.html", "reconciliation.xlsx"]
