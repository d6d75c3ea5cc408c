"""Which test holds each case that users of other ledgers reported (reference LR §3)? For whoever adds a case or renames a test.

Only the cases that concern ledger, payments and their API; the others are the reconciliation's, the landing's and the warehouse's.
The trap: a case thought covered whose test was renamed, merged or deleted.
"""

from __future__ import annotations

import re
from pathlib import Path

import pytest

TESTS = Path(__file__).parents[2]

CASES: dict[int, tuple[str, ...]] = {
    1: (  # the source's precision applied to the destination
        "unit/ledger/test_posting_templates.py::test_foreign_gross_is_exchanged_and_the_residue_has_its_own_line",
        "unit/vocabulary/test_money.py::test_the_exponents_are_crossed_exactly_once",
    ),
    2: (  # open holds ignored
        "integration/ledger/test_holds.py::test_six_holds_of_a_thousand_do_not_fit_five_thousand",
        "integration/ledger/test_concurrency.py::test_fifty_holds_at_once_do_not_exceed_the_funds",
    ),
    3: ("integration/ledger/test_holds.py::test_every_name_of_a_hold_sees_its_end",),
    4: ("integration/ledger/test_holds.py::test_a_second_release_of_a_hold_changes_nothing",),
    5: (  # balance and log not atomic
        "integration/ledger/test_holds.py::test_the_balance_moves_only_with_an_entry",
        "integration/ledger/test_guards.py::test_cached_funds_are_the_sum_of_the_postings",
        "properties/test_ledger_machine.py::test_any_sequence_of_acts_leaves_the_books_as_a_plain_model_says",
    ),
    6: (  # two partial captures exceed the hold
        "integration/ledger/test_holds.py::test_partial_captures_do_not_exceed_the_hold",
        "integration/ledger/test_concurrency.py::test_two_captures_at_once_do_not_exceed_the_hold",
    ),
    7: (  # void treated as final for money too
        "integration/ledger/test_holds.py::test_a_late_capture_after_the_release_is_a_new_entry",
        "unit/payments/test_lifecycle.py::test_a_late_capture_after_a_void_is_money_with_a_flag",
    ),
    8: (  # two simultaneous commits both apply
        "integration/ledger/test_concurrency.py::test_a_capture_and_a_release_at_once_have_one_winner",
        "integration/ledger/test_concurrency.py::test_one_entry_is_reversed_by_one_of_many",
    ),
    9: ("integration/ledger/test_reversals.py::test_a_reversal_is_the_exact_inverse_also_of_a_split_entry",),
    10: (  # decided on a stale read
        "integration/ledger/test_concurrency.py::test_a_shortfall_is_decided_inside_the_lock",
        "integration/ledger/test_concurrency.py::test_exactly_a_thousand_of_3200_withdrawals_of_one_are_accepted",
    ),
    11: (  # a webhook delivered twice
        "integration/ledger/test_posting.py::test_a_webhook_delivered_twice_does_not_double_a_payment",
        "integration/payments/test_concurrency.py::test_one_message_delivered_by_eight_sessions_at_once_books_once",
        "integration/http/test_openapi.py::test_every_post_but_the_webhook_asks_for_an_idempotency_key",
    ),
    12: (  # the same key twice in one batch; the scope of a key
        "integration/ledger/test_posting.py::test_a_repeated_key_in_one_batch_is_one_entry",
        "integration/http/test_ledger_api.py::test_two_callers_who_choose_the_same_key_do_not_get_each_others_answers",
    ),
    13: (  # the past overdrawn
        "integration/ledger/test_reversals.py::test_a_back_dated_debit_may_not_overdraw_the_past",
        "integration/ledger/test_reversals.py::test_a_back_dated_debit_that_the_past_can_bear_is_booked",
    ),
    14: ("integration/ledger/test_posting.py::test_an_account_nobody_opened_reads_as_one_that_is_empty",),
    15: ("integration/ledger/test_reversals.py::test_an_as_of_reading_has_both_legs_of_a_reversal_or_only_the_first",),
    23: ("unit/ledger/test_posting_templates.py::test_a_payout_may_be_negative_and_a_batch_may_pay_nothing",),
    24: (  # incomplete terminal states of a refund
        "unit/payments/test_lifecycle.py::test_a_refund_told_as_failed_and_as_cancelled_is_undone_once",
        "unit/payments/test_lifecycle.py::test_the_failure_of_one_refund_does_not_undo_another",
        "integration/ledger/test_posting.py::test_the_reversal_of_one_payment_does_not_repay_what_another_owes",
    ),
    25: (  # lifecycle gaps: every order of events
        "unit/payments/test_lifecycle_matrix.py::test_every_fact_after_every_state_leads_where_the_matrix_says",
        "properties/test_payments_lifecycle.py::test_any_order_and_repetition_of_facts_gives_the_same_state",
        "integration/payments/test_any_order.py::test_any_order_and_repetition_of_webhooks_ends_with_the_same_state_and_books",
    ),
    28: ("unit/ledger/test_entries.py::test_an_amount_that_is_no_integer_is_refused",),
    323: ("integration/http/test_ledger_api.py::test_a_transfer_moves_money_and_shows_both_sides_with_currency_and_exponent",),
}
"""By the number of the case; 323 is blnk's thread on amounts without their precision, below the table."""


@pytest.mark.parametrize("case", CASES)
def test_the_tests_of_a_reported_case_exist(case: int) -> None:
    for address in CASES[case]:
        file, name = address.split("::")
        assert re.search(rf"^def {name}\(", (TESTS / file).read_text(), re.MULTILINE), address
