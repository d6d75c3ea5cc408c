"""A day that was asked for over HTTP is frozen by the pipeline's job, refused for a reason that is kept, or waits for a run that knows it whole."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, timedelta
from pathlib import Path
from uuid import UUID

import pytest
from sqlalchemy import Engine

from pipelines.cli import run
from pipelines.jobs import CLOSES
from pipelines.standing.close_requests import HouseCloseDesk
from tests.running_world import RunWorld
from transactional.db.engine import SERVICE_ROLE, make_engine
from transactional.db.unit_of_work import UnitOfWork
from transactional.reconciliation.close_requests.events import CloseRequest
from transactional.reconciliation.close_requests.service import CloseRequests
from transactional.reconciliation.closing import Closes
from transactional.settings import load_settings

pytestmark = pytest.mark.slow


@dataclass(frozen=True, slots=True)
class House:
    """A casino that has run, its service's database, and who carries closes out."""

    url: str
    engine: Engine
    desk: HouseCloseDesk
    last_day: date

    def ask(self, day: date, despite: str | None = None) -> CloseRequest:
        with UnitOfWork(self.engine) as work:
            asked = CloseRequests(work.connection).ask("adyen", day, actor="ana", despite=despite)
            work.commit()
        return asked

    def now(self, request: CloseRequest) -> CloseRequest:
        with UnitOfWork(self.engine) as work:
            found = CloseRequests(work.connection).named(request.asked.close_request_id)
        assert found is not None
        return found

    def run_the_job(self) -> None:
        assert CLOSES.execute_in_process(resources={"close_desk": self.desk}).success


@pytest.fixture
def house(run_world: RunWorld, tmp_path: Path) -> Iterator[House]:
    with run_world.copy_of() as url:
        engine = make_engine(url, role=SERVICE_ROLE, application_name="test", pool_size=2)
        try:
            yield House(url, engine, HouseCloseDesk(load_settings(database_url=url, home=tmp_path)), run_world.as_of.date())
        finally:
            engine.dispose()


def test_what_was_asked_for_is_frozen_refused_or_waits_and_each_says_which(
    house: House, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    assert house.desk.due() is None
    blocked = house.ask(house.last_day - timedelta(days=20))
    frozen = house.ask(house.last_day - timedelta(days=19), despite="the breaks above the limit are with Adyen")
    waiting = house.ask(house.last_day)
    first_look = house.desk.due()
    house.run_the_job()
    ended = house.now(blocked).ended
    assert (ended and ended.code, "above the limit" in str(ended and ended.reason)) == ("close_blocked", True)
    ended = house.now(frozen).ended
    assert ended is not None
    with UnitOfWork(house.engine) as work:
        (close,) = Closes(work.connection).of("adyen")
    assert (close.close_id, close.opened_by.actor, close.signatures) == (ended.close_id, "ana", ())
    assert close.opened_by.reason == "the breaks above the limit are with Adyen"
    # the trap: a day that is not over for what the last run knows, refused although tomorrow's run would know it
    assert house.now(waiting).state == "open"
    # and one asked for again and again until then: nothing new is due before the next run
    later = house.desk.due()
    assert later not in (None, first_look)
    assert house.desk.due() == later
    monkeypatch.setenv("COUNTROOM_DATABASE_URL", house.url)
    monkeypatch.setenv("COUNTROOM_HOME", str(tmp_path))
    capsys.readouterr()
    assert run(["close", "--requested", "--json"]) == 1  # one waits
    (told,) = json.loads(capsys.readouterr().out)
    assert (told["state"], told["business_date"], "run `countroom run` first" in told["reason"]) == ("open", str(house.last_day), True)
    assert [house.now(each).state for each in (blocked, frozen, waiting)] == ["refused", "carried_out", "open"]


def test_a_request_withdrawn_while_it_is_carried_out_freezes_nothing(house: House, monkeypatch: pytest.MonkeyPatch) -> None:
    request = house.ask(house.last_day - timedelta(days=19), despite="known")
    carried_out = CloseRequests.carried_out

    def after_a_withdrawal(self: CloseRequests, asked: CloseRequest, close_id: UUID) -> CloseRequest:
        with UnitOfWork(house.engine) as work:
            CloseRequests(work.connection).withdraw(asked, actor="ben", reason="a file is awaited")
            work.commit()
        return carried_out(self, asked, close_id)

    monkeypatch.setattr(CloseRequests, "carried_out", after_a_withdrawal)
    house.run_the_job()
    assert house.now(request).state == "withdrawn"
    with UnitOfWork(house.engine) as work:
        assert Closes(work.connection).of("adyen") == ()
