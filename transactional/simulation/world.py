"""One seeded casino with everything the outside would send about it, and the answer key. Pure: the same spec gives the same bytes.

Order: what players do; mistakes on single movements; a dry run of the settlement to choose batches; the settlement; files; the casino's own
books; the key. Layout of the folder: CONTRACTS §9. A file that was sent twice with other bytes lies under its plain path and once more under
`v2/`: land everything else first, then `v2/`, which sorted paths do by themselves.
"""

from __future__ import annotations

import json
from collections import Counter, defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, time, timedelta

from transactional.ledger.entries import KeyedEntry
from transactional.simulation import batch_defects, defects
from transactional.simulation.answer_key import Expected, Names, key_frame, parquet
from transactional.simulation.banks import statements
from transactional.simulation.batch_defects import BatchPlan, case_spots, expected_batches, plan_batches
from transactional.simulation.books import SIGNED_AT, books_of, payout_entries
from transactional.simulation.casino import MERCHANTS
from transactional.simulation.charges import exchanged
from transactional.simulation.defects import Planted, plant_in_payments
from transactional.simulation.files import bank_files, psp_files
from transactional.simulation.formats.bank_statements import Statement
from transactional.simulation.formats.ecb_rates import history_csv
from transactional.simulation.fx import CURRENCIES, Rates, make_rates
from transactional.simulation.games import Chunk
from transactional.simulation.movements import Batch, Movement, Payment, Payout, Spot, dice
from transactional.simulation.planting import marks
from transactional.simulation.players import plan_payments
from transactional.simulation.psps.mistakes import BatchMistakes
from transactional.simulation.psps.settlement import desk_of, settle
from transactional.simulation.puzzles.names import PUZZLES, ExpectedSuggestion, suggestion_key
from transactional.simulation.puzzles.planted import Puzzles
from transactional.vocabulary.errors import InputRejected
from transactional.vocabulary.time import business_date

CLASSES: Sequence[str] = tuple(dict.fromkeys([*defects.CLASSES, *batch_defects.CLASSES]))
"""Every class a world can plant; `timing_open` needs no planting."""


_CONTRACTS_BEGIN = date(2025, 1, 1)


@dataclass(frozen=True, slots=True)
class WorldSpec:
    """What a world is made from. `wanted`: the break classes and puzzles to plant. `start` is the first UTC day."""

    players: int
    days: int
    seed: int
    start: date = date(2026, 1, 1)
    wanted: frozenset[str] = frozenset(CLASSES)

    def __post_init__(self) -> None:
        unknown = self.wanted - {*CLASSES, *defects.NEEDS_CLOSES, *PUZZLES}
        if unknown:
            raise InputRejected(f"no such defect: {', '.join(sorted(unknown))}; known: {', '.join((*CLASSES, *PUZZLES))}", code="unknown_defect")
        if self.players < 1 or not 2 <= self.days <= 366:
            raise InputRejected("a world needs at least one player and 2 to 366 days", code="bad_world")
        if self.start < _CONTRACTS_BEGIN:
            raise InputRejected(f"the casino's contracts begin on {_CONTRACTS_BEGIN}: a world cannot start on {self.start}", code="bad_world")

    @property
    def starts_at(self) -> datetime:
        """First instant."""
        return datetime.combine(self.start, time(0), UTC)

    @property
    def ends_at(self) -> datetime:
        """End of the last day: nothing happens from here on."""
        return self.starts_at + timedelta(days=self.days)

    @property
    def files_known_at(self) -> datetime:
        """When every file has come: an hour before the days are signed."""
        return self.signed_at - timedelta(hours=1)

    @property
    def signed_at(self) -> datetime:
        """The watermark of the closes a world with `after_close` speaks of; the bookings that are too late follow it."""
        return self.ends_at + SIGNED_AT

    @property
    def as_of(self) -> datetime:
        """When the count room looks: six hours later, when New York's last day is over too."""
        return self.ends_at + timedelta(hours=6)


