"""Small accounts whose items collide: same amounts, same references, surplus lines, batches that do not add up, bank lines that fit twice.

Every generated account has its own PSP account, bank account, payout references and scale of amounts, so that many of them are one input of the engine
and each has one answer: two payouts of equal amount in different accounts would be rivals for a bank line that names nobody.
"""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from typing import Any

import polars as pl
from hypothesis import strategies as st

from assets.reconciliation.context import RunContext
from assets.reconciliation.items import item_schema
from assets.reconciliation.matching import Outcome, reconcile
from tests.properties.reconciliation_oracle import HOPS, SIGN, Row, Rows

DAY = date(2026, 1, 5)
MOMENTS = {"early": datetime(2026, 1, 5, 23, tzinfo=UTC), "between": datetime(2026, 1, 9, 12, tzinfo=UTC), "late": datetime(2026, 3, 1, tzinfo=UTC)}
CURRENCIES = {"P1": "EUR", "P2": "JPY", "P3": "KWD"}
_SCALES = tuple(prime * 1000 for prime in (1009, 1013, 1019, 1021, 1031, 1033, 1039, 1049, 1051, 1061))
_AMOUNTS = st.sampled_from((100, 1000, 1000, 1000, 2500))
_CHANGES = st.sampled_from(("none",) * 6 + ("amount", "tenfold", "thousandth", "sign", "currency", "unfit net"))


class Casino(list[Rows]):
    """Accounts with their items; prints what differs from line to line, so that a failing example can be read."""

    _TOLD = (
        "kind",
        "amount_minor",
        "currency",
        "net_minor",
        "psp_reference",
        "modification_reference",
        "merchant_reference",
        "batch_id",
        "bank_reference",
        "ext_id",
    )

    def __repr__(self) -> str:
        return "".join(
            f"\n{row['item_key']} " + " ".join(str(row[name]) for name in self._TOLD if row[name] is not None) for rows in self for row in rows
        )


class Printer:
    """Makes the rows of one account; line numbers and ids never repeat unless asked to."""

    def __init__(self, number: int) -> None:
        self.account, self.scale, self._count = f"A{number}", _SCALES[number], 0
        self.rows: Rows = []

    def token(self, batch: str, currency: str) -> str:
        """The words by which a payout can be known at the bank."""
        return f"TX{self.account}{batch}{currency}XT"

    def add(self, source: str, kind: str, currency: str, amount: int, **change: Any) -> Row:
        self._count += 1
        row: Row = dict.fromkeys(item_schema()) | {
            "item_key": f"{source}:{self.account}:{self._count:04}",
            "source": source,
            "psp": None if source == "bank" else "acme",
            "account": f"IBAN-{self.account}" if source == "bank" else self.account,
            "kind": kind,
            "raw_kind": kind,
            "currency": currency,
            "amount_minor": amount,
            "occurred_at": datetime(2026, 1, 5, 9, tzinfo=UTC),
            "booked_on": DAY,
            "known_at": datetime(2026, 1, 5, 12, tzinfo=UTC),
        }
        if source not in ("ledger", "attempt"):
            file_name = f"{'settlement' if source == 'payout' else source}-{self.account}.csv"
            row |= {"file_name": file_name, "file_version": 1, "line_no": self._count, "ext_id": f"x{self._count}"}
        if source in ("settlement", "payout"):
            row |= {"net_currency": currency, "net_minor": amount, "commission_minor": 0}
        self.rows.append(row | change)
        return self.rows[-1]


