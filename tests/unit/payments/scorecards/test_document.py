"""The scorecard document: the same figures are the same bytes, and a document that is not as published is not read."""

from __future__ import annotations

from dataclasses import fields

import orjson
import pytest

from tests.unit.payments.scorecards.cards import document, manifest, row
from transactional.payments.scorecards.card import Card
from transactional.payments.scorecards.cells import AMOUNT_BANDS, LEVEL_BY_NAME, LEVELS, Cell, amount_band, issuer_group
from transactional.payments.scorecards.columns import COLUMNS, NAMES
from transactional.payments.scorecards.document import content, content_hash, document_bytes, parse
from transactional.payments.scorecards.rows import ScoreRow
from transactional.vocabulary.errors import ContractBroken

ROWS = (
    row("adyen"),
    row("stripe", sr_mean=0.1 + 0.2),
    row("adyen", "country", country="SE"),
    row("stripe", "country", country="SE", reason=("A", "B")),
)


def tampered(path: list[str | int], value: object) -> bytes:
    """The document with one value changed."""
    read = orjson.loads(document(ROWS))
    part = read
    for step in path[:-1]:
        part = part[step]
    part[path[-1]] = value
    return orjson.dumps(read)


def test_the_row_has_the_columns_of_the_contract_in_their_order() -> None:
    assert tuple(field.name for field in fields(ScoreRow)) == NAMES
    assert all(column.doc for column in COLUMNS)


def test_a_document_reads_back_as_it_was_written() -> None:
    read = parse(document(ROWS))
    assert read.manifest == manifest(ROWS)
    assert sorted(read.rows, key=repr) == sorted((*ROWS[:1], row("stripe", sr_mean=0.3), *ROWS[2:]), key=repr)
    assert read.lookup == LEVELS


def test_rows_in_any_order_give_the_same_bytes_and_hash() -> None:
    assert content(ROWS) == content(reversed(ROWS))


def test_rates_that_differ_below_six_decimals_are_the_same_rate_and_zero_has_no_sign() -> None:
    # the trap: two machines whose sums end in another last bit publish two versions of one card
    assert content([row(sr_mean=0.1 + 0.2)]) == content([row(sr_mean=0.3)])
    assert content([row(score=-1e-9)]) == content([row(score=0.0)])
    assert content([row(score=1e-6)]) != content([row(score=0.0)])


@pytest.mark.parametrize(
    ("column", "value"),
    [("sr_mean", float("nan")), ("score", float("inf")), ("fail_cost_minor", 1.5), ("n_attempts", True), ("sr_mean", None), ("reason", "CODE")],
)
def test_money_as_a_float_and_what_is_no_number_is_refused_by_its_column(column: str, value: object) -> None:
    with pytest.raises(ContractBroken, match=column):
        content([row(**{column: value})])


def test_a_psp_that_stands_twice_in_a_cell_is_refused() -> None:
    with pytest.raises(ContractBroken, match="stands twice"):
        content([row(), row(sr_mean=0.1)])


@pytest.mark.parametrize(
    ("path", "value"),
    [(["rows", 0, NAMES.index("sr_mean")], 0.99), (["lookup", 0, "parent"], "all"), (["rows"], []), (["columns", 0], "direktion")],
)
def test_a_content_changed_on_its_way_is_not_read(path: list[str | int], value: object) -> None:
    with pytest.raises(ContractBroken) as refused:
        parse(tampered(path, value))
    assert refused.value.code == "content_hash"


def test_a_document_of_another_major_version_is_refused_before_its_rows_are_looked_at() -> None:
    with pytest.raises(ContractBroken) as refused:
        parse(tampered(["manifest", "schema_version"], "2.0.0"))
    assert refused.value.code == "schema_version"


@pytest.mark.parametrize(
    "body", [b"", b"<html>", b"[]", b"{}", b'{"manifest": 3}', document(ROWS)[:-30], tampered(["manifest", "expires_at"], "soon")]
)
def test_what_is_no_document_is_unreadable_and_nothing_else(body: bytes) -> None:
    with pytest.raises(ContractBroken) as refused:
        parse(body)
    assert refused.value.code == "unreadable"


def test_a_column_that_a_newer_minor_version_adds_is_left_alone() -> None:
    # the trap: strict readers make every addition a coordinated release
    read = orjson.loads(document(ROWS))
    names, rows = [*read["columns"], "weather"], [[*values, "rain"] for values in read["rows"]]
    changed = orjson.dumps({"columns": names, "lookup": read["lookup"], "rows": rows}, option=orjson.OPT_SORT_KEYS)
    read |= {"columns": names, "rows": rows}
    read["manifest"] |= {"schema_version": "1.7.0", "content_sha256": content_hash(changed), "mood": "good"}
    assert parse(orjson.dumps(read)).rows == parse(document(ROWS)).rows


def test_a_manifest_that_names_another_content_is_not_published() -> None:
    with pytest.raises(ContractBroken, match="names"):
        document_bytes(manifest(ROWS), content(ROWS[:1]))


def test_the_same_content_under_a_new_version_keeps_its_hash() -> None:
    # a roll-back: the hash says that it is the old card, the version that it is the newest decision
    assert manifest(ROWS, version=9).content_sha256 == manifest(ROWS, version=1).content_sha256


def test_a_lookup_takes_the_exact_cell_first_then_its_parents_one_by_one() -> None:
    full = Cell("deposit", "SE", "card", "SEB", "45711234", "20_50")
    cells = {level.name: {key: getattr(full, key) for key in level.keys} for level in LEVELS}
    rows = [row("adyen", name, **keys) for name, keys in cells.items()]
    seen = []
    while rows:
        found = Card.of(parse(document(rows))).lookup(full)
        assert found is not None
        seen.append(found.level)
        rows = [each for each in rows if each.level != found.level]
    assert seen == ["bin", "issuer_group", "amount_band", "country_method", "country", "all"]
    assert all(level.parent is None or LEVELS.index(LEVEL_BY_NAME[level.parent]) > LEVELS.index(level) for level in LEVELS)


def test_a_payment_without_a_bin_is_in_no_cell_of_bins() -> None:
    # the trap: an empty key that matches the cell of everybody whose BIN is unknown
    card = Card.of(parse(document([row("adyen", "bin"), row("stripe")])))
    found = card.lookup(Cell("deposit"))
    assert found is not None
    assert (found.level, list(found.rows)) == ("all", ["stripe"])


def test_deposits_say_nothing_of_withdrawals() -> None:
    assert Card.of(parse(document(ROWS))).lookup(Cell("withdrawal", "SE")) is None


def test_amount_bands_cover_every_amount_once_in_currencies_of_any_decimals() -> None:
    on = manifest(ROWS).data_watermark.date()
    assert [amount_band(minor, "EUR", on) for minor in (1, 1999, 2000, 99_999, 100_000, 10**12)] == [
        *("under_20", "under_20", "20_50", "250_1000", "from_1000", "from_1000")
    ]
    assert (amount_band(20, "JPY", on), amount_band(19_999, "KWD", on)) == ("20_50", "under_20")
    for exponent in range(5):
        bands = [band for band in AMOUNT_BANDS if band.exponent == exponent]
        assert [band.below_minor for band in bands[:-1]] == [band.from_minor for band in bands[1:]]
        assert (bands[0].from_minor, bands[-1].below_minor) == (0, None)


def test_an_issuer_without_a_name_goes_with_its_country() -> None:
    assert [issuer_group("SEB", "SE"), issuer_group(None, "SE"), issuer_group("", None)] == ["SEB", "country:SE", ""]