@dataclass(slots=True)
class World:
    """A casino, whole: the files by path, what the services must be told, and what is expected to be found."""

    spec: WorldSpec
    files: dict[str, bytes]
    chunks: list[Chunk]
    payout_entries: list[KeyedEntry]
    expected: list[Expected]
    payments: list[Payment]
    batches: list[Batch]
    statements: list[Statement]
    rates: Rates
    suggestions: list[ExpectedSuggestion] = field(default_factory=list)

    @property
    def closed(self) -> dict[str, tuple[tuple[date, datetime], ...]]:
        """By PSP, the days that were signed before something of them was booked, with the watermark: what the engine must be told."""
        late = {
            (move.merchant.psp, business_date(move.occurred_at, move.merchant.zone))
            for payment in self.payments
            for move in payment.movements
            if move.booked_after_close
        }
        return {psp: tuple((day, self.spec.signed_at) for of, day in sorted(late) if of == psp) for psp in sorted({psp for psp, _ in late})}


def build(spec: WorldSpec) -> World:
    """The world of a spec."""
    payments = plan_payments(spec.seed, spec.players, spec.starts_at, spec.days)
    rates = make_rates(dice(spec.seed, "rates"), spec.start, spec.ends_at.date())
    planted = plant_in_payments(spec.seed, payments, spec.wanted, spec.starts_at, spec.as_of)
    puzzles = Puzzles.in_payments(spec.seed, payments, spec.wanted, spec.starts_at, spec.as_of)
    dry = _settle_all(spec, payments, rates, BatchMistakes())
    plan = plan_batches(spec.seed, dry, spec.wanted, spec.starts_at, spec.as_of)
    puzzles.choose_payouts(dry, plan)
    batches = _settle_all(spec, payments, rates, plan.mistakes)
    puzzles.credit(batches, plan)
    chunks = books_of(spec.seed, payments, spec.starts_at, spec.ends_at)
    keyed = payout_entries(spec.seed, batches, spec.as_of)
    files: dict[str, bytes] = {}
    for merchant in MERCHANTS:
        desk = desk_of(spec.seed, merchant, rates, spec.as_of, BatchMistakes())
        mine = [payment for payment in payments if payment.merchant is merchant]
        files |= psp_files(desk, mine, [batch for batch in batches if batch.merchant is merchant])
    found, places = _statements(spec, plan, batches, files)
    files["fx/eurofxref-hist.csv"] = history_csv(rates.per_euro, CURRENCIES)
    expected = [_expected(each, batches, rates) for each in (*planted, *puzzles.planted)]
    expected += [*expected_batches(plan, batches, found, places), *puzzles.batches(batches), *open_cases(payments, batches, plan)]
    suggestions = list(puzzles.suggestions(batches, places))
    return World(spec, files, chunks, keyed, expected, payments, batches, found, rates, suggestions)


def _settle_all(spec: WorldSpec, payments: Sequence[Payment], rates: Rates, mistakes: BatchMistakes) -> list[Batch]:
    moves: dict[str, list[Movement]] = defaultdict(list)
    for payment in payments:
        moves[payment.merchant.account] += payment.movements
    batches = []
    for merchant in MERCHANTS:
        mine = sorted(moves[merchant.account], key=lambda move: (move.occurred_at, move.payment.number, move.number))
        batches += settle(mine, desk_of(spec.seed, merchant, rates, spec.as_of, mistakes))
    return batches


def _statements(spec: WorldSpec, plan: BatchPlan, batches: Sequence[Batch], files: dict[str, bytes]) -> tuple[list[Statement], dict[int, Spot]]:
    payouts: dict[str, list[Payout]] = defaultdict(list)
    for batch in batches:
        payouts[batch.merchant.psp] += batch.payouts
    strangers = [(currency, line) for currency, _, line in plan.strangers]
    found = statements(spec.seed, payouts, strangers, plan.unbalanced, first=spec.start, as_of=spec.as_of)
    return found, bank_files(found, files)


def _expected(planted: Planted, batches: Sequence[Batch], rates: Rates) -> Expected:
    move = planted.movement
    spots = {
        marks.ALL_ITEMS: move.spots,
        marks.TWINS: [spot for each in move.payment.movements for spot in each.spots],
        marks.SECOND_BOOKING: move.second_booking,
        marks.SECOND_LINES: [*move.activity[1:], *move.settlement[1:]],
        marks.REPEATED_LINE: move.settlement[1:],
        marks.OUR_SIDE: move.books,
        marks.THEIR_SIDE: [*move.activity, *move.settlement],
    }[planted.members]
    amount = planted.amount_minor
    if amount is None:
        amount = _exchange_loss(move, batches, rates)
    return Expected(
        planted.break_class, move.merchant.psp, move.merchant.account, planted.currency, amount, tuple(spots), planted.defect_id, planted.description
    )


