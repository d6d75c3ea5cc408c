"""How ids, amounts, texts and times look on the wire. For every route's request and answer.

The trap: an amount without its currency and exponent, a JSON number that was 12.5 or 1e3, a text with NUL that PostgreSQL cannot keep, a time
without a zone. All are refused before a service sees them.
"""

from __future__ import annotations

import re
from datetime import datetime
from typing import Annotated, Any

from pydantic import AfterValidator, AwareDatetime, BaseModel, BeforeValidator, ConfigDict, Field, StrictInt

from transactional.ledger.accounts import CODE_PATTERN
from transactional.vocabulary.currencies import PERIODS, exponent_of
from transactional.vocabulary.errors import CountroomError
from transactional.vocabulary.ids import IdKind, parse_id

PRINTABLE_PATTERN = r"^[^\x00-\x1f\x7f]*$"
CURRENCY_PATTERN = f"^({'|'.join(sorted(PERIODS))})$"
_WRITTEN_TIME = re.compile(r"\d{4}-\d{2}-\d{2}[Tt ]\d{2}:\d{2}")
_EARLIEST, _LATEST = 1990, 2200  # outside, an instant is a slip of the pen and some of it does not fit PostgreSQL


class Wire(BaseModel):
    """A request or an answer: unknown fields are refused, so that a misspelt optional field does not pass unseen."""

    model_config = ConfigDict(extra="forbid", frozen=True)


def _id_type(kind: IdKind) -> Any:
    words = f"Id of the {kind.name.lower().replace('_', ' ')}."
    return Annotated[str, Field(pattern=rf"^{kind.value}_[0-9a-f]{{32}}$", description=words, examples=[f"{kind.value}_{'0' * 32}"])]


def _written_time(value: object) -> object:
    """The trap: pydantic takes 1767268800 for a time, and a caller who means milliseconds is thirty thousand years off."""
    if isinstance(value, datetime) or (isinstance(value, str) and _WRITTEN_TIME.match(value)):
        return value
    raise ValueError("expected a time as RFC 3339 writes it, with a zone: 2026-01-31T12:00:00Z")


def _sane_time(moment: datetime) -> datetime:
    if not _EARLIEST <= moment.year <= _LATEST:
        raise ValueError(f"expected a time between {_EARLIEST} and {_LATEST}")
    return moment


EntryId, HoldId, PlayerId = _id_type(IdKind.ENTRY), _id_type(IdKind.HOLD), _id_type(IdKind.PLAYER)
IntentId, AttemptId, EventId = _id_type(IdKind.INTENT), _id_type(IdKind.ATTEMPT), _id_type(IdKind.PAYMENT_EVENT)

LARGEST_AMOUNT = 10**15  # ten thousand milliard euro; the document's numbers are floats and could not say 2^63 - 1
AmountMinor = Annotated[StrictInt, Field(gt=0, le=LARGEST_AMOUNT, description="Positive integer of minor units.", examples=[1000])]
SignedMinor = Annotated[int, Field(description="Minor units; positive is a debit.", examples=[-1000])]
SumMinor = Annotated[int, Field(description="Minor units, positive, net of what was undone.", examples=[1000])]
Exponent = Annotated[int | None, Field(description="Decimals of the currency, for display; null when the code was not valid then.", examples=[2])]
Currency = Annotated[str, Field(pattern=CURRENCY_PATTERN, description="ISO 4217 code.", examples=["EUR"])]
AccountCode = Annotated[str, Field(max_length=200, pattern=CODE_PATTERN, description="A code of the chart of accounts.", examples=["house_revenue"])]
Reference = Annotated[str, Field(min_length=1, max_length=200, pattern=PRINTABLE_PATTERN, description="As the PSP spells it.", examples=["PSP-0001"])]
Words = Annotated[str, Field(min_length=1, max_length=300, pattern=PRINTABLE_PATTERN, description="For people; no personal data.")]
Instant = Annotated[
    AwareDatetime,
    BeforeValidator(_written_time),
    AfterValidator(_sane_time),
    Field(description="RFC 3339 with a zone.", examples=["2026-01-31T12:00:00Z"]),
]


class MoneyIn(Wire):
    """An amount in one currency."""

    currency: Currency
    amount_minor: AmountMinor


def uuid_of(kind: IdKind, text: str) -> Any:
    """The uuid behind a validated public id."""
    return parse_id(kind, text)


def exponent_or_none(currency: str, moment: datetime) -> int | None:
    """Decimals of a currency, for display beside an amount; None when the code is not valid at that time."""
    try:
        return exponent_of(currency, moment.date())
    except CountroomError:
        return None