@st.composite
def movements(draw: st.DrawFn, printer: Printer) -> None:
    """One payment told by some of the hops, one of which may tell it differently or more often."""
    reference, kind = (
        draw(st.sampled_from(("P1", "P1", "P2", "P3"))),
        draw(st.sampled_from(("deposit", "deposit", "refund", "chargeback", "chargeback_reversed"))),
    )
    amount, modification = SIGN[kind] * printer.scale * draw(_AMOUNTS), draw(st.sampled_from(("M1", "M1", "M2", None)))
    hops = draw(
        st.sampled_from((HOPS, HOPS, HOPS, HOPS[:2], HOPS[2:], HOPS[:3], ("ledger",), ("settlement",), ("attempt", *HOPS[2:]), ("ledger", *HOPS[2:])))
    )
    odd_one, change, copies, nameless = draw(st.sampled_from(HOPS)), draw(_CHANGES), draw(st.sampled_from((1, 1, 1, 2, 3))), draw(st.integers(0, 3))
    batch, fee, same_id = draw(st.sampled_from(("7", "7", "8"))), draw(st.sampled_from((0, 10))), draw(st.booleans())
    words = draw(st.sampled_from(("ORDER-1", "ORDER-2", None)))
    for source in hops:
        told, currency = amount, CURRENCIES[reference]
        if source == odd_one:
            told = {"amount": amount + 7, "tenfold": amount * 10, "thousandth": amount * 1000, "sign": -amount}.get(change, amount)
            currency = "USD" if change == "currency" else currency
        for copy in range(copies if source == odd_one else 1):
            is_nameless = nameless == 0 and source == "ledger"
            row = printer.add(
                source,
                kind,
                currency,
                told,
                psp_reference=None if is_nameless else reference,
                modification_reference=None if is_nameless else modification,
                merchant_reference=words,
                known_at=datetime(2026, 1, 5, 12, copy, tzinfo=UTC),
            )
            if copy and same_id and row["ext_id"]:
                row["ext_id"] = f"x{printer._count - copy}"
            if source == "settlement":
                off = 3 if change == "unfit net" and source == odd_one else 0
                row |= {"batch_id": batch, "commission_minor": fee, "net_minor": told - fee + off}


@st.composite
def payouts(draw: st.DrawFn, printer: Printer) -> None:
    """Batches paid out, or not, or not exactly; booked, or not; arrived, or not, or under another's name."""
    for batch in ("7", "8"):
        lines = [row for row in printer.rows if row["batch_id"] == batch and row["source"] == "settlement"]
        for currency in sorted({row["net_currency"] for row in lines}):
            _pay_out(draw, printer, batch, currency, sum(row["net_minor"] for row in lines if row["net_currency"] == currency))
    if draw(st.integers(0, 4)) == 0:
        printer.add(
            "bank",
            "bank_movement",
            "EUR",
            1000,
            bank_reference=draw(st.sampled_from(("RENT", "ACME PAYS", f"{printer.token('7', 'EUR')} LATE"))),
            ext_id=None,
        )
    if draw(st.integers(0, 6)) == 0:
        printer.add("settlement", "unknown", "EUR", 55, batch_id="7")


def _pay_out(draw: st.DrawFn, printer: Printer, batch: str, currency: str, balance: int) -> None:
    if draw(st.booleans()):
        printer.add("settlement", "fee", currency, -20, batch_id=batch)
        balance -= 20
    paid = balance + draw(st.sampled_from((0, 0, 0, 0, 1, -400)))
    if draw(st.integers(0, 3)) == 0 or paid == 0:
        return
    printer.add("payout", "payout", currency, -paid, batch_id=batch, bank_reference=printer.token(batch, currency))
    if draw(st.integers(0, 3)):
        printer.add("ledger", "payout", currency, -paid + draw(st.sampled_from((0, 0, 0, 5))), batch_id=batch)
    for words in draw(st.sampled_from((("named",), ("named",), ("plain",), (), ("named", "named"), ("named", "back"), ("third", "rest")))):
        amount = {"back": -paid, "third": paid // 3, "rest": paid - paid // 3}.get(words, paid + draw(st.sampled_from((0, 0, 0, 3))))
        reference = "CREDIT" if words == "plain" else f"ACME {printer.token(batch, currency)}"
        printer.add(
            "bank", "bank_movement", currency, amount, bank_reference=reference, booked_on=DAY + timedelta(days=draw(st.integers(0, 2))), ext_id=None
        )


@st.composite
def accounts(draw: st.DrawFn, number: int = 0) -> Rows:
    """All items of one account."""
    printer = Printer(number)
    for _ in range(draw(st.integers(1, 3))):
        draw(movements(printer))
    draw(payouts(printer))
    return printer.rows


@st.composite
def casinos(draw: st.DrawFn, size: int = 8) -> Casino:
    """Several accounts; one run of the engine takes them all."""
    return Casino(draw(accounts(n)) for n in range(size))


def run(rows: Rows, moment: str = "late", *, shortcut: bool = True, **context: Any) -> Outcome:
    """The engine over these rows."""
    told = RunContext(as_of=MOMENTS[moment], psp_names={"acme": ("acme",)}, **context)
    return reconcile(pl.DataFrame(rows, schema=item_schema()), told, shortcut=shortcut)


def joined(casino: list[Rows]) -> Rows:
    return [row for rows in casino for row in rows]
