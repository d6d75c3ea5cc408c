"""Does the database refuse what Python never sends: the attacks of reference LR §2.2, made in SQL, as the service and as the owner."""

from __future__ import annotations

import json
from typing import Any
from uuid import UUID

import pytest
from sqlalchemy import Connection, text
from sqlalchemy.exc import DBAPIError

from tests.integration.ledger.moves import CASH, NOON, REVENUE, facts_count, move
from transactional.ledger.entries import AccountRef
from transactional.ledger.service import Ledger

FACTS = ["accounts", "journal_entries", "postings", "holds", "hold_events", "account_classes"]
ENTRY = "insert into app.journal_entries (entry_id, idempotency_key, payload_hash, kind, effective_at, recorded_at) "
NEW_ENTRY = ENTRY + "values (:entry, :key, sha256('x'), 'raw', now(), now())"
LINES = "insert into app.postings (entry_id, line, account_id, currency, amount_minor) "


@pytest.fixture
def books(connection: Connection) -> Connection:
    """One deposit of 100, and a hold with a capture, so that every table has a row to attack."""
    ledger = Ledger(connection)
    ledger.post(move(100, "d"))
    hold = ledger.place_hold(CASH, 50, idempotency_key="h")
    ledger.capture_hold(hold.hold_id, move(-20, "c"))
    connection.execute(text("set constraints all immediate"))
    connection.execute(text("set constraints all deferred"))
    return connection


def refused(connection: Connection, statement: str, **parameters: object) -> str:
    """The code of the refusal (or the SQLSTATE of what the database itself says); nothing may be left behind."""
    before = facts_count(connection)
    with pytest.raises(DBAPIError) as error:
        run_to_the_end(connection, statement, parameters)
    assert facts_count(connection) == before
    original: Any = error.value.orig
    return str(json.loads(original.diag.message_detail)["code"]) if original.sqlstate == "CR001" else str(original.sqlstate)


def run_to_the_end(connection: Connection, statement: str, parameters: dict[str, object]) -> None:
    """As far as a commit would go: deferred constraints are checked too."""
    with connection.begin_nested():
        connection.execute(text(statement), parameters)
        connection.execute(text("set constraints all immediate"))


def raw_entry(amount: str) -> str:
    json.loads(amount)  # the attack is a value, not broken JSON
    lines = ",".join(
        f'{{"line":{line},"code":"{code}","currency":"EUR","amount_minor":{minor}}}'
        for line, code, minor in ((1, "rake", amount), (2, "house_revenue", amount))
    )
    head = f'"idempotency_key":"raw","payload_hash":"{"00" * 32}","kind":"raw","effective_at":"2026-03-01T12:00:00Z"'
    return f'{{{head},"postings":[{lines}]}}'


@pytest.mark.parametrize(
    "amount", ['"NaN"', '"Infinity"', '"-Infinity"', "0.0000000001", "1.5", '"abc"', "9223372036854775808", "1e30", "true", "[]"]
)
def test_an_amount_that_is_no_whole_number_of_minor_units_does_not_get_in(books: Connection, amount: str) -> None:
    before = facts_count(books)
    with pytest.raises(DBAPIError), books.begin_nested():
        books.exec_driver_sql("select * from app.post_entry(%s::jsonb)", (raw_entry(amount),))
    assert facts_count(books) == before


def test_a_posting_of_zero_or_nothing_does_not_get_in(books: Connection) -> None:
    for amount in ("0", "null"):
        with pytest.raises(DBAPIError, match="a posting of nothing"), books.begin_nested():
            books.exec_driver_sql("select * from app.post_entry(%s::jsonb)", (raw_entry(amount),))


@pytest.mark.parametrize("table", FACTS)
@pytest.mark.parametrize(
    "statement", ["update app.{} set {} = {}", "delete from app.{}", "delete from app.{} where false", "truncate app.{} cascade"]
)
def test_a_fact_is_never_changed_not_even_by_the_owner(books: Connection, table: str, statement: str) -> None:
    column = books.execute(
        text("select attname from pg_attribute where attrelid = cast('app.' || :t as regclass) and attnum = 1"), {"t": table}
    ).scalar_one()
    assert refused(books, statement.format(table, column, column)) == "append_only"
    if books.execute(text("select rolsuper from pg_roles where rolname = current_user")).scalar_one():  # on a server of others we are not
        books.execute(text("set local session_replication_role = replica"))
        assert refused(books, statement.format(table, column, column)) == "append_only"


@pytest.mark.parametrize("table", [*FACTS, "balances"])
def test_the_service_role_may_not_change_or_delete_facts(books: Connection, table: str) -> None:
    column = books.execute(
        text("select attname from pg_attribute where attrelid = cast('app.' || :t as regclass) and attnum = 1"), {"t": table}
    ).scalar_one()
    books.execute(text("set local role countroom_service"))
    for statement in (f"update app.{table} set {column} = {column}", f"delete from app.{table}", f"truncate app.{table}"):
        assert refused(books, statement) == "42501"


def test_the_service_role_can_do_all_its_work(connection: Connection) -> None:
    connection.execute(text("set local role countroom_service"))
    ledger = Ledger(connection)
    posted = ledger.post(move(100, "d"))
    ledger.post_batch([move(100, "e"), move(-50, "f")])
    ledger.reverse(posted.entry_id, idempotency_key="r", effective_at=NOON)
    hold = ledger.place_hold(CASH, 30, idempotency_key="h", expires_at=NOON)
    ledger.place_hold(CASH, 10, idempotency_key="h2", expires_at=NOON)
    ledger.release_hold(hold.hold_id, now=NOON)
    assert len(ledger.expire_holds(now=NOON)) == 1
    assert (ledger.available(CASH), len(ledger.trial_balance())) == (50, 2)