def _exchange_loss(move: Movement, batches: Sequence[Batch], rates: Rates) -> int:
    """What was converted less what the agreed rate would have given."""
    batch, line = next((batch, line) for batch in batches for line in batch.lines if line.movement is move)
    lane, terms = move.lane, move.merchant.terms
    converted_on = batch.closed_on if batch.merchant.psp == "adyen" else business_date(move.occurred_at, move.merchant.zone)
    agreed = rates.offered(converted_on, lane.currency, lane.settles_in, terms.fx_markup_bps)
    return exchanged(move.amount_minor, lane, line.rate or agreed) - exchanged(move.amount_minor, lane, agreed)


def open_cases(payments: Sequence[Payment], batches: Sequence[Batch], plan: BatchPlan) -> Iterator[Expected]:
    """What is rightly unfinished when the count room looks: young movements without settlement, payouts on their way to the bank."""
    for payment in payments:
        for move in payment.movements:
            if not move.defect_id and move.books and not (move.settlement and move.activity):
                psp, account = move.merchant.psp, move.merchant.account
                text = "waits for its settlement" if move.activity else "waits for the PSP's reports"
                yield Expected("timing_open", psp, account, move.lane.currency, move.amount_minor, tuple(move.spots), "", text)
    silent = plan.mistakes.never_arrives | set(plan.mistakes.returned)
    for batch in batches:
        for payout in batch.payouts:
            if not payout.bank and (batch.merchant.account, batch.closed_on, payout.currency) not in silent:
                psp, account = batch.merchant.psp, batch.merchant.account
                text = f"payout of batch {batch.batch_id} on its way to the bank"
                yield Expected("timing_open", psp, account, payout.currency, payout.amount_minor, tuple(case_spots(batch, payout)), "", text)


def classes_named(text: str) -> frozenset[str]:
    """The break classes of `all`, `none` or a list with commas. Raises: InputRejected for one that a folder of files cannot hold."""
    if closed := {name.strip() for name in text.split(",")} & set(defects.NEEDS_CLOSES):
        raise InputRejected(f"{', '.join(sorted(closed))}: a folder cannot plant it, it takes a close that two people signed", code="unknown_defect")
    if text in ("all", "none"):
        return frozenset(CLASSES if text == "all" else ())
    return frozenset(name.strip() for name in text.split(",") if name.strip())


def answer_key(world: World) -> bytes:
    """The bytes of answer_key.parquet."""
    return parquet(key_frame(world.expected, Names(world.files)))


def puzzle_key(world: World) -> bytes | None:
    """The bytes of suggestion_key.parquet: what should be suggested. None for a world without puzzles."""
    return parquet(suggestion_key(world.suggestions, Names(world.files))) if world.suggestions else None


def summary(world: World) -> bytes:
    """world.json: what was built, and the totals a reader may check."""
    spec = world.spec
    kinds: Counter[str] = Counter(move.kind.value for payment in world.payments for move in payment.movements)
    paid: Counter[str] = Counter()
    for batch in world.batches:
        for payout in batch.payouts:
            paid[f"{batch.merchant.psp}/{batch.merchant.account}/{payout.currency}"] += payout.amount_minor
    told: Mapping[str, object] = {
        "seed": spec.seed,
        "players": spec.players,
        "days": spec.days,
        "start": spec.start.isoformat(),
        "as_of": spec.as_of.isoformat(),
        "defects": sorted(spec.wanted),
        "landing_order": ["fx", "bank", "psp", "v2"],
        "files": len(world.files),
        "movements": dict(sorted(kinds.items())),
        "payouts_minor": dict(sorted(paid.items())),
        "expected": dict(sorted(Counter(row.break_class for row in world.expected).items())),
    }
    return (json.dumps(told, indent=2) + "\n").encode()
