"""Whose failures count against a PSP stands once in Python and once in SQL."""

from __future__ import annotations

import re

from tests.conftest import REPOSITORY
from transactional.payments.declines.taxonomy import BLAMED, DeclineClass


def test_the_model_blames_whom_the_router_blames() -> None:
    # the trap: a class added to one of the two: the card expects another success than the detector counts
    text = (REPOSITORY / "dbt_project/models/intermediate/payments/int_payments__attempts_resolved.sql").read_text()
    told = re.search(r"coalesce\(decline_class, 'unknown'\) in \(([^)]*)\) as is_blamed", text)
    assert told is not None
    assert set(re.findall(r"'(\w+)'", told[1])) == {one.value for one in BLAMED}
    assert set(DeclineClass) - BLAMED == {DeclineClass.PAYER, DeclineClass.SOFT_FIX, DeclineClass.MERCHANT_BLOCK}