def test_the_service_role_chooses_no_transaction_id(connection: Connection) -> None:
    connection.execute(text("set local role countroom_service"))
    forged = "insert into app.journal_entries (entry_id, idempotency_key, payload_hash, kind, effective_at, recorded_at, txid) "
    assert refused(connection, forged + "values (gen_random_uuid(), 'x', sha256('x'), 'raw', now(), now(), '1')") == "42501"


def test_an_entry_without_postings_is_refused_at_commit(books: Connection) -> None:
    assert refused(books, NEW_ENTRY, entry=UUID(int=1), key="raw") == "empty_entry"


def test_an_entry_that_does_not_balance_is_refused(books: Connection) -> None:
    nested = books.begin_nested()
    books.execute(text(NEW_ENTRY), {"entry": UUID(int=1), "key": "raw"})
    one_line = LINES + "select :entry, 1, account_id, currency, 5 from app.accounts where code = 'house_revenue'"
    assert refused(books, one_line, entry=UUID(int=1)) == "unbalanced"
    nested.rollback()


def test_nothing_is_added_to_an_entry_later_not_even_in_its_own_transaction(books: Connection) -> None:
    pair = LINES + "select entry_id, l.line, account_id, currency, l.amount from app.postings p, (values (8, 5), (9, -5)) l (line, amount) limit 2"
    books.execute(text("set constraints all immediate"))
    assert refused(books, pair) == "append_only"


@pytest.mark.parametrize(("line", "code"), [(2, "append_only"), (1, "23505")])
def test_an_entry_gets_its_lines_in_one_statement(books: Connection, line: int, code: str) -> None:
    # blocks: a balanced entry whose balance was checked early, and then more lines in the same transaction, numbered on or from 1 again
    pair = (
        LINES
        + "select :entry, l.line, account_id, currency, l.amount from app.accounts, (values ({}, 5), ({}, -5)) l (line, amount) where code = 'rake'"
    )
    nested = books.begin_nested()
    Ledger(books).open_accounts([AccountRef("rake", "EUR")], now=NOON)
    books.execute(text(NEW_ENTRY), {"entry": UUID(int=1), "key": "raw"})
    books.execute(text(pair.format(1, 9)), {"entry": UUID(int=1)})
    books.execute(text("set constraints all immediate"))
    assert refused(books, pair.format(line, line + 2), entry=UUID(int=1)) == code
    nested.rollback()


def test_two_currencies_that_add_up_only_together_are_off(books: Connection) -> None:
    # blocks: 5 EUR against 5 USD taken for a balanced entry, by a sum over everything
    nested = books.begin_nested()
    Ledger(books).open_accounts([AccountRef("rake", "EUR"), AccountRef("rake", "USD")], now=NOON)
    books.execute(text(NEW_ENTRY), {"entry": UUID(int=1), "key": "raw"})
    crossed = LINES + "select :entry, l.line, account_id, currency, l.amount from app.accounts"
    crossed += " join (values (1, 'EUR', 5), (2, 'USD', -5)) l (line, of_currency, amount) on of_currency = currency where code = 'rake'"
    assert refused(books, crossed, entry=UUID(int=1)) == "unbalanced"
    nested.rollback()


def test_a_posting_needs_an_entry_an_account_and_its_currency(books: Connection) -> None:
    balanced = LINES + "select :entry, l.line, account_id, :currency, l.amount from {}, (values (1, 5), (2, -5)) l (line, amount) {}"
    revenue = ("app.accounts", "where code = 'house_revenue'")
    assert refused(books, balanced.format(*revenue), entry=UUID(int=1), currency="EUR") == "append_only"
    nested = books.begin_nested()
    books.execute(text(NEW_ENTRY), {"entry": UUID(int=1), "key": "raw"})
    assert refused(books, balanced.format(*revenue), entry=UUID(int=1), currency="USD") == "unknown_account"
    assert refused(books, balanced.format("(select gen_random_uuid() as account_id) x", ""), entry=UUID(int=1), currency="EUR") == "unknown_account"
    nested.rollback()


def test_a_floor_holds_even_when_the_cache_is_written_by_hand(books: Connection) -> None:
    assert refused(books, "update app.balances set posted_minor = 1") == "23514"
    assert refused(books, "update app.balances set held_minor = 1000") == "23514"


@pytest.mark.parametrize("code", ["psp_recievable:adyen:EU", "nonsense"])
def test_an_account_outside_the_chart_is_not_opened_in_sql_either(books: Connection, code: str) -> None:
    refs = json.dumps([{"code": code, "currency": "EUR"}])
    assert refused(books, "select app.open_accounts(cast(:refs as jsonb), now())", refs=refs) == "unknown_account"


def test_the_balance_of_an_entry_is_a_deferred_constraint(connection: Connection) -> None:
    row = connection.execute(text("select tgdeferrable, tginitdeferred, tgenabled::text from pg_trigger where tgname = 'entries_balance'")).one()
    assert tuple(row) == (True, True, "A")


def test_cached_funds_are_the_sum_of_the_postings(books: Connection) -> None:
    ledger = Ledger(books)
    cached = books.execute(text("select posted_minor, held_minor from app.balances")).one()
    assert tuple(cached) == (ledger.balance(CASH), 30) == (-80, 30)
    assert ledger.balance(REVENUE) == 80
