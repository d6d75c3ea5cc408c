"""Does a unit of work commit once, when told to, and never by itself; and do sessions carry their limits."""

from __future__ import annotations

import pytest
from sqlalchemy import Engine, text

from transactional.db.engine import SERVICE_ROLE, libpq_url, make_engine
from transactional.db.unit_of_work import UnitOfWork
from transactional.vocabulary.errors import InputRejected, InvariantBroken


@pytest.fixture
def notes(engine: Engine) -> Engine:
    with engine.begin() as connection:
        connection.execute(text("create table public.notes (body text)"))
    return engine


def count(engine: Engine) -> int:
    with engine.connect() as connection:
        return int(connection.execute(text("select count(*) from public.notes")).scalar_one())


def test_leaving_without_commit_changes_nothing(notes: Engine) -> None:
    with UnitOfWork(notes) as work:
        work.connection.execute(text("insert into public.notes values ('x')"))
    assert count(notes) == 0


def test_an_exception_rolls_back(notes: Engine) -> None:
    def fail() -> None:
        with UnitOfWork(notes) as work:
            work.connection.execute(text("insert into public.notes values ('x')"))
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        fail()
    assert count(notes) == 0


def test_commit_makes_it_true(notes: Engine) -> None:
    with UnitOfWork(notes) as work:
        work.connection.execute(text("insert into public.notes values ('x')"))
        work.commit()
    assert count(notes) == 1


def test_a_second_commit_is_our_bug(notes: Engine) -> None:
    with UnitOfWork(notes) as work:
        work.commit()
        with pytest.raises(InvariantBroken, match="twice"):
            work.commit()


def test_a_connection_outside_the_block_is_our_bug(notes: Engine) -> None:
    work = UnitOfWork(notes)
    with pytest.raises(InvariantBroken, match="outside"):
        _ = work.connection


def test_every_checkout_acts_as_the_role_even_after_a_caller_changed_it(database_url: str) -> None:
    engine = make_engine(database_url, role=SERVICE_ROLE, pool_size=1)
    for _ in range(2):
        with engine.connect() as connection:
            assert connection.execute(text("select current_user")).scalar_one() == SERVICE_ROLE
            connection.execute(text("reset role"))
            connection.commit()
    engine.dispose()


def test_sessions_have_timeouts_and_live_in_utc(database_url: str) -> None:
    engine = make_engine(database_url, lock_timeout_ms=1500, statement_timeout_ms=2500)
    with engine.connect() as connection:
        shown = connection.execute(
            text("select current_setting('lock_timeout'), current_setting('statement_timeout'), current_setting('timezone')")
        ).one()
    engine.dispose()
    assert tuple(shown) == ("1500ms", "2500ms", "UTC")


@pytest.mark.parametrize("url", ["mysql://u:geheim@host/db", "not a url with geheim"])
def test_a_url_that_cannot_be_used_is_named_without_its_password(url: str) -> None:
    with pytest.raises(InputRejected) as refused:
        libpq_url(url)
    assert "geheim" not in str(refused.value)
