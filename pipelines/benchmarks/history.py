"""What does one more day cost, after a week and after a year? For `countroom bench history`.

The same quiet casino twice, once a week old and once a year; everything but its last day is landed and reconciled, then the last day comes and is timed
through the whole of it: landing, both dbt builds, matching, checks. Each run is a process of its own over a server of its own.
The trap: a day that adds nothing, timed. The run must have landed the last day's files, and its certificate must close.

Units: seconds of the run by the clock, and CPU seconds of the run and of its server together, which other work on the machine changes less; each ratio
is to the shorter history. The server's CPU is read from /proc: where there is none, CPU is that of the run alone.
"""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from pathlib import Path

from transactional.db.engine import make_engine
from transactional.db.local_server.server import ensure_running, stop
from transactional.db.unit_of_work import UnitOfWork
from transactional.migrations.runner import migrate
from transactional.simulation.drive import write_books
from transactional.simulation.world import World, WorldSpec, build
from transactional.vocabulary.errors import Transient

_DATED = re.compile(r"(\d{4})[-_](\d{2})[-_](\d{2})\.[a-z0-9]+$")


@dataclass(frozen=True, slots=True)
class Added:
    """One more day after `days` days. `first_seconds`: what landing all of the days before took at once."""

    days: int
    items: int
    first_seconds: float
    seconds: float
    ratio: float
    cpu_seconds: float
    cpu_ratio: float


@dataclass(frozen=True, slots=True)
class _Cost:
    seconds: float
    cpu_seconds: float


def measure(folder: Path, players: int, histories: Sequence[int], seed: int = 1) -> Iterator[Added]:
    """Each history as soon as it is measured, the shortest first. Raises: Transient when a run fails."""
    base: _Cost | None = None
    for days in sorted(histories):
        home = folder / f"{days}-days"
        first, second, items = _one(home, build(WorldSpec(players, days + 1, seed, wanted=frozenset())))
        base = base or second
        ratio, cpu_ratio = second.seconds / base.seconds, second.cpu_seconds / base.cpu_seconds
        yield Added(days, items, first.seconds, second.seconds, ratio, second.cpu_seconds, cpu_ratio)


def _one(home: Path, world: World) -> tuple[_Cost, _Cost, int]:
    last = world.spec.ends_at.date() - timedelta(days=1)
    yesterday, today = home / "yesterday", home / "today"
    for path, content in world.files.items():
        target = (today if _is_of(world, path, last) else yesterday) / path
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_bytes(content)
    night = world.spec.as_of - timedelta(days=1)
    server = ensure_running(home)
    try:
        migrate(server.url)
        early = [chunk for chunk in world.chunks if chunk.recorded_at <= night]
        paid = [keyed for keyed in world.payout_entries if keyed.recorded_at is None or keyed.recorded_at <= night]
        _write(server.url, world, early, paid)
        first, _ = _run(home, yesterday, night)
        _write(
            server.url,
            world,
            [chunk for chunk in world.chunks if chunk.recorded_at > night],
            [keyed for keyed in world.payout_entries if keyed.recorded_at is not None and keyed.recorded_at > night],
        )
        second, items = _run(home, today, world.spec.as_of)
        return first, second, items
    finally:
        stop(home)


def _is_of(world: World, path: str, last: date) -> bool:
    """Whether a file came out on the last day or after it."""
    found = _DATED.search(path)
    if found:
        return date(*map(int, found.groups())) >= last
    newest = {batch.merchant.account: batch.batch_id for batch in world.batches}
    return any(account in path and path.endswith(f"batch_{batch_id}.csv") for account, batch_id in newest.items())


def _write(url: str, world: World, chunks: Sequence[object], payouts: Sequence[object]) -> None:
    engine = make_engine(url, application_name="countroom bench", pool_size=1, statement_timeout_ms=0)
    try:
        with UnitOfWork(engine) as work:
            write_books(work.connection, chunks, payouts, lambda *_: None)  # type: ignore[arg-type]
            work.commit()
    finally:
        engine.dispose()


def _run(home: Path, folder: Path, as_of: datetime) -> tuple[_Cost, int]:
    command = [sys.executable, "-m", "pipelines.cli", "run", str(folder), "--as-of", as_of.isoformat(), "--json"]
    data = ensure_running(home).data
    began, cpu_began = time.perf_counter(), _cpu_seconds(data)
    made = subprocess.run(command, capture_output=True, text=True, check=False, env=os.environ | {"COUNTROOM_HOME": str(home)})
    cost = _Cost(time.perf_counter() - began, _cpu_seconds(data) - cpu_began)
    if made.returncode not in (0, 1) or not json.loads(made.stdout)["succeeded"]:
        raise Transient(f"a run ended with {made.returncode}: {made.stderr[-600:]}", code="bench")
    return cost, _items(home)


def _cpu_seconds(data: Path) -> float:
    """CPU so far of the commands we waited for, and of the PostgreSQL over `data` with its ended sessions."""
    commands = os.times()
    server = (data / "postmaster.pid").read_text().split()[0]
    ticks = 0
    for stat in Path("/proc").glob("[0-9]*/stat"):
        try:
            fields = stat.read_text().rpartition(")")[2].split()
        except OSError:  # it ended meanwhile; then the server has its time
            continue
        if stat.parent.name == server:
            ticks += sum(map(int, fields[11:15]))
        elif fields[1] == server:
            ticks += sum(map(int, fields[11:13]))
    return commands.children_user + commands.children_system + ticks / os.sysconf("SC_CLK_TCK")


def _items(home: Path) -> int:
    from pipelines.resources.warehouse import Warehouse
    from transactional.db.engine import PIPELINE_ROLE

    told = Warehouse(ensure_running(home).url, role=PIPELINE_ROLE).read(
        "select sum(in_count)::bigint as items from reconciliation.fct_certificate where closes"
    )
    return int(told["items"][0])
