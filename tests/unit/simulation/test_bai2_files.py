"""The BAI2 file a world's American bank sends: as reviewed by eye, and as landing reads it."""

from __future__ import annotations

from datetime import date

import pytest
from syrupy.assertion import SnapshotAssertion

from assets.landing.bank.bai2 import parse_bai2
from transactional.simulation.casino import Bank
from transactional.simulation.formats.bank_statements import BankLine, Statement, bai2, printed_id


def _line(minor: int, text: str, reference: str, *, returned: bool = False) -> BankLine:
    on, who = date(2026, 3, 3), "STRIPE PAYMENTS INC"
    return BankLine(amount_minor=minor, booked_on=on, counterparty=who, text=text, reference=reference, code="TRF", returned=returned)


@pytest.mark.golden
def test_a_bai2_statement_is_the_reviewed_one(snapshot: SnapshotAssertion) -> None:
    bank = Bank("US64SVBKUS6S3300958879", "USD", "America/New_York", "SVBKUS6SXXX", "bai2", 0, 1)
    statement = Statement(bank=bank, day=date(2026, 3, 3), sequence=7, opening_minor=-1_000)
    statement.lines += [
        _line(150_000, "PAYOUT po_1 TRACE TRC77, FOR THE MERCHANT ACCOUNT acct_countroom_us", "BNK1"),
        _line(-150_000, "PAYOUT po_1", "BNK2", returned=True),
        _line(-2_500, "RENT", "BNK3"),
    ]
    content = bai2(statement)
    assert content.decode().splitlines() == snapshot
    lines, statements = (frame.rows for frame in parse_bai2(content, "s.bai").frames)
    assert lines["amount_minor"].to_list() == [150_000, -150_000, -2_500]
    assert statements.select("statement_id", "difference_minor").rows() == [(printed_id(statement), 0)]
