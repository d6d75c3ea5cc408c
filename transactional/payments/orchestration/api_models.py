"""What the routes that move money take and give. For api.py.

The trap: a card number in a body that is hashed, logged or kept. There is no field for one: cards come as tokens of the PSPs and a keyed hash.
"""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field, JsonValue

from transactional.http.wire import PRINTABLE_PATTERN, AttemptId, Currency, Instant, IntentId, Reference, SumMinor, Wire
from transactional.payments.orchestration.asking import Card, Payer

_Country = Annotated[str, Field(pattern=r"^[A-Z]{2}$", description="ISO 3166 alpha-2.", examples=["DE"])]
_Token = Annotated[str, Field(min_length=1, max_length=500, pattern=PRINTABLE_PATTERN)]
_Psp = Annotated[str, Field(pattern=r"^[a-z][a-z0-9_]{0,39}$")]
_Name = Annotated[str, Field(min_length=1, max_length=60, pattern=r"^[A-Za-z0-9_.-]+$")]
_NO_OTHER_NAMES: dict[str, JsonValue] = {"additionalProperties": False}  # pydantic's own schema of such a map allows what it then refuses
_Brought = Annotated[str, Field(max_length=20_000, pattern=r"^[^\x00]*$")]


class CardIn(Wire):
    """What is known of the card."""

    fingerprint: Annotated[str | None, Field(pattern=r"^[0-9a-f]{32,64}$", description="Your keyed hash of the card: the same for each PSP.")] = None
    bin: Annotated[str | None, Field(pattern=r"^[0-9]{6,8}$", description="The first 6 to 8 digits, never more.")] = None
    scheme: Annotated[str | None, Field(pattern=r"^[a-z_]{2,30}$", description="visa, mastercard, ...")] = None
    funding: Annotated[Literal["credit", "debit", "prepaid"] | None, Field(description="What the card draws on.")] = None
    issuer: Annotated[Reference | None, Field(description="The bank that issued it.")] = None
    issuer_country: Annotated[str | None, Field(pattern=r"^[A-Z]{2}$", description="ISO 3166 alpha-2.")] = None


class PayerIn(Wire):
    """Who pays or is paid, and with what."""

    country: _Country
    payment_method: Reference = Field(description="card, or as the PSPs call it.")
    instruments: dict[_Psp, _Token] = Field(
        min_length=1,
        max_length=20,
        description="The PSP's token of the instrument, by PSP; used for this request and kept nowhere.",
        json_schema_extra=_NO_OTHER_NAMES,
    )
    card: CardIn = Field(default=CardIn(), description="Of a card; empty for other instruments.")
    three_ds: Literal["no", "yes", "exemption"] = Field(default="no", description="Whether 3-D Secure, or an exemption from it, is asked for.")
    return_url: Annotated[str | None, Field(max_length=2000, pattern=r"^https?://[!-~]+$", description="Where the payer returns to.")] = None

    def payer(self) -> Payer:
        """As the orchestrator takes it."""
        return Payer(self.country, self.payment_method, self.instruments, Card(**self.card.model_dump()), self.three_ds, self.return_url)


class CompleteIn(Wire):
    """What the payer's browser brought back from the bank."""

    details: dict[_Name, _Brought] = Field(
        max_length=20, description="As the PSP named it; used for this request and kept nowhere.", json_schema_extra=_NO_OTHER_NAMES
    )
    payer: Annotated[PayerIn | None, Field(description="With it, a refusal may be tried at another PSP.")] = None


class ActionOut(Wire):
    """What the payer must do."""

    kind: Literal["redirect", "challenge", "script"] = Field(description="Which kind of thing.")
    url: str | None = Field(description="What to open.")
    data: dict[str, str] = Field(description="What the PSP's script needs.")


class DrivenOut(Wire):
    """Where the payment stands now."""

    intent_id: IntentId
    status: Literal["succeeded", "failed", "requires_action", "pending", "unresolved", "refused"] = Field(
        description="unresolved: nobody can say yet whether the money moved; it is found out, and asking again is safe. refused: no attempt was made."
    )
    rule: str = Field(description="Why it stands so, in one word.")
    not_before: Annotated[Instant | None, Field(description="When it is worth asking again.")] = None
    action: Annotated[ActionOut | None, Field(description="Set when the payer must act first.")] = None


class SurplusOut(Wire):
    """Money an abandoned attempt took after all, and has not given back."""

    intent_id: IntentId
    attempt_id: AttemptId
    psp: str = Field(description="The PSP that holds it.")
    currency: Currency
    surplus_minor: SumMinor


class SurplusPage(Wire):
    """The surpluses there are; none is the rule."""

    items: list[SurplusOut] = Field(description="One per attempt.")
