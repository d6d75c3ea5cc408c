"""A real settlement file as payments with movements, and as batches with payouts. Pure; seeded.

The trap: a payment invented for a refund or dispute whose deposit lies in another file; it gets an attempt, and no deposit.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from random import Random
from typing import Any
from uuid import UUID

from transactional.payments.money_kinds import EXPECTED_SIGN, PLAYER_KINDS, MoneyKind
from transactional.simulation.casino import Lane, Merchant, Terms
from transactional.simulation.charges import Charge
from transactional.simulation.movements import Batch, Line, Movement, Payment, Payout, Spot
from transactional.vocabulary.ids import uuid7
from transactional.vocabulary.time import add_business_days, business_date

K = MoneyKind


@dataclass(frozen=True, slots=True)
class ReportLine:
    """One line of a settlement report as landing reads it: amounts in minor units, positive towards us."""

    line_no: int
    psp: str
    account: str
    kind: MoneyKind
    raw_kind: str
    gross_currency: str | None
    gross_minor: int | None
    net_currency: str
    net_minor: int
    commission_minor: int
    markup_minor: int
    scheme_fee_minor: int
    interchange_minor: int
    exchange_rate: str | None
    psp_reference: str
    modification_reference: str
    merchant_reference: str
    batch_id: str
    bank_reference: str
    payment_method: str
    occurred_at: datetime
    booked_at: datetime


def report_line(row: Mapping[str, Any]) -> ReportLine:
    """A row of landing's canonical settlement lines; what it leaves out is empty or nothing."""
    net_minor = row["net_minor"] if row["net_minor"] is not None else row["gross_minor"]
    return ReportLine(
        line_no=row["line_no"],
        psp=row["psp"],
        account=row["account"],
        kind=MoneyKind(row["kind"]),
        raw_kind=row["raw_kind"],
        gross_currency=row["gross_currency"],
        gross_minor=row["gross_minor"],
        net_currency=row["net_currency"] or row["gross_currency"] or "",
        net_minor=net_minor or 0,
        commission_minor=row["commission_minor"] or 0,
        markup_minor=row["markup_minor"] or 0,
        scheme_fee_minor=row["scheme_fee_minor"] or 0,
        interchange_minor=row["interchange_minor"] or 0,
        exchange_rate=row["exchange_rate"],
        psp_reference=row["psp_reference"] or "",
        modification_reference=row["modification_reference"] or "",
        merchant_reference=row["merchant_reference"] or "",
        batch_id=row["batch_id"] or "",
        bank_reference=row["bank_reference"] or "",
        payment_method=row["payment_method"] or "",
        occurred_at=row["occurred_at"],
        booked_at=row["booked_at"] or row["occurred_at"],
    )


class Scene:
    """The file's lines as payments with movements, and as batches with payouts."""

    def __init__(self, rng: Random, lines: Sequence[ReportLine], zone: str) -> None:
        self._rng, self._lines = rng, lines
        first = lines[0]
        self.merchant = Merchant(first.psp, first.account, zone, "", "", (), Terms(), settles_after_days=0)
        self.payments: list[Payment] = []
        self._by_name: dict[str, Payment] = {}
        self._seen: dict[tuple[str, str, str], int] = defaultdict(int)

    def batches(self, path: str) -> list[Batch]:
        """The file's batches; payments and movements are made on the way."""
        found: dict[str, Batch] = {}
        for line in sorted(self._lines, key=lambda each: each.line_no):
            day = business_date(line.booked_at, self.merchant.zone)
            batch = found.setdefault(line.batch_id, Batch(merchant=self.merchant, batch_id=line.batch_id, closed_on=day))
            movement = self._movement(line) if line.kind in PLAYER_KINDS and line.gross_minor else None
            told = self._line(line, movement)
            told.spot = Spot("payout" if line.kind in (K.PAYOUT, K.PAYOUT_RETURNED) else "settlement", path, line.line_no)
            batch.lines.append(told)
            if movement is not None:
                movement.settlement.append(told.spot)
            if line.kind is K.PAYOUT and line.net_minor < 0:
                batch.payouts.append(self._payout(line, told))
        return list(found.values())

    def _line(self, line: ReportLine, movement: Movement | None) -> Line:
        charge = Charge(line.commission_minor, line.markup_minor, line.scheme_fee_minor, line.interchange_minor)
        return Line(
            kind=line.kind,
            raw_kind=line.raw_kind,
            gross_currency=line.gross_currency or "",
            gross_minor=line.gross_minor,
            net_currency=line.net_currency,
            net_minor=line.net_minor,
            charge=charge,
            movement=movement,
            occurred_at=line.occurred_at,
            booked_at=line.booked_at,
        )

    def _payout(self, line: ReportLine, told: Line) -> Payout:
        arrives = add_business_days(business_date(line.occurred_at, self.merchant.zone), 1)
        amount = -line.net_minor
        return Payout(
            line=told,
            currency=line.net_currency,
            amount_minor=amount,
            paid_at=line.occurred_at,
            bank_reference=line.bank_reference or f"batch {line.batch_id}, {line.account}",
            arrives_on=arrives,
            arrives_minor=amount,
        )

    def _movement(self, line: ReportLine) -> Movement:
        payment = self._payment(line)
        seen = (line.kind.value, line.psp_reference, line.modification_reference)
        self._seen[seen] += 1
        movement = Movement(
            number=line.line_no,
            kind=line.kind,
            payment=payment,
            occurred_at=line.occurred_at,
            amount_minor=line.gross_minor or 0,
            modification_reference=line.modification_reference,
            psp_reference=line.psp_reference,
            repetition=self._seen[seen] - 1,
            booked_minor=EXPECTED_SIGN[line.kind] * abs(line.gross_minor or 0),
            booked_currency=line.gross_currency or line.net_currency,
        )
        payment.movements.append(movement)
        payment.created_at = min(payment.created_at, line.occurred_at - timedelta(minutes=5))
        if line.kind in (K.DEPOSIT, K.WITHDRAWAL):
            payment.asked_minor = max(payment.asked_minor, abs(movement.amount_minor))
        return movement

    def _payment(self, line: ReportLine) -> Payment:
        """One payment per merchant reference; a PSP's reference stands in where there is none."""
        name = line.merchant_reference or line.psp_reference or f"line {line.line_no}"
        if name not in self._by_name:
            currency = line.gross_currency or line.net_currency
            at = line.occurred_at - timedelta(minutes=5)
            returned = line.kind in (K.WITHDRAWAL, K.WITHDRAWAL_RETURNED)
            payment = Payment(
                number=len(self.payments),
                player=len(self.payments),
                player_id=self._id(at),
                merchant=self.merchant,
                lane=Lane(currency, line.net_currency, 1, 1, 1),
                direction="withdrawal" if returned else "deposit",
                asked_minor=abs(line.gross_minor or 0),
                method=line.payment_method,
                variant=line.payment_method,
                intent_id=self._id(at),
                attempt_id=self._id(at),
                merchant_reference=name,
                psp_reference=line.psp_reference,
                created_at=at,
                booked_currency=currency,
            )
            self._by_name[name] = payment
            self.payments.append(payment)
        return self._by_name[name]

    def _id(self, at: datetime) -> UUID:
        return uuid7(at, self._rng)
