"""Are ids typed, time-ordered and the same for the same seed."""

from __future__ import annotations

import random
from datetime import UTC, datetime, timedelta
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from transactional.vocabulary.domains import BY_NAME, DOMAINS
from transactional.vocabulary.errors import ContractBroken, InputRejected, Place
from transactional.vocabulary.ids import IdKind, parse_id, public_id, stable_key, uuid7
from transactional.vocabulary.tables import Column, ColumnType, Table

NOW = datetime(2026, 3, 1, 12, tzinfo=UTC)


@given(st.uuids(), st.sampled_from(IdKind))
def test_a_public_id_is_read_back(value: UUID, kind: IdKind) -> None:
    assert parse_id(kind, public_id(kind, value)) == value


@pytest.mark.parametrize(
    "text", ["pat_" + "0" * 32, "jen_" + "0" * 31, "jen_" + "G" * 32, "0" * 32, "jen", "jen_" + "A" * 32, "jen_" + "0" * 32 + "\n", ""]
)
def test_the_id_of_another_thing_is_refused(text: str) -> None:
    with pytest.raises(InputRejected) as refusal:
        parse_id(IdKind.ENTRY, text)
    assert refusal.value.code == "wrong_id"


def test_prefixes_are_distinct() -> None:
    assert len({kind.value for kind in IdKind}) == len(IdKind)


def test_a_later_id_sorts_later_and_a_seed_repeats_it() -> None:
    ids = [uuid7(NOW + timedelta(milliseconds=step), random.Random(step)) for step in range(50)]
    assert ids == sorted(ids)
    assert ids == [uuid7(NOW + timedelta(milliseconds=step), random.Random(step)) for step in range(50)]
    assert {(each.version, each.variant) for each in ids} == {(7, "specified in RFC 4122")}
    assert uuid7(NOW) != uuid7(NOW)


def test_a_stable_key_knows_where_its_parts_end() -> None:
    assert stable_key("ab", "c") != stable_key("a", "bc")
    assert stable_key("a", None) != stable_key("a")
    assert stable_key("a", 1) == stable_key("a", "1")


def test_an_error_says_where() -> None:
    error = ContractBroken("expected a number", place=Place("batch_380.csv", 12, "Gross Debit (GC)"), detail={"code": "x"})
    assert str(error) == "batch_380.csv, line 12, column 'Gross Debit (GC)': expected a number"
    assert (error.code, str(ContractBroken("plain"))) == ("contract_broken", "plain")


def test_domains_are_named_once() -> None:
    assert len(BY_NAME) == len(DOMAINS)
    assert all(domain.owner.startswith("team:") for domain in DOMAINS)


def test_a_table_contract_refuses_a_key_it_does_not_have() -> None:
    columns = (Column("entry_id", ColumnType.UUID, "the entry"), Column("line", ColumnType.INTEGER, "its line"))
    assert Table("raw", "lines", "a line", columns, ("entry_id", "line")).address == "raw.lines"
    for bad in (("entry_id", "nope"), ("line", "missing")):
        with pytest.raises(ValueError, match="unknown key columns"):
            Table("raw", "lines", "a line", columns, bad)
    with pytest.raises(ValueError, match="repeated columns"):
        Table("raw", "lines", "a line", (*columns, columns[0]), ("line",))
