"""Stripe's desk: automatic payouts, every bank day, per currency, of what has become available. Pure."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from datetime import date, timedelta

from transactional.simulation.movements import Batch, Line, Movement, stripe_id
from transactional.simulation.psps.desk import Desk, K
from transactional.vocabulary.time import business_date


class StripeDesk(Desk):
    """A balance below zero is collected from our bank account on the next bank day, as one above it is paid."""

    def batches(self, by_day: dict[date, list[Movement]]) -> list[Batch]:
        waiting: dict[str, list[Line]] = defaultdict(list)
        batches: list[Batch] = []
        last = business_date(self.as_of, self.merchant.zone) - timedelta(days=1)
        day = min(by_day, default=last)
        while day <= last:
            for movement in by_day.get(day, ()):
                waiting[movement.lane.settles_in].extend(self.lines_of(movement, day, movement.occurred_at))
            if day.weekday() < 5:
                for currency in sorted(waiting):
                    automatic = sum(b.payouts[0].currency == currency and not b.by_hand for b in batches)
                    batches += self.paid_by_hand(day, currency, waiting[currency])
                    batches += self.pay_out(day, currency, waiting[currency], automatic)
            day += timedelta(days=1)
        return batches

    def pay_out(self, day: date, currency: str, waiting: list[Line], index: int) -> list[Batch]:
        paid_at = self.at(day, 0, 0)
        is_due = currency == self.main and self.is_reserve_due(day)
        balance = sum(line.net_minor for line in waiting if line.counts)
        if balance == 0 and not is_due:
            return []
        batch = Batch(merchant=self.merchant, batch_id=stripe_id(self.rng, "po"), closed_on=day, lines=list(waiting))
        waiting.clear()
        batch.lines += self.account_lines(day, currency, batch.lines, index)
        if is_due:
            batch.lines += self.released(day, self.at(day - timedelta(days=1), 22, 20), "risk_reserved_funds")
        batch.lines += self.unknown_lines(day, currency, paid_at) + self.returned_lines(day, currency, paid_at)
        total = self.fined(
            batch, currency, sum(line.net_minor for line in batch.lines if line.counts), self.at(day - timedelta(days=1), 22, 25), "fee"
        )
        trace = "".join(self.rng.choices("0123456789", k=15))
        self.pay(batch, currency, total, paid_at, raw_kind="payout", text=batch.batch_id, bank_reference=trace)
        self.disturb(batch)
        return [batch]

    def paid_by_hand(self, day: date, currency: str, waiting: list[Line]) -> list[Batch]:
        """The lines that somebody sent to our bank by hand that day: they wait no longer, and the payout does not say that it is theirs."""
        lines = [line for line in waiting if line.movement is not None and line.movement.paid_by_hand]
        if not lines:
            return []
        waiting[:] = [line for line in waiting if line not in lines]
        batch = Batch(merchant=self.merchant, batch_id=stripe_id(self.rng, "po"), closed_on=day, lines=lines, by_hand=True)
        trace = "".join(self.rng.choices("0123456789", k=15))
        total = sum(line.net_minor for line in lines)
        self.pay(batch, currency, total, self.at(day, 11, 5), raw_kind="payout", text=batch.batch_id, bank_reference=trace)
        return [batch]

    def account_lines(self, day: date, currency: str, lines: Sequence[Line], index: int) -> list[Line]:
        """Network costs, a subscription now and then, a rolling reserve; nothing on a balance they could turn below zero."""
        deposits = sum(line.net_minor for line in lines if line.kind is K.DEPOSIT)
        if currency != self.main or sum(line.net_minor for line in lines) < max(5_000, deposits // 10):
            return []
        at = self.at(day - timedelta(days=1), 22, 15)
        count = sum(line.kind is K.DEPOSIT and line.counts and (line.gross_minor or 0) > 0 for line in lines)
        extra = self.mistakes.account_fee.get((self.merchant.account, day, currency), 0)
        found = [
            self.account_line(K.FEE, "network_cost", -2 * count - extra, at, f"Card payments ({day - timedelta(days=1)}): Transaction network costs")
        ]
        if index % 5 == 2:
            found.append(self.account_line(K.FEE, "fee", -1_250, at, f"Radar ({day - timedelta(days=1)}): Standard"))
        return [line for line in found if line.net_minor] + self.reserve(lines, day, at, index, "risk_reserved_funds")
