"""kill -9 inside `close`, `report` and the evidence bundle, at every step that leaves something behind; the same command again ends as if nothing had been."""

from __future__ import annotations

import signal
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from assets.reconciliation.standing.document import checksum
from pipelines.cli import run
from pipelines.resources.object_store import FolderStore
from pipelines.resources.warehouse import Warehouse
from pipelines.resources.whole_files import BEGINS_WITH
from tests.killed_command import Point, killed_commands
from tests.running_world import RunWorld

pytestmark = pytest.mark.slow

NAMED = ["2026-01-10", "--psp", "adyen"]
FREEZE = ["close", *NAMED, "--as", "ana", "--despite", "known breaks"]
COMMIT = "transactional.db.unit_of_work:UnitOfWork.commit"
STORE = "pipelines.resources.object_store:FolderStore"
FROZEN = """
select watermark_at, rule_set, config_hash, run_id::text as run_id, checksum, payload::text as payload, reason from app.close_events
where kind = 'frozen' order by recorded_at
"""


@dataclass(frozen=True, slots=True)
class House:
    """A casino that has run, and the way to kill a command in it."""

    url: str
    home: Path
    kill: Callable[[Point, list[str]], int]

    @property
    def store(self) -> FolderStore:
        return FolderStore(self.home / "objects")

    def killed(self, when: str, called: str, words: list[str], number: int = 1) -> None:
        assert self.kill((when, called, number), words) == -signal.SIGKILL, f"{words} never came {when} {called}"

    def done(self, words: list[str]) -> int:
        """The command with nobody killed."""
        return self.kill(("before", "os:abort", 1), words)

    def events(self) -> list[str]:
        told = Warehouse(self.url).read("select kind || ' ' || actor as said from app.close_events order by recorded_at, event_id")
        return told["said"].to_list()

    def frozen(self) -> list[dict[str, Any]]:
        """What each close fixed, and that its object is there with that checksum."""
        named = Warehouse(self.url).read("select object_key, checksum from app.close_events where kind = 'frozen'")
        assert [checksum(self.store.get(key)) for key in named["object_key"]] == named["checksum"].to_list()
        return Warehouse(self.url).read(FROZEN).to_dicts()


@pytest.fixture(scope="module")
def house(run_world: RunWorld, tmp_path_factory: pytest.TempPathFactory) -> Iterator[House]:
    home = tmp_path_factory.mktemp("killed-close")
    with ExitStack() as stack:
        url = stack.enter_context(run_world.copy_of())
        patch = stack.enter_context(pytest.MonkeyPatch.context())
        patch.setenv("COUNTROOM_DATABASE_URL", url)
        patch.setenv("COUNTROOM_HOME", str(home))
        patch.delenv("DAGSTER_HOME", raising=False)
        yield House(url, home, stack.enter_context(killed_commands(url, home)))


@pytest.fixture(autouse=True)
def at_home(house: House, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COUNTROOM_DATABASE_URL", house.url)
    monkeypatch.setenv("COUNTROOM_HOME", str(house.home))
    monkeypatch.delenv("DAGSTER_HOME", raising=False)


def test_a_close_killed_at_every_step_is_there_or_not_and_freezes_the_same(house: House) -> None:
    assert house.done(FREEZE) == 0  # nobody is killed; and let go of again, for a day has one live close
    assert run(["close", *NAMED, "--as", "ana", "--reopen", "for the test"]) == 0
    events, kept = house.events(), set(house.store.keys())
    house.killed("before", f"{STORE}.put_new", FREEZE)
    assert set(house.store.keys()) == kept
    house.killed("after", f"{STORE}.put_new", FREEZE)  # the trap: an event that names an object which is not there; so the object is first
    house.killed("before", COMMIT, FREEZE)
    assert house.events() == events
    assert len(set(house.store.keys()) - kept) == 2  # which nothing names
    house.killed("after", COMMIT, FREEZE)
    assert run(FREEZE) == 2  # it is closed, by the one that was killed
    events = [*events, "frozen ana"]
    for name in ("ana", "carl"):
        sign = ["close", *NAMED, "--as", name, "--sign"]
        house.killed("before", COMMIT, sign)
        assert house.events() == events
        house.killed("after", COMMIT, sign)
        assert run(sign) == 2  # the name is under it, and not twice
        events = [*events, f"signed {name}"]
        assert house.events() == events
    undisturbed, killed = house.frozen()
    assert killed == undisturbed


def test_a_report_killed_at_every_step_leaves_whole_files_of_before_or_of_now(house: House, tmp_path: Path) -> None:
    # the trap: a file cut off in the middle, which opens, and shows half of the breaks
    words = ["report", *NAMED, "--form", "csv", "--out", str(tmp_path), "--html", str(tmp_path / "day.html"), "--breaks", "0"]
    assert house.done(words) == 1  # there are breaks
    undisturbed = {path.name: path.read_bytes() for path in tmp_path.iterdir()}
    for when, called, number in (
        ("before", "shutil:copyfileobj", 2),
        ("before", "os:fsync", 3),
        ("before", "pathlib:Path.replace", 4),
        ("after", "pathlib:Path.replace", 1),
        ("before", "pathlib:Path.replace", len(undisturbed)),
    ):
        for name in undisturbed:
            (tmp_path / name).write_bytes(b"of before")
        house.killed(when, called, words, number)
        found = {path.name: path.read_bytes() for path in tmp_path.iterdir() if not path.name.startswith(BEGINS_WITH)}
        assert {name for name, content in found.items() if content not in (b"of before", undisturbed[name])} == set()
        assert b"of before" in found.values()
    assert house.done(words) == 1
    assert {name: (tmp_path / name).read_bytes() for name in undisturbed} == undisturbed


def test_a_bundle_killed_at_every_step_is_not_there_or_is_whole(house: House) -> None:
    words = ["report", *NAMED, "--bundle", "--breaks", "0"]
    house.killed("before", "zipfile:ZipFile.writestr", words, 4)
    house.killed("before", f"{STORE}.put_new_file", words)
    house.killed("before", "os:link", words)
    assert list(house.store.keys("bundles/")) == []
    house.killed("after", "os:link", words)
    (key,) = house.store.keys("bundles/")
    assert house.done(words) == 1
    assert list(house.store.keys("bundles/")) == [key]  # the very same, once
    assert run(["audit", "verify", str(house.store.folder / key)]) == 0
