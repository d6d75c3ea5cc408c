"""Do real sessions at once leave the books right: floors, holds, keys; and is the house never locked. Traps: reference LR §3 and performance D."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from threading import Barrier
from typing import TypeVar
from uuid import UUID

import pytest
from sqlalchemy import Engine, event, text

from tests.integration.ledger.moves import CASH, CHARGEBACKS, DAY, NOON, REVENUE, move, payment
from transactional.db.engine import make_engine
from transactional.ledger.accounts import player_account
from transactional.ledger.entries import KeyedEntry
from transactional.ledger.posting_templates import chargeback_received, deposit_captured
from transactional.ledger.service import Ledger, Posted
from transactional.ledger.settlement_templates import BatchTotals, PayoutBatch, settlement_booked
from transactional.vocabulary.errors import Refused
from transactional.vocabulary.money import Money

Answer = TypeVar("Answer")


def race(engine: Engine, acts: list[Callable[[Ledger], Answer]]) -> list[Answer | str]:
    """Each act in a session and transaction of its own, all starting together: its answer, or the code of its refusal."""
    start = Barrier(len(acts))

    def run(act: Callable[[Ledger], Answer]) -> Answer | str:
        with engine.connect() as connection:
            start.wait()
            try:
                answer = act(Ledger(connection))
                connection.commit()
            except Refused as refusal:
                return refusal.code
            return answer

    with ThreadPoolExecutor(len(acts)) as pool:
        return list(pool.map(run, acts))


@pytest.fixture
def fund(engine: Engine) -> Callable[[int], None]:
    def give(minor: int) -> None:
        with engine.begin() as connection:
            Ledger(connection).post(move(minor, "fund"))

    return give


def available(engine: Engine) -> int:
    with engine.connect() as connection:
        return Ledger(connection).available(CASH)


def test_exactly_a_thousand_of_3200_withdrawals_of_one_are_accepted(engine: Engine, fund: Callable[[int], None]) -> None:
    fund(1_000)

    def withdraw_many(worker: int) -> Callable[[Ledger], int]:
        def act(ledger: Ledger) -> int:
            accepted = 0
            for number in range(400):
                try:
                    with ledger.connection.begin_nested():
                        ledger.post(move(-1, f"w{worker}:{number}"))
                    accepted += 1
                except Refused:
                    pass
                ledger.connection.commit()
            return accepted

        return act

    answers = race(engine, [withdraw_many(worker) for worker in range(8)])
    assert sum(int(answer) for answer in answers) == 1_000
    assert available(engine) == 0
    with engine.connect() as connection:
        assert connection.execute(text("select count(*) from app.journal_entries where kind = 'move'")).scalar_one() == 1_001


def test_open_transactions_on_one_house_account_do_not_wait_for_each_other(engine: Engine, database_url: str) -> None:
    with engine.begin() as connection:
        Ledger(connection).post(move(1, "warm"))
    impatient = make_engine(database_url, lock_timeout_ms=200, pool_size=5)
    with impatient.connect() as one, impatient.connect() as two, impatient.connect() as three:
        first, second = (player_account(UUID(int=number), "EUR") for number in (101, 102))
        Ledger(one).post(move(100, "a", account=first))
        Ledger(two).post(move(100, "b", account=second))
        Ledger(three).post_batch([move(100, "c", account=player_account(UUID(int=103), "EUR"))])
        locked = three.execute(text("select count(*) from app.accounts where code = 'house_revenue' and xmax <> '0'")).scalar_one()
        for session in (three, one, two):
            session.commit()
    assert locked == 0
    with impatient.connect() as reader:
        assert Ledger(reader).balance(REVENUE) == 301
    impatient.dispose()


def test_while_a_posting_is_open_only_the_players_balance_is_locked(engine: Engine) -> None:
    """House, PSP, fee and suspense accounts: another session may lock every one of their rows, and share-lock as a foreign key would."""
    other = player_account(UUID(int=8), "EUR")
    batch = PayoutBatch("adyen", "EU", "1", "EUR")
    settled = settlement_booked(batch, BatchTotals(90, {"EUR": 100}, {"commission": 7, "markup": 3}, 0), NOON)
    with engine.begin() as connection:
        Ledger(connection).post_batch([move(100, "mine"), move(100, "others", account=other)])
        Ledger(connection).post(KeyedEntry(deposit_captured(payment(1), Money("EUR", 5), NOON), "warm"))
        Ledger(connection).post(KeyedEntry(settled, "warm too"))
    with engine.connect() as posting, engine.connect() as watcher:
        ledger = Ledger(posting)
        ledger.post(move(-10, "a"))
        ledger.post_batch([KeyedEntry(deposit_captured(payment(1), Money("EUR", 5), NOON), "b"), KeyedEntry(settled, "c")])
        for strength in ("update", "key share"):
            free = set(watcher.execute(text(f"select code from app.accounts for {strength} skip locked")).scalars())
            everything = set(watcher.execute(text("select code from app.accounts")).scalars())
            assert len(everything) == 8
            assert everything - free <= {CASH.code}
        free_balances = text("select a.code from app.balances b join app.accounts a using (account_id) for update of b skip locked")
        assert watcher.execute(free_balances).scalars().all() == [other.code]
        waiting = text(
            "select count(*) from pg_locks where not granted and database = (select oid from pg_database where datname = current_database())"
        )
        assert watcher.execute(waiting).scalar_one() == 0


def test_every_act_is_one_round_trip(engine: Engine, fund: Callable[[int], None]) -> None:
    fund(1_000)
    sent: list[str] = []
    event.listen(engine, "before_cursor_execute", lambda _connection, _cursor, statement, *_rest: sent.append(statement))
    with engine.begin() as connection:
        ledger = Ledger(connection)
        acts: list[Callable[[], object]] = [
            lambda: ledger.post(move(-1, "a")),
            lambda: ledger.post(move(1, "new account", account=player_account(UUID(int=9), "EUR"))),
            lambda: ledger.post_batch([move(1, f"b{number}") for number in range(500)]),
            lambda: ledger.reverse(ledger.post(move(-1, "r")).entry_id, idempotency_key="rr", effective_at=NOON),
            lambda: ledger.place_hold(CASH, 100, idempotency_key="h"),
            lambda: ledger.capture_hold("h", move(-50, "c")),
            lambda: ledger.release_hold("h", now=NOON),
            lambda: ledger.expire_holds(now=NOON),
        ]
        trips = []
        for act in acts:
            sent.clear()
            act()
            trips.append(len(sent))
    assert trips == [1, 1, 1, 2, 1, 1, 1, 1], "the fourth act posts what it then reverses"


def test_one_key_in_many_sessions_is_one_entry(engine: Engine, fund: Callable[[int], None]) -> None:
    fund(100)
    answers = race(engine, [lambda ledger: ledger.post(move(-60, "same"))] * 8)
    posted = [answer for answer in answers if isinstance(answer, Posted)]
    assert len(posted) == 8
    assert len({answer.entry_id for answer in posted}) == 1
    assert sorted(answer.replayed for answer in posted) == [False] + [True] * 7
    assert available(engine) == 40


def test_one_key_with_two_bodies_has_one_winner(engine: Engine, fund: Callable[[int], None]) -> None:
    fund(100)
    answers = race(engine, [lambda ledger, minor=minor: ledger.post(move(-minor, "same")) for minor in (10, 20)])
    assert sorted(answer if isinstance(answer, str) else "" for answer in answers) == ["", "idempotency_conflict"]


def test_overlapping_batches_book_every_key_once(engine: Engine, fund: Callable[[int], None]) -> None:
    fund(1)
    keys = [f"k{number}" for number in range(60)]
    orders = [keys, keys[::-1], keys[30:] + keys[:30], keys[10:50]]
    answers = race(engine, [lambda ledger, order=order: ledger.post_batch([move(1, key) for key in order]) for order in orders])
    assert not [answer for answer in answers if isinstance(answer, str)]
    assert available(engine) == 61


def test_an_account_opened_by_many_at_once_is_one_account(engine: Engine) -> None:
    """Two unique keys stand in the way of the second opener, the id and the name: it must be let through quietly whichever it meets first."""
    refs = [player_account(UUID(int=number), "EUR") for number in range(150)]
    together = Barrier(8, timeout=30)

    def open_in_step(ledger: Ledger) -> int:
        for ref in refs:
            together.wait()
            ledger.open_accounts([ref], now=NOON)
            ledger.connection.commit()
        return 0

    assert race(engine, [open_in_step] * together.parties) == [0] * together.parties
    race(engine, [lambda ledger, number=number: ledger.post(move(1, f"d{number}")) for number in range(8)])
    with engine.connect() as connection:
        assert connection.execute(text("select count(*) from app.accounts")).scalar_one() == len(refs) + 1
    assert available(engine) == 8


def test_fifty_holds_at_once_do_not_exceed_the_funds(engine: Engine, fund: Callable[[int], None]) -> None:
    fund(5_000)
    for wave in range(5):
        race(engine, [lambda ledger, key=f"{wave}:{n}": ledger.place_hold(CASH, 1_000, idempotency_key=key) for n in range(10)])
    with engine.connect() as connection:
        assert connection.execute(text("select count(*) from app.holds")).scalar_one() == 5
    assert available(engine) == 0


def test_two_captures_at_once_do_not_exceed_the_hold(engine: Engine, fund: Callable[[int], None]) -> None:
    fund(5_000)
    with engine.begin() as connection:
        Ledger(connection).place_hold(CASH, 1_000, idempotency_key="h")
    answers = race(engine, [lambda ledger, key=f"c{n}": ledger.capture_hold("h", move(-600, key)) for n in range(6)])
    assert sorted(answer if isinstance(answer, str) else "" for answer in answers) == ["", *["hold_exceeded"] * 5]
    assert available(engine) == 4_000


def test_a_capture_and_a_release_at_once_have_one_winner(engine: Engine, fund: Callable[[int], None]) -> None:
    fund(1_000)
    with engine.begin() as connection:
        Ledger(connection).place_hold(CASH, 1_000, idempotency_key="h", expires_at=NOON)
    acts: list[Callable[[Ledger], object]] = [
        lambda ledger: ledger.capture_hold("h", move(-1_000, "c", recorded_at=NOON - DAY)),
        lambda ledger: ledger.release_hold("h", now=NOON),
        lambda ledger: ledger.expire_holds(now=NOON),
    ]
    race(engine, acts)
    with engine.connect() as connection:
        ledger = Ledger(connection)
        hold = ledger.hold("h")
        assert connection.execute(text("select count(*) from app.hold_events")).scalar_one() == 1
        assert ledger.available(CASH) == 1_000 - hold.captured_minor
        assert hold.remaining_minor == 0


def test_a_shortfall_is_decided_inside_the_lock(engine: Engine, fund: Callable[[int], None]) -> None:
    # midaz 2429: the overdraft was split on a stale read and both legs applied
    fund(1_000)
    race(
        engine,
        [
            lambda ledger, number=number: ledger.post(KeyedEntry(chargeback_received(payment(number), Money("EUR", 400), NOON), f"cb{number}"))
            for number in range(6)
        ],
    )
    with engine.connect() as connection:
        assert (Ledger(connection).available(CASH), Ledger(connection).balance(CHARGEBACKS)) == (0, 1_400)


def test_one_entry_is_reversed_by_one_of_many(engine: Engine) -> None:
    with engine.begin() as connection:
        entry_id = Ledger(connection).post(move(100, "d")).entry_id
    answers = race(engine, [lambda ledger, key=f"r{n}": ledger.reverse(entry_id, idempotency_key=key, effective_at=NOON) for n in range(4)])
    refusals = sorted(answer for answer in answers if isinstance(answer, str))
    assert len(refusals) == 3
    assert set(refusals) <= {"already_reversed", "insufficient_funds"}
    assert available(engine) == 0
