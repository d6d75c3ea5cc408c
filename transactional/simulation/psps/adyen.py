"""Adyen's desk: one batch per bank day and account, several currencies in it, a balance below zero carried to the next batch. Pure."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Sequence
from datetime import date, datetime, timedelta

from transactional.simulation.movements import Batch, Line, Movement
from transactional.simulation.psps.desk import Desk, K
from transactional.vocabulary.time import business_date


class AdyenDesk(Desk):
    """Batches are numbered without holes; each currency above zero is paid, each below zero goes on by a pair of Balancetransfer lines."""

    def batches(self, by_day: dict[date, list[Movement]]) -> list[Batch]:
        batches: list[Batch] = []
        number, carried = self.merchant.first_batch, dict[str, int]()
        for day in self._closing_days(by_day):
            paid_at = self.at(day + timedelta(days=1), 0, 46)
            if paid_at + timedelta(hours=1) > self.as_of:
                break
            if (self.merchant.account, day) in self.mistakes.skipped_number:
                number += 1
            after = number + (2 if self._skips_after(by_day, day) else 1)
            batch = Batch(merchant=self.merchant, batch_id=str(number), closed_on=day)
            batch.lines = [line for movement in by_day.get(day, ()) for line in self.lines_of(movement, day, self.at(day, 23, 50))]
            batch.lines += self.account_lines(batch, by_day.get(day, ()), paid_at, len(batches))
            carried = self.close(batch, paid_at, carried, after)
            self.disturb(batch)
            batches.append(batch)
            self.previous = batch.batch_id
            number += 1
        return batches

    def _closing_days(self, by_day: dict[date, list[Movement]]) -> Iterator[date]:
        """Bank days with something to settle or a reserve to give back. Read while the batches are made: a batch decides what the next ones owe."""
        day, last = min(by_day, default=self.as_of.date()), self.as_of.date()
        while day <= last:
            if day in by_day or (day.weekday() < 5 and self.is_reserve_due(day)):
                yield day
            day += timedelta(days=1)

    def _skips_after(self, by_day: dict[date, list[Movement]], day: date) -> bool:
        following = min((other for other in by_day if other > day), default=day)
        return (self.merchant.account, following) in self.mistakes.skipped_number and following != day

    def account_lines(self, batch: Batch, movements: Sequence[Movement], at: datetime, index: int) -> list[Line]:
        """Adyen's fees by day, a rolling reserve, the invoice's costs once a month, and what was planted."""
        lines = []
        received: dict[date, int] = defaultdict(int)
        for movement in movements:
            if movement.kind is K.DEPOSIT:
                received[business_date(movement.occurred_at, self.merchant.zone)] += movement.copies
        extra = self.mistakes.account_fee.get((self.merchant.account, batch.closed_on, self.main), 0)
        for place, day in enumerate(sorted(received)):
            minor = -12 * received[day] - (extra if place == 0 else 0)
            lines.append(self.account_line(K.FEE, "Fee", minor, at, f"Transaction Fees {day:%B}".ljust(26) + f" {day:%d} {day:%Y}"))
        lines += self.released(batch.closed_on, at, "ReserveAdjustment")
        lines += self.reserve(batch.lines, batch.closed_on, at, index, "ReserveAdjustment")
        if batch.closed_on.day >= 5 and (month := batch.closed_on.replace(day=1)) not in self.invoiced:
            self.invoiced.add(month)
            invoice = f"Invoice {self.merchant.account[-2:]}{month:%Y%m}000{self.rng.randint(100, 999)} Discounts and additional costs"
            lines.append(self.account_line(K.INVOICE_DEDUCTION, "InvoiceDeduction", -self.rng.randint(4_000, 19_000), at, f"{invoice} (1/2)"))
            lines.append(self.account_line(K.INVOICE_DEDUCTION, "InvoiceDeduction", self.rng.randint(300, 1_900), at, f"{invoice} (2/2)"))
        for currency in sorted({lane.settles_in for lane in self.merchant.lanes}):
            lines += self.unknown_lines(batch.closed_on, currency, at) + self.returned_lines(batch.closed_on, currency, at)
        return lines

    def close(self, batch: Batch, paid_at: datetime, carried: dict[str, int], next_number: int) -> dict[str, int]:
        """Pay every currency above zero, carry every one below it; returns what the next batch begins with."""
        for currency in sorted(carried):
            note = f"Balancetransfer from batch {self.previous}"
            batch.lines.append(
                self.account_line(K.BALANCE_TRANSFER, "Balancetransfer", carried[currency], paid_at, "Balancetransfer", currency=currency, note=note)
            )
        totals: dict[str, int] = defaultdict(int)
        for line in batch.lines:
            totals[line.net_currency] += line.net_minor if line.counts else 0
        fined = {currency: self.fined(batch, currency, total, paid_at, "MiscCosts") for currency, total in sorted(totals.items())}
        collected = {currency for currency, total in fined.items() if total != totals[currency]}
        totals = defaultdict(int, fined)
        onward = {currency: total for currency, total in totals.items() if total < 0 and currency not in collected}
        for currency, total in sorted(onward.items()):
            note = f"Balancetransfer to batch {next_number}"
            batch.lines.append(
                self.account_line(K.BALANCE_TRANSFER, "Balancetransfer", -total, paid_at, "Balancetransfer", currency=currency, note=note)
            )
        for currency, total in sorted(totals.items()):
            if total > 0 or currency in collected:
                transfer = f"TX{''.join(self.rng.choices('0123456789', k=11))}XT"
                text = f"{transfer} batch {batch.batch_id}, {self.merchant.account}"
                self.pay(batch, currency, total, paid_at, raw_kind="MerchantPayout", text=text, bank_reference=text)
        return onward
