"""Which routing decisions are kept: what was decided for each attempt, and how every PSP stood then. Schema app, append-only, written before the PSP is called.

The traps: a log without the probability of what was chosen (nothing can be learned from it), and one that holds only the winner (no other policy can be
asked what it would have done). Source: reference RT §5.5.
"""

from __future__ import annotations

import sqlalchemy as sa

from transactional.db.base import metadata
from transactional.db.xid8 import txid_column
from transactional.payments.models import payment_intents

routing_decisions = sa.Table(
    "routing_decisions",
    metadata,
    sa.Column("decision_id", sa.Uuid(), primary_key=True),
    sa.Column("intent_id", sa.Uuid(), sa.ForeignKey(payment_intents.c.intent_id), nullable=False),
    sa.Column("attempt_no", sa.SmallInteger(), nullable=False),
    sa.Column("policy_id", sa.Text(), nullable=False),
    sa.Column("card_version", sa.BigInteger()),
    sa.Column("card_age_seconds", sa.BigInteger()),
    sa.Column("tier", sa.Text(), nullable=False),
    sa.Column("country", sa.Text(), nullable=False),
    sa.Column("method", sa.Text(), nullable=False),
    sa.Column("currency", sa.Text(), nullable=False),
    sa.Column("amount_minor", sa.BigInteger(), nullable=False),
    sa.Column("scheme", sa.Text()),
    sa.Column("issuer", sa.Text()),
    sa.Column("issuer_country", sa.Text()),
    sa.Column("bin", sa.Text()),
    sa.Column("psp", sa.Text(), nullable=False),
    sa.Column("merchant_account", sa.Text(), nullable=False),
    sa.Column("head", sa.Text(), nullable=False),
    sa.Column("propensity", sa.Double(), nullable=False),
    sa.Column("rule", sa.Text(), nullable=False),
    sa.Column("drawn", sa.Double(), nullable=False),
    sa.Column("latency_us", sa.Integer(), nullable=False),
    sa.Column("decided_at", sa.DateTime(timezone=True), nullable=False),
    sa.Column("recorded_at", sa.DateTime(timezone=True), nullable=False),
    txid_column(),
    sa.UniqueConstraint("intent_id", "attempt_no"),
    sa.CheckConstraint("attempt_no >= 1", name="attempt_no"),
    sa.CheckConstraint("propensity > 0 and propensity <= 1", name="propensity"),
    sa.CheckConstraint("drawn >= 0 and drawn < 1", name="drawn"),
    sa.CheckConstraint("amount_minor > 0", name="amount"),
    sa.CheckConstraint("bin ~ '^[0-9]{6,8}$'", name="bin_is_no_card_number"),
    sa.CheckConstraint("(card_version is null) = (card_age_seconds is null)", name="a_card_has_its_age"),
    sa.Index(None, "txid"),
)
"""Grain: one row per attempt that was routed. `propensity`: the probability of `psp`; `head`: the first choice, which chance may have passed over."""

routing_choices = sa.Table(
    "routing_choices",
    metadata,
    sa.Column("decision_id", sa.Uuid(), sa.ForeignKey(routing_decisions.c.decision_id), primary_key=True),
    sa.Column("psp", sa.Text(), primary_key=True),
    sa.Column("place", sa.SmallInteger()),
    sa.Column("merchant_account", sa.Text()),
    sa.Column("propensity", sa.Double()),
    sa.Column("breaker", sa.Text()),
    sa.Column("level", sa.Text()),
    sa.Column("sr_mean", sa.Double()),
    sa.Column("sr_lo", sa.Double()),
    sa.Column("sr_hi", sa.Double()),
    sa.Column("rank", sa.SmallInteger()),
    sa.Column("worth_minor", sa.BigInteger()),
    sa.Column("excluded_by", sa.Text()),
    txid_column(),
    sa.CheckConstraint("(excluded_by is null) = (propensity is not null)", name="eligible_or_excluded"),
    sa.CheckConstraint("(excluded_by is null) = (place is not null)", name="eligible_has_its_place"),
    sa.CheckConstraint("propensity >= 0 and propensity <= 1", name="propensity"),
    sa.Index(None, "txid"),
)
"""Grain: one row per candidate of a decision, in the order of choice, or with the rule that excluded it. Propensities of a decision sum to 1."""
