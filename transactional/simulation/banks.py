"""What the banks see: payouts arriving (or not), salaries, rent and suppliers; one statement per bank day and account. Pure; seeded.

Everything that is not a payout is a debit: money from elsewhere would be a receipt the count room cannot explain, and a world plants such a
line only on purpose. Opening balances follow from closing ones and numbers have no holes.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from datetime import date, datetime, timedelta
from random import Random

from transactional.simulation.casino import BANKS, Bank
from transactional.simulation.formats.bank_statements import BankLine, Statement
from transactional.simulation.movements import Payout, Spot, dice
from transactional.vocabulary.time import business_date

SENDERS = {"adyen": "ADYEN N.V.", "stripe": "STRIPE"}
# minor units of a two-decimal currency; JPY amounts are as large in whole yen
_SUPPLIERS = (("Stadtwerke Energie", 61_300), ("Cloud Hosting Ltd", 184_000), ("Game Studio Royalties", 530_000), ("Office Supplies", 12_900))


def statements(
    seed: int,
    payouts: Mapping[str, Iterable[Payout]],
    strangers: Iterable[tuple[str, BankLine]],
    unbalanced: Mapping[tuple[str, date], tuple[str, int]],
    *,
    first: date,
    as_of: datetime,
) -> list[Statement]:
    """Every statement that is out by `as_of`. `payouts` by PSP; `strangers` are planted lines with the currency of their account;
    `unbalanced` gives a statement (IBAN, day) a closing balance that is off by an amount, under the name of a defect."""
    arriving: dict[str, list[BankLine]] = defaultdict(list)
    for psp in sorted(payouts):
        for payout in payouts[psp]:
            arriving[payout.currency] += _lines_of(psp, payout)
    for currency, line in strangers:
        arriving[currency].append(line)
    return [
        statement
        for bank in BANKS
        for statement in _of_bank(dice(seed, f"bank {bank.iban}"), bank, arriving[bank.currency], unbalanced, first=first, as_of=as_of)
    ]


def _lines_of(psp: str, payout: Payout) -> list[BankLine]:
    text = text_of(psp, payout.bank_reference)
    found = []
    if payout.arrives_on is not None:
        found.append(_line(payout.arrives_minor, payout.arrives_on, SENDERS[psp], text, payout=payout))
    if payout.returned_on is not None:
        found.append(_line(-payout.arrives_minor, payout.returned_on, SENDERS[psp], f"Return of {text}", code="RTI", payout=payout))
        found[-1].returned = True
    return found


def text_of(psp: str, bank_reference: str) -> str:
    """What a payout's bank line says beside who sent it."""
    return bank_reference if psp == "adyen" else f"PAYOUT {bank_reference}"


def _line(minor: int, day: date, who: str, text: str, *, code: str = "TRF", payout: Payout | None = None) -> BankLine:
    return BankLine(amount_minor=minor, booked_on=day, counterparty=who, text=text, reference="", code=code, payout=payout)


def _of_bank(
    rng: Random,
    bank: Bank,
    arriving: list[BankLine],
    unbalanced: Mapping[tuple[str, date], tuple[str, int]],
    *,
    first: date,
    as_of: datetime,
) -> Iterator[Statement]:
    by_day: dict[date, list[BankLine]] = defaultdict(list)
    for line in arriving:
        by_day[line.booked_on].append(line)
    balance, sequence, day = bank.opening_minor, bank.first_sequence, first
    last = business_date(as_of, bank.zone) - timedelta(days=1)
    while day <= last:
        if day.weekday() < 5:
            lines = [*by_day[day], *_everyday(rng, bank, day)]
            for index, line in enumerate(lines):
                line.reference = f"{day:%y%m%d}{bank.currency}{index + 1:05d}"
            defect_id, residue = unbalanced.get((bank.iban, day), ("", 0))
            statement = Statement(
                bank=bank, day=day, sequence=sequence, opening_minor=balance, lines=lines, residue_minor=residue, defect_id=defect_id
            )
            yield statement
            balance, sequence = statement.closing_minor, sequence + 1
        day += timedelta(days=1)


def _everyday(rng: Random, bank: Bank, day: date) -> Iterator[BankLine]:
    """What a company pays: rent early in the month, salaries on the 25th or before the weekend, suppliers now and then."""
    first_bank_day = day.day == 1 or (day.weekday() == 0 and day.day <= 3)
    payday = day.day == 25 or (day.weekday() == 4 and day.day in (23, 24))
    if first_bank_day:
        yield _line(-420_000, day, "Immobilien Verwaltung GmbH", f"Rent {day:%m/%Y}")
    if payday:
        yield _line(-rng.randint(1_900_000, 2_600_000), day, "Payroll", f"Salaries {day:%m/%Y}")
    if rng.random() < 0.4:
        name, size = rng.choice(_SUPPLIERS)
        yield _line(-rng.randint(size // 2, size * 3 // 2), day, name, f"Invoice {rng.randint(10_000, 99_999)}")


def mark(statement: Statement, path: str) -> None:
    """Remember on each payout where the statement in file `path` tells it: entries are counted from 1."""
    for number, line in enumerate(statement.lines, start=1):
        if line.payout is not None:
            line.payout.bank.append(Spot("bank", path, number))
