"""Does the ledger do, over any sequence of acts, what a plain Python model does; are random as-of questions answered alike.

Invariants: postings add up to zero, available is never negative, a rejection leaves no trace, a replay equals the original.
Source: reference LR §5.8, 16 and 20.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from uuid import UUID

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import Bundle, RuleBasedStateMachine, consumes, invariant, multiple, rule, run_state_machine_as_test
from sqlalchemy import Connection, text

from tests.properties.ledger_model import LedgerModel, ModelRefusal
from transactional.ledger.accounts import AccountRef, house_account, player_account
from transactional.ledger.entries import Entry, KeyedEntry, Posting
from transactional.ledger.posting_templates import Payment, chargeback_received, chargeback_reversed
from transactional.ledger.service import Ledger
from transactional.vocabulary.errors import Refused
from transactional.vocabulary.money import Money

START = datetime(2026, 3, 1, tzinfo=UTC)
PLAYERS = [UUID(int=1), UUID(int=2)]
CASH = [player_account(player, "EUR") for player in PLAYERS]
HOUSE = house_account("house_revenue", "EUR")
ACCOUNTS = [*CASH, HOUSE, house_account("chargeback_receivable", "EUR"), AccountRef("psp_receivable:adyen:EU", "EUR")]
TABLES = ("accounts", "journal_entries", "postings", "balances", "holds", "hold_events", "open_holds")

moments = st.integers(0, 6).map(lambda hours: START + timedelta(hours=hours))
keys = st.integers(0, 14).map("k{}".format)
amounts = st.integers(1, 60)
cash = st.sampled_from(CASH)
moves = st.builds(
    lambda account, minor, at: Entry("move", at, (Posting(HOUSE, minor), Posting(account, -minor))),
    cash,
    st.integers(-60, 60).filter(bool),
    moments,
)
transfers = st.builds(
    lambda minor, at, forward: Entry("transfer", at, (Posting(CASH[not forward], minor), Posting(CASH[forward], -minor))),
    amounts,
    moments,
    st.booleans(),
)
chargebacks = st.builds(
    lambda template, player, intent, minor, at: template(Payment("adyen", "EU", player, UUID(int=100 + intent)), Money("EUR", minor), at),
    st.sampled_from([chargeback_received, chargeback_reversed]),
    st.sampled_from(PLAYERS),
    st.integers(0, 2),
    amounts,
    moments,
)
entries = st.one_of(moves, transfers, chargebacks)


class LedgerMachine(RuleBasedStateMachine):
    """One connection, one model, the same acts on both; time (recorded_at) moves on by a minute with every act."""

    posted = Bundle("posted")
    held = Bundle("held")

    def __init__(self, connection: Connection) -> None:
        super().__init__()
        self.connection = connection
        self.savepoint = connection.begin_nested()
        self.ledger = Ledger(connection)
        self.model = LedgerModel()
        self.ids: dict[str, UUID] = {}
        self.clock = START
        self.acts = 0

    def teardown(self) -> None:
        self.savepoint.rollback()

    def now(self) -> datetime:
        self.clock += timedelta(minutes=1)
        self.acts += 1
        return self.clock

    def both(self, real: Callable[[], object], model: Callable[[], object]) -> bool:
        """Act on both; both accept, or both refuse for the same reason and nothing has changed. Whether they accepted."""
        try:
            model()
        except ModelRefusal as expected:
            code = str(expected)
        else:
            real()
            return True
        assert self.refusal_of(real) == code
        return False

    def refusal_of(self, real: Callable[[], object]) -> str | None:
        """The code of the refusal, which must leave no trace; None when the ledger accepts."""
        counts = self.counts()
        try:
            with self.connection.begin_nested():
                real()
        except Refused as refusal:
            code = refusal.code
        else:
            return None
        assert self.counts() == counts
        return code

    def counts(self) -> list[int]:
        return [self.connection.execute(text(f"select count(*) from app.{table}")).scalar_one() for table in TABLES]

    @rule(target=posted, entry=entries, key=keys)
    def post(self, entry: Entry, key: str) -> object:
        now = self.now()
        keyed = KeyedEntry(entry, key, recorded_at=now)
        known = key in self.model.entries

        def real() -> None:
            answer = self.ledger.post(keyed)
            assert answer.replayed is known
            assert self.ids.setdefault(key, answer.entry_id) == answer.entry_id

        accepted = self.both(real, lambda: self.model.post(keyed, now))
        return key if accepted and not known else multiple()

    @rule(target=posted, batch=st.lists(st.tuples(entries, keys), min_size=1, max_size=6))
    def post_batch(self, batch: list[tuple[Entry, str]]) -> object:
        now = self.now()
        keyed = [KeyedEntry(entry, key, recorded_at=now) for entry, key in batch]
        tried, replays, refusals = self.model.copy(), [], set()
        for one in keyed:
            try:
                replays.append(tried.post(one, now))
            except ModelRefusal as refusal:
                refusals.add(str(refusal))
        if refusals:
            bodies = [*self.model.entries.items(), *((one.idempotency_key, one.entry) for one in keyed)]
            if any(key == other and body != another for key, body in bodies for other, another in bodies):
                refusals.add("idempotency_conflict")  # a batch looks at its keys before its money
            assert self.refusal_of(lambda: self.ledger.post_batch(keyed)) in refusals
            return multiple()
        answers = self.ledger.post_batch(keyed)
        assert [answer.replayed for answer in answers] == replays
        new = [one.idempotency_key for one, replay in zip(keyed, replays, strict=True) if not replay]
        for one, answer in zip(keyed, answers, strict=True):
            assert self.ids.setdefault(one.idempotency_key, answer.entry_id) == answer.entry_id
        self.model = tried
        return multiple(*new)

    @rule(original=posted, at=moments)
    def reverse(self, original: str, at: datetime) -> None:
        now = self.now()
        key = f"reversal {self.acts}"
        self.both(
            lambda: self.ledger.reverse(self.ids[original], idempotency_key=key, effective_at=at, recorded_at=now),
            lambda: self.model.reverse(original, key, at, now),
        )

    @rule(target=held, account=cash, minor=amounts, lasts=st.integers(1, 20))
    def hold(self, account: AccountRef, minor: int, lasts: int) -> object:
        now = self.now()
        key, ends = f"hold {self.acts}", now + timedelta(minutes=lasts)
        accepted = self.both(
            lambda: self.ledger.place_hold(account, minor, idempotency_key=key, expires_at=ends, recorded_at=now),
            lambda: self.model.place(key, account, minor, ends),
        )
        return key if accepted else multiple()

    @rule(hold_key=held, minor=amounts, at=moments)
    def capture(self, hold_key: str, minor: int, at: datetime) -> None:
        now = self.now()
        entry = Entry("capture", at, (Posting(self.model.holds[hold_key].account, minor), Posting(HOUSE, -minor)))
        keyed = KeyedEntry(entry, f"capture {self.acts}", recorded_at=now)
        self.both(lambda: self.ledger.capture_hold(hold_key, keyed), lambda: self.model.capture(hold_key, keyed, minor, now))

    @rule(hold_key=held)
    def release(self, hold_key: str) -> None:
        now = self.now()
        self.both(lambda: self.ledger.release_hold(hold_key, now=now), lambda: self.model.release(hold_key))

    @rule(hold_key=consumes(held))
    def hold_state(self, hold_key: str) -> None:
        hold, expected = self.ledger.hold(hold_key), self.model.holds[hold_key]
        assert (hold.status.value, hold.remaining_minor) == (expected.ended or "open", expected.left)

    @rule()
    def expire(self) -> None:
        now = self.now()
        expired = self.ledger.expire_holds(now=now)
        assert {self.ledger.hold(key).hold_id for key in self.model.expire(now)} == set(expired)

    @rule(account=st.sampled_from(ACCOUNTS), known=st.none() | st.integers(0, 60), until=st.none() | moments)
    def ask_as_of(self, account: AccountRef, known: int | None, until: datetime | None) -> None:
        known_by = None if known is None else START + timedelta(minutes=known)
        assert self.ledger.balance(account, known_by=known_by, effective_until=until) == self.model.balance(account, known_by, until)
        trial = self.ledger.trial_balance(known_by=known_by, effective_until=until)
        assert sum(line.debit_minor - line.credit_minor for line in trial) == 0

    @invariant()
    def the_books_agree(self) -> None:
        trial = {line.account: line.debit_minor - line.credit_minor for line in self.ledger.trial_balance()}
        assert sum(trial.values()) == 0
        for account in ACCOUNTS:
            assert trial.get(account, 0) == self.model.balance(account)
        for account in CASH:
            assert self.ledger.available(account) == self.model.available(account) >= 0
            assert all(self.model.funds_at(account, START + timedelta(hours=hour)) >= 0 for hour in range(7))


def test_any_sequence_of_acts_leaves_the_books_as_a_plain_model_says(connection: Connection) -> None:
    run_state_machine_as_test(lambda: LedgerMachine(connection), settings=settings(max_examples=25, stateful_step_count=25))
