"""A payments service on one connection, with short words for what tests say."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID, uuid5

from sqlalchemy import Connection, text

from transactional.ledger.service import Ledger
from transactional.payments.facts import Direction, FactKind, NewAttempt, NewIntent, PaymentFact
from transactional.payments.service import Payments
from transactional.vocabulary.money import Money

START = datetime(2026, 3, 1, 12, tzinfo=UTC)
_NAMES = UUID(int=7)


def fact(text_: str, minute: int = 0, *, key: str = "", psp_reference: str | None = "P1", **more: Any) -> PaymentFact:
    """'refunded 40 r1': kind, amount, the PSP's reference of the modification."""
    kind, minor, reference = (*text_.split(), "", "")[:3]
    return PaymentFact(
        kind=FactKind(kind),
        psp="adyen",
        merchant_account="CountroomEU",
        effective_at=START + timedelta(minutes=minute),
        dedupe_key=key or f"{psp_reference}:{text_}",
        amount=Money("EUR", int(minor or 100)),
        psp_reference=psp_reference,
        modification_reference=reference or None,
        **more,
    )


class Casino:
    """Intents, attempts and balances of a casino under test."""

    def __init__(self, connection: Connection) -> None:
        self.connection = connection
        self.payments = Payments(connection, Ledger(connection))

    def attempt(self, name: str, direction: Direction = "deposit", player: str = "anna", **more: Any) -> UUID:
        """An attempt of 100 EUR cents of its own intent; its id."""
        (intent,) = self.payments.create_intents([NewIntent(player_id(player), direction, Money("EUR", 100), f"intent {name}")])
        (attempt,) = self.payments.create_attempts([NewAttempt(intent.id, "adyen", "CountroomEU", f"attempt {name}", **more)])
        return attempt.id

    def funded(self, minor: int, player: str = "anna") -> None:
        """A deposit of another attempt, so that the player has something to lose."""
        one = self.attempt(f"funds of {player}", player=player)
        self.payments.record([fact(f"captured {minor}", -60, psp_reference=f"funds-{player}", attempt_id=one)])

    def balances(self) -> dict[str, int]:
        """Every balance that is not zero, by account code; players by name of the class only (there is one player)."""
        rows = self.connection.execute(
            text("""select a.account_class, sum(p.amount_minor)::bigint as balance from app.postings p join app.accounts a using (account_id)
                 group by a.account_class having sum(p.amount_minor) <> 0""")
        )
        return {row.account_class: row.balance for row in rows}

    def count(self, table: str) -> int:
        """Rows of a table of app."""
        return int(self.connection.execute(text(f"select count(*) from app.{table}")).scalar_one())


def player_id(name: str) -> UUID:
    """The id of a player of that name."""
    return uuid5(_NAMES, name)
