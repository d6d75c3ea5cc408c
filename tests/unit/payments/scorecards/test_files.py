"""A card in two files is the card: every value comes back, and a file that was touched is refused."""

from __future__ import annotations

import pytest

from assets.payments.scorecards.files import as_files, file_names, from_files
from tests.unit.payments.scorecards.cards import document, row
from transactional.payments.scorecards.document import parse
from transactional.vocabulary.errors import ContractBroken

CARD = parse(document([row("adyen", reason=("A", "B"), sr_raw=0.25, latency_p50_ms=120, cost_bps=12.345), row("stripe")], version=17))


def test_every_value_comes_back_from_the_files() -> None:
    assert from_files(*as_files(CARD)) == CARD
    assert file_names(17) == ("scorecard-0000000017.parquet", "scorecard-0000000017.manifest.json")


@pytest.mark.parametrize(
    ("touch", "code"),
    [
        (lambda rows, manifest: (as_files(parse(document([row("adyen")])))[0], manifest), "content_hash"),
        (lambda rows, manifest: (rows[:-20], manifest), "unreadable"),
        (lambda rows, manifest: (rows, manifest[:-20]), "unreadable"),
        (lambda rows, manifest: (rows, manifest.replace(b'"1.0.0"', b'"2.0.0"')), "schema_version"),
    ],
)
def test_files_that_are_not_as_they_were_written_are_refused(touch, code: str) -> None:  # type: ignore[no-untyped-def]
    with pytest.raises(ContractBroken) as refused:
        from_files(*touch(*as_files(CARD)))
    assert refused.value.code == code
