"""A world is a function of its seed: files, key, and everything the services are told, ids and times included."""

from __future__ import annotations

import hashlib
import os
import subprocess
import sys
from datetime import date

import pytest

from tests.conftest import REPOSITORY
from transactional.simulation.world import World, WorldSpec, answer_key, build, classes_named, summary
from transactional.vocabulary.errors import InputRejected

SPEC = WorldSpec(120, 20, 42)


def _everything(world: World) -> tuple[object, ...]:
    return world.files, answer_key(world), summary(world), world.chunks, world.payout_entries


def test_the_same_seed_gives_the_same_bytes_facts_and_ids() -> None:
    assert _everything(build(SPEC)) == _everything(build(SPEC))


def _digest(world: World) -> str:
    files = sorted(world.files.items())
    return hashlib.sha256(repr((files, world.chunks, world.payout_entries)).encode() + answer_key(world)).hexdigest()


ELSEWHERE = """
from tests.unit.simulation.test_same_seed_same_bytes import SPEC, _digest
from transactional.simulation.world import build
print(_digest(build(SPEC)))
"""


def test_neither_the_machines_zone_nor_the_order_of_its_sets_shows() -> None:
    # the trap: naive local times, and a loop over a set of strings
    environment = os.environ | {"TZ": "Pacific/Kiritimati", "PYTHONHASHSEED": "7", "LC_ALL": "C"}
    told = subprocess.run([sys.executable, "-c", ELSEWHERE], cwd=REPOSITORY, env=environment, capture_output=True, text=True, check=True)
    assert told.stdout.strip() == _digest(build(SPEC))


def test_another_seed_gives_another_world() -> None:
    one, other = build(SPEC), build(WorldSpec(120, 20, 43))
    assert one.files.keys() != other.files.keys() or one.files != other.files
    assert not {chunk.intents[0].intent_id for chunk in one.chunks if chunk.intents} & {c.intents[0].intent_id for c in other.chunks if c.intents}


def test_defects_do_not_change_what_players_do() -> None:
    # blocks: dice shared between behaviour and mistakes, which make a quiet world useless as the control of a mistaken one
    quiet = build(WorldSpec(120, 20, 42, wanted=frozenset()))
    told = {intent.intent_id: intent.created_at for chunk in build(SPEC).chunks for intent in chunk.intents}
    assert told == {intent.intent_id: intent.created_at for chunk in quiet.chunks for intent in chunk.intents}


@pytest.mark.parametrize(
    ("players", "days", "start", "wanted"),
    [(0, 30, date(2026, 1, 1), "all"), (5, 1, date(2026, 1, 1), "all"), (5, 30, date(2024, 12, 31), "all"), (5, 30, date(2026, 1, 1), "amonut")],
)
def test_an_impossible_world_is_refused_in_words(players: int, days: int, start: date, wanted: str) -> None:
    with pytest.raises(InputRejected):
        WorldSpec(players, days, 1, start, classes_named(wanted))
