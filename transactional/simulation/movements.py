"""What one player's payment and each of its movements of money are, as the outside and the casino see them. For all of the simulation.

A movement is told by up to four hands: the casino's books (ledger and payment event), the PSP's activity report, its settlement report.
The plain world tells the same everywhere; a defect changes what ONE hand tells. Sign: positive towards us. Units: minor.
The trap: random numbers shared by two concerns, so that one more player moves every later amount. Each concern has dice of its own.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from decimal import Decimal
from random import Random
from uuid import UUID

from transactional.payments.money_kinds import MoneyKind
from transactional.simulation.casino import Lane, Merchant
from transactional.simulation.charges import NO_CHARGE, Charge


def dice(seed: int, concern: str) -> Random:
    """The random numbers of one concern of one world: the same in every run."""
    return Random(f"countroom:{seed}:{concern}")  # noqa: S311 - a simulation must repeat; nothing secret is drawn from it


_CAPITALS = "ABCDEFGHJKLMNPQRSTUVWXYZ23456789"
_LETTERS = "ABCDEFGHJKLMNPQRSTUVWXYZabcdefghijkmnopqrstuvwxyz0123456789"


def code(rng: Random, length: int, alphabet: str = _CAPITALS) -> str:
    """A reference as PSPs make them."""
    return "".join(rng.choices(alphabet, k=length))


def stripe_id(rng: Random, prefix: str) -> str:
    """`ch_3Qx…`: a prefix and 24 letters or digits."""
    return f"{prefix}_{code(rng, 24, _LETTERS)}"


@dataclass(frozen=True, slots=True)
class Spot:
    """Where a movement is told: `source` as in the reconciliation's items; a file and its line, or the id of a fact with its line."""

    source: str
    path: str
    line: int


@dataclass(slots=True, kw_only=True, eq=False)
class Payment:
    """One attempt of a player: a deposit or a withdrawal. `asked_minor` is what was authorised; `refused` attempts move nothing.

    `printed_reference`: what the PSP prints for our `merchant_reference`, where it is another.
    """

    number: int
    player: int
    player_id: UUID
    merchant: Merchant
    lane: Lane
    direction: str
    asked_minor: int
    method: str
    variant: str
    intent_id: UUID
    attempt_id: UUID
    merchant_reference: str
    psp_reference: str
    created_at: datetime
    refused: bool = False
    unknown_to_casino: bool = False
    printed_reference: str | None = None
    booked_currency: str = ""
    movements: list[Movement] = field(default_factory=list)

    @property
    def reference_at_psp(self) -> str:
        """Our reference as the PSP's reports have it."""
        return self.merchant_reference if self.printed_reference is None else self.printed_reference


@dataclass(slots=True, kw_only=True, eq=False)
class Movement:
    """One movement of money of one payment.

    `amount_minor` is what the PSP moved; `booked_minor` what the casino wrote (None: it never heard of it), in `booked_currency`.
    `nameless`: the casino wrote it without the PSP's references; `miswritten`: with this PSP reference and no other of its references; `paid_by_hand`: in a
    payout that says nothing of its lines; `booked_after_close`: long after it happened, when its day had been signed.
    `booked_later`: by how much the casino's moment is after the PSP's. `shifted_fee_minor` is charged as another component than it belongs to.
    `extra_fee_minor`, `rate_factor` and `net_error_minor` are the PSP's own mistakes; `copies` is how often the PSP moved it;
    `repeated_in_file` prints it once more without moving anything. In a replayed file a movement may have a `psp_reference` of its own and be the
    n-th `repetition` of the same one.
    """

    number: int
    kind: MoneyKind
    payment: Payment
    occurred_at: datetime
    amount_minor: int
    modification_reference: str
    ext_id: str = ""
    uncaptured_minor: int = 0
    booked_minor: int | None = 0
    booked_currency: str = ""
    booked_twice: bool = False
    nameless: bool = False
    miswritten: str = ""
    booked_after_close: bool = False
    booked_later: timedelta = timedelta()
    in_activity: bool = True
    in_settlement: bool = True
    paid_by_hand: bool = False
    copies: int = 1
    repeated_in_file: bool = False
    extra_fee_minor: int = 0
    shifted_fee_minor: int = 0
    rate_factor: Decimal = Decimal(1)
    net_error_minor: int = 0
    psp_reference: str = ""
    repetition: int = 0
    defect_id: str = ""
    activity: list[Spot] = field(default_factory=list)
    settlement: list[Spot] = field(default_factory=list)
    books: list[Spot] = field(default_factory=list)
    second_booking: list[Spot] = field(default_factory=list)

    @property
    def merchant(self) -> Merchant:
        """Where it happened."""
        return self.payment.merchant

    @property
    def lane(self) -> Lane:
        """In which currency, settled in which."""
        return self.payment.lane

    @property
    def spots(self) -> list[Spot]:
        """Everywhere it is told."""
        return [*self.books, *self.activity, *self.settlement]


@dataclass(slots=True, kw_only=True, eq=False)
class Line:
    """One line of a settlement report. `first_print` is what an earlier version of the file said (gross, net, charge), if the line was restated."""

    kind: MoneyKind
    raw_kind: str
    net_currency: str
    net_minor: int
    occurred_at: datetime
    booked_at: datetime
    text: str = ""
    note: str = ""
    gross_currency: str = ""
    gross_minor: int | None = None
    rate: Decimal | None = None
    charge: Charge = NO_CHARGE
    movement: Movement | None = None
    ext_id: str = ""
    counts: bool = True
    first_print: tuple[int, int, Charge] | None = None
    spot: Spot | None = None
    first_spot: Spot | None = None


@dataclass(slots=True, kw_only=True, eq=False)
class Payout:
    """Money a PSP sent to one of our banks. `arrives_on` None: it never did; `returned_on`: the day the bank sent it back.

    `booked` are the places where the casino's ledger tells it, `bank` where the bank does.
    """

    line: Line
    currency: str
    amount_minor: int
    paid_at: datetime
    bank_reference: str
    arrives_on: date | None
    arrives_minor: int
    returned_on: date | None = None
    bounced_on: date | None = None
    return_line: Line | None = None
    defect_id: str = ""
    books: list[Spot] = field(default_factory=list)
    bank: list[Spot] = field(default_factory=list)


@dataclass(slots=True, kw_only=True, eq=False)
class Batch:
    """One payout batch: an Adyen batch (its payouts may be in several currencies) or one Stripe payout. `by_hand`: no report tells its lines."""

    merchant: Merchant
    batch_id: str
    closed_on: date
    lines: list[Line] = field(default_factory=list)
    payouts: list[Payout] = field(default_factory=list)
    by_hand: bool = False

    @property
    def name(self) -> str:
        """How the casino's books call it."""
        return f"{self.merchant.psp}:{self.merchant.account}:{self.batch_id}"
