"""How many transfers a second does the ledger book, beside pgbench's own script on the same server? For `countroom bench ledger`.

One transfer is one call of app.post_entry in a transaction of its own: idempotency key, payload hash, balance constraint, the player's floor under lock,
commit on disk. pgbench drives both scripts the same way (prepared, over TCP), so that the ratio compares servers' work and not two clients. `hot`: on how
few house accounts the other side of every transfer falls. The two take turns, a short round each: what else the machine does falls on both, and a
ratio is the median over rounds of what one did to what the other did just before. Batches go through the ledger's own door (Ledger.post_batch), a
thousand entries each.
The trap: a rate of refusals, or of entries that nobody added up. What was booked is counted afterwards, must add up to nothing, and every player's
cached balance must be the sum of its postings; else there is no figure.

Units: transfers a second; `ratio` is to TPC-B-like with as many clients, of which each round takes a fifth of the seconds.
"""

from __future__ import annotations

import os
import re
import subprocess
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from statistics import median
from uuid import UUID

import psycopg
from sqlalchemy import Engine, text
from sqlalchemy.engine import make_url

from pipelines.resources.clock import SystemClock
from transactional.db.engine import SERVICE_ROLE, libpq_url, make_engine
from transactional.db.local_server.binaries import find_binaries
from transactional.db.local_server.server import ensure_running, stop
from transactional.db.unit_of_work import UnitOfWork
from transactional.ledger.accounts import AccountRef, player_account, psp_account
from transactional.ledger.entries import Entry, KeyedEntry, Posting
from transactional.ledger.service import Ledger
from transactional.migrations.runner import migrate
from transactional.vocabulary.errors import InvariantBroken, Transient

PLAYERS = 5_000
BATCH = 1_000
_SCALE = 20  # as in the reference, which has pgbench's figures at it
_ROUNDS = 5
_CURRENCY = "EUR"
_BEGAN = datetime(2026, 1, 1, tzinfo=UTC)
_FUNDS = 1_000_000_000

# A bet of a player against one of the house's accounts. The hash is of what the entry says, as the service makes it of the same.
# pgbench takes every :word for a variable, in a text too: hence the colons that stand alone.
_TRANSFER = """\\set player random(1, {players})
\\set house random(1, {hot})
\\set amount random(1, 500)
\\set serial random(1, 9223372036854775807)
select * from app.post_entry(jsonb_build_object(
    'idempotency_key', 'bench:' || :client_id::bigint || ':' || :serial::bigint, 'kind', 'bet', 'effective_at', now(),
    'payload_hash', encode(sha256(convert_to('bet' || :player::bigint || ':' || :house::bigint || ':' || :amount::bigint || now(), 'UTF8')), 'hex'),
    'postings', jsonb_build_array(
        jsonb_build_object('line', 1, 'code', 'player_cash:' || lpad(to_hex(:player::bigint), 32, '0'), 'currency', '{currency}',
                           'amount_minor', :amount::bigint),
        jsonb_build_object('line', 2, 'code', 'psp_receivable' || ':' || 'bench' || ':' || 'h' || :house::bigint, 'currency', '{currency}',
                           'amount_minor', -:amount::bigint))));
"""

_WRONG = """
with off as (
    select entry_id from app.postings group by entry_id, currency having sum(amount_minor) <> 0
),
booked as (
    select account_id, sum(amount_minor) as minor from app.postings group by account_id
)
select (select count(*) from off)
    + (select count(*) from app.balances b left join booked using (account_id) where b.posted_minor <> coalesce(booked.minor, 0))
"""


@dataclass(frozen=True, slots=True)
class Booked:
    """One measurement. `ratio` null for the yardstick itself."""

    what: str
    clients: int
    hot: int | None
    per_second: float
    ratio: float | None


def measure(home: Path, seconds: int) -> Iterator[Booked]:
    """Each figure as soon as it is there, on a server of its own under `home` that is gone afterwards. Durability is PostgreSQL's default.

    Raises: InvariantBroken when the books are wrong afterwards, Transient when pgbench is not there or fails.
    """
    server = ensure_running(home)
    try:
        engine = make_engine(server.url, role=SERVICE_ROLE, application_name="countroom bench", pool_size=4)
        migrate(server.url)
        prepare(engine)
        pgbench(server.url, "-i", "-q", "-s", str(_SCALE))
        with psycopg.connect(libpq_url(server.url), autocommit=True) as connection:
            connection.execute("vacuum (analyze)")  # as pgbench does with its own tables; a server in use has done it by itself
        for clients, hots in ((1, (4,)), (4, (4, 1)), (16, (4, 1))):
            before = _entries(engine)
            rounds = list(_rounds(server.url, home, clients, hots, seconds))
            figures = _figures(clients, hots, rounds)
            claimed = sum(figure.per_second for figure in figures[1:]) * seconds
            if (booked := _entries(engine) - before) < 0.5 * claimed:
                raise InvariantBroken(f"pgbench counted {claimed:.0f} transfers and {booked} were booked")
            yield from figures
            if clients < 16:
                rate = _batches(engine, clients, seconds)
                yield Booked(f"batches of {BATCH:,}", clients, 4, rate, rate / figures[0].per_second)
        check_books(engine)
        engine.dispose()
    finally:
        stop(home)


