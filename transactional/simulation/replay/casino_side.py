"""What a casino's books and bank would say if a settlement file were right, or nearly. Pure; seeded.

Every line about a player becomes a payment the casino knows, every payout a booking and a bank line. What is wrong inside the file itself is
named in the key too, worked out here by other code than the engine's. The trap: a key that calls a real file's own faults planted ones.
"""

from __future__ import annotations

import json
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from decimal import Decimal

from transactional.ledger.entries import KeyedEntry
from transactional.payments.money_kinds import MoneyKind
from transactional.simulation.answer_key import Expected
from transactional.simulation.banks import mark
from transactional.simulation.books import books_of, payout_entries
from transactional.simulation.casino import BANK_OF, Bank
from transactional.simulation.formats.bank_statements import BankLine, Statement, camt053
from transactional.simulation.games import Chunk
from transactional.simulation.movements import Batch, Payment, Payout, Spot, dice
from transactional.simulation.replay.mistakes import labels, plant
from transactional.simulation.replay.report_lines import ReportLine, Scene
from transactional.vocabulary.currencies import exponent_of
from transactional.vocabulary.errors import InputRejected

K = MoneyKind
_LONGEST_LAG = timedelta(days=14)


@dataclass(frozen=True, slots=True)
class Replayed:
    """The casino's side of a file: what its services must be told, the files to land beside it, what must be found; look `as_of` then."""

    files: Mapping[str, bytes]
    chunks: Sequence[Chunk]
    payout_entries: Sequence[KeyedEntry]
    expected: Sequence[Expected]
    as_of: datetime
    movements: Mapping[str, int]
    payouts_minor: Mapping[str, int]


def replay(content: bytes, name: str, lines: Sequence[ReportLine], zone: str, *, perturb: int | None = None, mistakes: int = 8) -> Replayed:
    """Build the casino's side of one settlement file. `perturb`: a seed for `mistakes` planted mistakes; None: none.

    Raises: InputRejected (`nothing_to_replay`) for a file without money.
    """
    if not lines:
        raise InputRejected(f"{name} holds no line to replay", code="nothing_to_replay")
    rng = dice(perturb or 0, f"replay {name}")
    scene = Scene(rng, lines, zone)
    path = f"psp/{lines[0].psp}/{lines[0].account}/{name}"
    batches = scene.batches(path)
    end = max(line.booked_at for line in lines)
    planted = [] if perturb is None else plant(rng, scene.payments, batches, mistakes)
    as_of = end + _LONGEST_LAG
    start = min(payment.created_at for payment in scene.payments) if scene.payments else end
    chunks = books_of(perturb or 0, scene.payments, start.replace(minute=0, second=0, microsecond=0), as_of)
    keyed = payout_entries(perturb or 0, batches, as_of, bank_of=_bank_of)
    files = {path: content, **_bank_files(batches)}
    paid: dict[str, int] = defaultdict(int)
    for batch in batches:
        for payout in batch.payouts:
            paid[payout.currency] += payout.amount_minor
    expected = [*labels(planted, batches), *_own_faults(lines, path, {id(each.movement) for each in planted}, scene.payments)]
    kinds = Counter(move.kind.value for payment in scene.payments for move in payment.movements)
    return Replayed(files, chunks, keyed, expected, as_of, kinds, paid)


def summary(side: Replayed) -> bytes:
    """world.json of a replay."""
    told = {
        "as_of": side.as_of.isoformat(),
        "landing_order": ["bank", "psp"],
        "files": len(side.files),
        "movements": dict(sorted(side.movements.items())),
        "payouts_minor": dict(sorted(side.payouts_minor.items())),
        "expected": dict(sorted(Counter(row.break_class for row in side.expected).items())),
    }
    return (json.dumps(told, indent=2) + "\n").encode()


def _bank_of(currency: str) -> Bank:
    """Our account in that currency, or one made up for a file in a currency we hold no account in."""
    return BANK_OF.get(currency) or Bank(f"XX00REPLAY{currency}", currency, "UTC", "REPLAYXXXXX", "camt053", 0, 1)


def _own_faults(lines: Iterable[ReportLine], path: str, tampered: set[int], payments: Iterable[Payment]) -> Iterator[Expected]:
    """What is wrong inside the file: rows that do not tie and kinds nobody knows, unless a planted mistake lies on top."""
    moves = {spot.line: move for payment in payments for move in payment.movements for spot in move.settlement}
    for line in lines:
        if line.kind is K.UNKNOWN:
            text = f"nobody knows what '{line.raw_kind}' is"
            spots = (Spot("settlement", path, line.line_no),)
            yield Expected("unknown_kind", line.psp, line.account, line.net_currency, line.net_minor, spots, "", text)
        move = moves.get(line.line_no)
        off = _off_by(line)
        if off and move is not None and id(move) not in tampered:
            text = "in the file itself: gross less fees is not the net"
            yield Expected("row_arithmetic", line.psp, line.account, line.net_currency, off, tuple(move.spots), "", text)


def _off_by(line: ReportLine) -> int:
    """Net less what gross, rate and fees say; 0 within the rounding of the printed rate."""
    if line.gross_minor is None or line.gross_currency is None:
        return 0
    on = line.booked_at.date()
    shift = Decimal(10) ** (exponent_of(line.net_currency, on) - exponent_of(line.gross_currency, on))
    rate = Decimal(line.exchange_rate or 1) if line.gross_currency != line.net_currency else Decimal(1)
    fees = line.commission_minor + line.markup_minor + line.scheme_fee_minor + line.interchange_minor
    exact = Decimal(line.gross_minor) * rate * shift
    bound = Decimal(0)
    if line.gross_currency != line.net_currency:
        digits = -int(rate.as_tuple().exponent)
        bound = 1 + abs(Decimal(line.gross_minor)) * shift * Decimal(10) ** -digits / 2
    if abs(line.net_minor + fees - exact) <= bound:
        return 0
    return line.net_minor - (int(exact.to_integral_value()) - fees)


def _bank_files(batches: Iterable[Batch]) -> dict[str, bytes]:
    """A CAMT.053 statement per account and day on which a payout arrives, in order and without gaps in the balance."""
    arriving: dict[str, dict[date, list[Payout]]] = defaultdict(lambda: defaultdict(list))
    for batch in batches:
        for payout in batch.payouts:
            if payout.arrives_on is not None:
                arriving[payout.currency][payout.arrives_on].append(payout)
    files: dict[str, bytes] = {}
    for currency in sorted(arriving):
        bank = _bank_of(currency)
        balance = bank.opening_minor
        for sequence, day in enumerate(sorted(arriving[currency]), start=bank.first_sequence):
            path = f"bank/camt053_{bank.iban}_{day}.xml"
            statement = Statement(bank=bank, day=day, sequence=sequence, opening_minor=balance)
            statement.lines = [_credit(payout, day, number) for number, payout in enumerate(arriving[currency][day], start=1)]
            files[path] = camt053(statement)
            mark(statement, path)
            balance = statement.closing_minor
    return files


def _credit(payout: Payout, day: date, number: int) -> BankLine:
    return BankLine(
        amount_minor=payout.arrives_minor,
        booked_on=day,
        counterparty="PAYMENT SERVICE PROVIDER",
        text=payout.bank_reference,
        reference=f"{day:%y%m%d}{payout.currency}{number:05d}",
        code="TRF",
        payout=payout,
    )
