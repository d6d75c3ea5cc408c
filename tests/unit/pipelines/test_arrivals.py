"""When does the sensor ask for a run: traps of files that arrive."""

from __future__ import annotations

import json
import os
from collections.abc import Callable
from pathlib import Path

import dagster as dg

from pipelines.resources.places import Inbox
from pipelines.sensors import Arrivals, arriving_files, look_into, requested_closes

NOTHING = Arrivals({}, {})


def test_a_file_still_being_copied_is_not_asked_for() -> None:
    ready, after_first = NOTHING.evaluate({"a.csv": (10, 1)})
    assert ready == ()
    ready, after_second = after_first.evaluate({"a.csv": (500, 2)})
    assert ready == ()
    ready, _ = after_second.evaluate({"a.csv": (500, 2)})
    assert ready == ("a.csv",)


def test_a_file_is_asked_for_once() -> None:
    _, seen = NOTHING.evaluate({"a.csv": (10, 1)})
    ready, asked = seen.evaluate({"a.csv": (10, 1)})
    assert ready == ("a.csv",)
    assert asked.evaluate({"a.csv": (10, 1)})[0] == ()


def test_a_file_copied_in_with_an_old_date_is_still_new() -> None:
    _, seen = NOTHING.evaluate({"new.csv": (10, 1_000)})
    _, asked = seen.evaluate({"new.csv": (10, 1_000), "old.csv": (10, 1)})
    assert asked.evaluate({"new.csv": (10, 1_000), "old.csv": (10, 1)})[0] == ("old.csv",)


def test_the_same_name_with_other_content_is_asked_for_again() -> None:
    _, seen = NOTHING.evaluate({"a.csv": (10, 1)})
    _, asked = seen.evaluate({"a.csv": (10, 1)})
    _, changed = asked.evaluate({"a.csv": (11, 2)})
    assert changed.evaluate({"a.csv": (11, 2)})[0] == ("a.csv",)


def test_files_that_are_gone_are_forgotten_so_the_cursor_does_not_grow() -> None:
    _, seen = NOTHING.evaluate({"a.csv": (10, 1)})
    _, asked = seen.evaluate({"a.csv": (10, 1)})
    _, empty = asked.evaluate({})
    assert empty == NOTHING
    assert Arrivals.from_cursor(asked.to_cursor()) == asked


def test_the_sensor_asks_for_one_run_for_all_files_that_are_whole(tmp_path: Path) -> None:
    inbox = Inbox(tmp_path)
    folder = inbox.arriving / "psp" / "adyen" / "EU"
    folder.mkdir(parents=True)
    for name in ("one.csv", "two.csv", ".hidden"):
        (folder / name).write_text(name)
        os.utime(folder / name, ns=(1_000, 1_000))
    first = dg.build_sensor_context(resources={"inbox": inbox})
    assert isinstance(arriving_files(first), dg.SkipReason)
    second = dg.build_sensor_context(cursor=first.cursor, resources={"inbox": inbox})
    result = arriving_files(second)
    assert isinstance(result, dg.SensorResult)
    assert result.run_requests is not None
    assert [request.tags for request in result.run_requests] == [{"countroom/files": "2"}]
    assert set(json.loads(second.cursor or "")["requested"]) == {"psp/adyen/EU/one.csv", "psp/adyen/EU/two.csv"}


def ask(inbox: Inbox, cursor: str | None) -> tuple[list[str | None], str]:
    """One evaluation: the keys of the runs it asks for, and the cursor it leaves."""
    context = dg.build_sensor_context(cursor=cursor, resources={"inbox": inbox})
    result = arriving_files(context)
    requests = (result.run_requests or []) if isinstance(result, dg.SensorResult) else []
    return [request.run_key for request in requests], context.cursor or ""


def arrive(inbox: Inbox, name: str, content: str, at_ns: int) -> None:
    inbox.arriving.mkdir(parents=True, exist_ok=True)
    (inbox.arriving / name).write_text(content)
    os.utime(inbox.arriving / name, ns=(at_ns, at_ns))


def test_a_daemon_that_forgets_its_cursor_asks_for_the_same_run_and_not_for_a_second(tmp_path: Path) -> None:
    # the run key is what Dagster knows a request by: the same file, whole, has the same one whoever looks and however often
    inbox = Inbox(tmp_path)
    arrive(inbox, "may.sta", "a statement", 1_000)
    keys = []
    for _ in range(2):
        nothing, cursor = ask(inbox, None)
        assert nothing == []
        asked, cursor = ask(inbox, cursor)
        assert ask(inbox, cursor)[0] == []
        keys.append(asked)
    assert keys[0] == keys[1]
    assert len(keys[0]) == 1


def test_a_file_that_grows_between_two_looks_is_asked_for_when_it_rests_and_under_another_key(tmp_path: Path) -> None:
    inbox = Inbox(tmp_path)
    arrive(inbox, "may.sta", "half a", 1_000)
    _, cursor = ask(inbox, None)
    half, _ = ask(inbox, cursor)
    arrive(inbox, "may.sta", "half a statement and the rest", 2_000)
    nothing, cursor = ask(inbox, cursor)
    whole, _ = ask(inbox, cursor)
    assert nothing == []
    assert len(whole) == 1
    assert whole != half


def test_an_inbox_nobody_made_yet_is_empty(tmp_path: Path) -> None:
    assert look_into(Inbox(tmp_path)) == {}


def test_a_landed_file_leaves_the_inbox_and_never_overwrites_an_earlier_one(tmp_path: Path) -> None:
    inbox = Inbox(tmp_path)
    file = inbox.arriving / "bank" / "may.sta"
    for content in ("first", "second"):
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(content)
        inbox.put_away(file, "landed")
    assert sorted(path.name for path in (tmp_path / "landed" / "bank").iterdir()) == ["may.2.sta", "may.sta"]
    assert (tmp_path / "landed" / "bank" / "may.sta").read_text() == "first"
    assert look_into(inbox) == {}


def test_a_file_outside_the_inbox_is_left_alone(tmp_path: Path) -> None:
    file = tmp_path / "elsewhere.csv"
    file.write_text("x")
    assert Inbox(tmp_path / "home").put_away(file, "landed") is None
    assert file.exists()


class Desk:
    """A desk at which these keys are due, one after the other."""

    def __init__(self, *keys: str | None) -> None:
        self._keys = list(keys)

    def due(self) -> str | None:
        return self._keys.pop(0)

    def carry_out(self, say: Callable[[str], None]) -> list[str]:
        raise AssertionError("a sensor carries nothing out")


def test_a_close_that_is_asked_for_is_a_run_of_its_own_and_nothing_is_none() -> None:
    desk = Desk(None, "one")
    assert isinstance(requested_closes(close_desk=desk), dg.SkipReason)
    asked = requested_closes(close_desk=desk)
    assert isinstance(asked, dg.SensorResult)
    assert [request.run_key for request in asked.run_requests or ()] == ["one"]
