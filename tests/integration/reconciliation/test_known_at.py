"""LR §5.8 no. 12 in the database: what a moment was told of rates, statements, confirmed matches and closes, it is told again whatever came later.

A random history grows step by step. After each step the present is asked; at the end every one of those moments is asked again, and must say the same.
The traps: a rate or a statement corrected in place, a match declined or a close re-opened later, a fact that carries the very microsecond of the moment.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from itertools import pairwise
from random import Random
from typing import Any

import psycopg
import pytest

from assets.reconciliation.context import RunContext
from pipelines.resources.warehouse import Warehouse
from pipelines.standing.day_standing import context_known_at
from transactional.db.engine import make_engine
from transactional.reconciliation.closes import Frozen, closed_days
from transactional.reconciliation.closing import Closes

BEGIN, DAY = datetime(2026, 1, 6, tzinfo=UTC), date(2026, 1, 5)
STEPS = 45
TABLES = """
create schema if not exists staging;
drop table if exists raw.fx__rates, raw.app__match_events;
create table raw.fx__rates (provider text, rate_date date, base_currency text, currency text, rate numeric, _loaded_at timestamptz, _file_version int,
    _file_sha256 text);
create table raw.app__match_events (suggestion_id text, event_no int, kind text, actor text, layer text, item_keys text, recorded_at timestamptz);
create table staging.stg_bank__statements (bank_account text, currency text, statement_id text, opening_minor bigint, closing_minor bigint,
    moves_minor bigint, opening_date date, closing_date date, _loaded_at timestamptz);
"""


class History:
    """Facts as they come in, each known at the moment it is given."""

    def __init__(self, url: str, seed: int) -> None:
        self.dice, self.matches = Random(seed), dict[str, int]()
        self.raw = psycopg.connect(url, autocommit=True)
        self.engine = make_engine(url, application_name="history")
        self.raw.execute(TABLES)

    def happen(self, at: datetime) -> str:
        """One fact, recorded at this moment; its kind."""
        kind = self.dice.choice(("rate", "statement", "match", "match", "close", "close"))
        getattr(self, kind)(at)
        return kind

    def rate(self, at: datetime) -> None:
        row = (
            "ecb",
            date(2026, 1, self.dice.randint(1, 3)),
            "EUR",
            "USD",
            self.dice.choice(("1.08", "1.09", "1.10")),
            at,
            1,
            f"{self.dice.random()}",
        )
        self.raw.execute("insert into raw.fx__rates values (%s, %s, %s, %s, %s, %s, %s, %s)", row)

    def statement(self, at: datetime) -> None:
        opening, moves = self.dice.choice((0, 100)), self.dice.choice((0, 5))
        row = ("IBAN1", "EUR", str(self.dice.randint(1, 3)), opening, opening + 5, moves, DAY, DAY, at)
        self.raw.execute("insert into staging.stg_bank__statements values (%s, %s, %s, %s, %s, %s, %s, %s, %s)", row)

    def match(self, at: datetime) -> None:
        """The next event of a suggestion: accepted, confirmed, and perhaps taken back and accepted anew."""
        name = f"sug_{self.dice.randint(1, 3)}"
        number = self.matches[name] = self.matches.get(name, 0) + 1
        kind = ("accepted", "confirmed", "declined")[(number - 1) % 3]
        items = (f"bank:{name}:1 payout:{name}:{number}", "L7") if kind == "accepted" else (None, None)
        row = (name, number, kind, "ana" if kind == "accepted" else "ben", items[1], items[0], at)
        self.raw.execute("insert into raw.app__match_events values (%s, %s, %s, %s, %s, %s, %s)", row)

    def close(self, at: datetime) -> None:
        """What a day of a PSP may have next: frozen, signed twice, re-opened, frozen again."""
        psp = self.dice.choice(("adyen", "stripe"))
        with self.engine.begin() as connection:
            closes = Closes(connection)
            live = next((close for close in closes.of(psp, DAY) if close.is_live), None)
            if live is None:
                closes.freeze(psp, DAY, Frozen(at, "rules", "c" * 64, "run", "d" * 64, "key"), actor="ana", recorded_at=at)
            elif not live.is_signed:
                closes.sign(psp, DAY, actor=("ana", "ben")[len(live.signatures)], recorded_at=at)
            else:
                closes.reopen(psp, DAY, actor="ana", reason="a late file", recorded_at=at)

    def known(self, warehouse: Warehouse, moment: datetime) -> tuple[Any, ...]:
        """All that a run at this moment is told beside its items."""
        with self.engine.connect() as connection:
            closed = closed_days(Closes(connection).of(known_by=moment))
        return _told(context_known_at(warehouse, moment, closed))


def _told(context: RunContext) -> tuple[Any, ...]:
    frames = (context.fx_rates, context.statements, context.accepted)
    return context.as_of, dict(context.closed), *(sorted(frame.rows(), key=str) for frame in frames)


@pytest.fixture
def history(database_url: str) -> Iterator[History]:
    made = History(database_url, seed=20261128)
    yield made
    made.raw.close()
    made.engine.dispose()


def test_12_what_a_moment_knew_it_knows_for_ever(history: History, database_url: str) -> None:
    warehouse, now, asked, kinds = Warehouse(database_url), BEGIN, {}, set[str]()
    for _ in range(STEPS):
        now += history.dice.choice((timedelta(microseconds=1), timedelta(seconds=3), timedelta(days=2)))
        kinds.add(history.happen(now))
        asked[now] = history.known(warehouse, now)
    assert kinds == {"rate", "statement", "match", "close"}
    assert {moment: history.known(warehouse, moment) for moment in asked} == asked
    # the trap: a comparison of nothing with nothing; each kind of fact was seen to come and some to go
    seen = list(asked.values())
    assert all(any(told[place] for told in seen) for place in range(1, 5))
    assert any(earlier[1] and not later[1] for earlier, later in pairwise(seen))
    assert any(len(earlier[4]) > len(later[4]) for earlier, later in pairwise(seen))