def _rounds(url: str, home: Path, clients: int, hots: tuple[int, ...], seconds: int) -> Iterator[list[float]]:
    """Transfers a second of TPC-B-like and of ours over each number of house accounts, one after the other, round by round."""
    scripts = [("-b", "tpcb-like"), *(("-f", str(transfer_script(home, hot))) for hot in hots)]
    for _ in range(_ROUNDS):
        yield [_rate(url, *script, clients=clients, seconds=max(1, seconds // _ROUNDS)) for script in scripts]


def _figures(clients: int, hots: tuple[int, ...], rounds: list[list[float]]) -> list[Booked]:
    """The yardstick first, then ours: median rates, and medians of the ratios within a round."""
    made = [Booked("pgbench TPC-B-like", clients, None, median(each[0] for each in rounds), None)]
    for place, hot in enumerate(hots, start=1):
        rate, ratio = median(each[place] for each in rounds), median(each[place] / each[0] for each in rounds)
        made.append(Booked("transfer", clients, hot, rate, ratio))
    return made


def _player(number: int) -> AccountRef:
    return player_account(UUID(int=number), _CURRENCY)


def _house(number: int) -> AccountRef:
    return psp_account("bench", f"h{number}", _CURRENCY)


def transfer_script(folder: Path, hot: int) -> Path:
    """One transfer for pgbench, between any player and one of `hot` house accounts."""
    script = folder / f"transfer-{hot}.sql"
    script.write_text(_TRANSFER.format(players=PLAYERS, hot=hot, currency=_CURRENCY))
    return script


def check_books(engine: Engine) -> None:
    """Raises: InvariantBroken when an entry is off balance or a cached balance is not the sum of its postings."""
    if wrong := _count(engine, _WRONG):
        raise InvariantBroken(f"after the benchmark {wrong} entries or balances do not add up")


def prepare(engine: Engine) -> None:
    """Players with funds that no run uses up."""
    funded = [
        KeyedEntry(Entry("deposit", _BEGAN, (Posting(_house(1), _FUNDS), Posting(_player(number), -_FUNDS))), f"fund:{number}")
        for number in range(1, PLAYERS + 1)
    ]
    with UnitOfWork(engine) as work:
        ledger = Ledger(work.connection)
        ledger.open_accounts([*map(_house, range(1, 5)), *map(_player, range(1, PLAYERS + 1))], now=_BEGAN)
        ledger.post_batch(funded)
        work.commit()


def _batches(engine: Engine, clients: int, seconds: int) -> float:
    """Batches from making the entries to the commit: what a caller in Python gets."""
    began = time.perf_counter()
    with ThreadPoolExecutor(clients) as pool:
        counts = pool.map(lambda number: _batches_of_one(engine, f"{clients}.{number}", began + seconds), range(clients))
        booked = sum(counts) * BATCH
    return booked / (time.perf_counter() - began)


def _batches_of_one(engine: Engine, client: str, until: float) -> int:
    batches = 0
    while time.perf_counter() < until:
        at = SystemClock().now()
        entries = [_bet(client, batches * BATCH + n, at + timedelta(microseconds=n)) for n in range(BATCH)]
        with UnitOfWork(engine) as work:
            Ledger(work.connection).post_batch(entries)
            work.commit()
        batches += 1
    return batches


def _bet(client: str, serial: int, at: datetime) -> KeyedEntry:
    player, house, amount = serial * 7919 % PLAYERS + 1, serial % 4 + 1, serial % 500 + 1
    return KeyedEntry(Entry("bet", at, (Posting(_player(player), amount), Posting(_house(house), -amount))), f"batch:{client}:{serial}")


def _rate(url: str, *script: str, clients: int, seconds: int) -> float:
    said = pgbench(url, *script, "-n", "-M", "prepared", "-c", str(clients), "-j", str(min(clients, 2)), "-T", str(seconds))
    found = re.search(r"tps = ([0-9.]+)", said)
    failed = re.search(r"number of failed transactions: ([0-9]+)", said)
    if found is None or (failed and int(failed.group(1))):
        raise Transient(f"pgbench gave no rate, or refusals: {said[-400:]}", code="bench")
    return float(found.group(1))


def pgbench(url: str, *words: str) -> str:
    """What pgbench says. Raises: Transient when it is not there or fails."""
    place = make_url(url)
    program = find_binaries(None).folder / "pgbench"
    where = ["-h", str(place.host), "-p", str(place.port), "-U", str(place.username), str(place.database)]
    try:
        made = subprocess.run(
            [str(program), *words, *where], capture_output=True, text=True, check=False, env=os.environ | {"PGPASSWORD": str(place.password)}
        )
    except OSError as error:
        raise Transient(f"{program} does not run: {error}", code="bench") from error
    if made.returncode != 0:
        raise Transient(f"pgbench ended with {made.returncode}: {made.stderr[-400:]}", code="bench")
    return made.stdout


def _entries(engine: Engine) -> int:
    return _count(engine, "select count(*) from app.journal_entries")


def _count(engine: Engine, query: str) -> int:
    with engine.connect() as connection:
        return int(connection.execute(text(query)).scalar_one())
