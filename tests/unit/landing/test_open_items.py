"""A PSP's list of open items at the door: known by its name as well as by its header, of the day in its name, and never activity."""

from __future__ import annotations

from datetime import date

import pytest

from assets.landing.detection import FolderHints
from assets.landing.doors import parse_file
from assets.landing.psp_files import parse_psp_file
from assets.landing.tables import ACTIVITY_LINES, BALANCE_LINES
from tests.conftest import REPOSITORY
from transactional.vocabulary.errors import ContractBroken

SAMPLES = REPOSITORY / "tests/data/psps/stripe"
LIST = SAMPLES / "ending_balance_reconciliation_itemized_2026-02-03.csv"
ACTIVITY = SAMPLES / "balance_change_from_activity_itemized_2026-02-02.csv"


def landing_table(content: bytes, name: str) -> str:
    frames = parse_file(content, name, FolderHints("psp/stripe/acct_1", "stripe", "acct_1")).frames
    return frames[0].table.name


def test_a_list_lands_with_its_day_and_apart_from_money() -> None:
    parsed = parse_psp_file(LIST.read_bytes(), LIST.name, account_hint="acct_1")
    assert (parsed.psp, parsed.report, parsed.role, parsed.accounts) == ("stripe", "ending_balance_reconciliation", "balance", ("acct_1",))
    assert parsed.lines.select("ext_id", "net_minor", "balance_on").rows() == [
        ("txn_1", 1_912, date(2026, 2, 3)),
        ("txn_2", 2_980, date(2026, 2, 3)),
        ("txn_3", -500, date(2026, 2, 3)),
    ]
    assert landing_table(LIST.read_bytes(), LIST.name) == BALANCE_LINES.name


@pytest.mark.parametrize("name", ["Itemized_ending_balance_reconciliation_USD_2026-01-01_to_2026-01-31.csv", "ending-balance-2026-01-31.csv"])
def test_a_list_whose_header_is_the_activity_reports_is_known_by_its_name(name: str) -> None:
    # the trap: every open line counted once more, as if it had happened again
    assert landing_table(ACTIVITY.read_bytes(), name) == BALANCE_LINES.name
    assert landing_table(ACTIVITY.read_bytes(), ACTIVITY.name) == ACTIVITY_LINES.name
    assert parse_psp_file(ACTIVITY.read_bytes(), name).lines["balance_on"].unique().to_list() == [date(2026, 1, 31)]


@pytest.mark.parametrize("name", ["ending_balance.csv", "ending_balance_2026-02-30.csv"])
def test_a_list_that_does_not_say_of_which_day_it_is_is_refused(name: str) -> None:
    with pytest.raises(ContractBroken, match="by its name only") as refused:
        parse_psp_file(LIST.read_bytes(), name, account_hint="acct_1")
    assert refused.value.code == "no_interval"


def test_a_list_in_another_psps_folder_is_refused() -> None:
    with pytest.raises(ContractBroken, match="its folder says adyen"):
        parse_psp_file(LIST.read_bytes(), LIST.name, psp_hint="adyen")


def test_a_list_under_a_name_of_nothing_is_refused_and_not_taken_for_activity() -> None:
    with pytest.raises(ContractBroken, match="automatic_payout_id"):
        parse_psp_file(LIST.read_bytes(), "export.csv", psp_hint="stripe")
