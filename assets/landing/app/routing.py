"""What lands of routing decisions: what was decided for each attempt, and how every candidate stood. For app_tables.py."""

from __future__ import annotations

from transactional.vocabulary.tables import Column, ColumnType

T = ColumnType

DECISION_COLUMNS: tuple[Column, ...] = (
    Column("decision_id", T.UUID, "Id."),
    Column("intent_id", T.UUID, "The intent."),
    Column("attempt_no", T.INTEGER, "Which attempt of the intent: 1, 2, ..."),
    Column("policy_id", T.TEXT, "The policy that decided."),
    Column("card_version", T.BIGINT, "Version of the scorecard; null when there was none.", nullable=True),
    Column("card_age_seconds", T.BIGINT, "Age of the newest outcome in the card.", nullable=True),
    Column("tier", T.TEXT, "How far the card was trusted: normal, eased, cautious, static or unread."),
    Column("country", T.TEXT, "Country of the player, ISO 3166 alpha-2."),
    Column("method", T.TEXT, "Payment method."),
    Column("currency", T.TEXT, "ISO 4217."),
    Column("amount_minor", T.BIGINT, "What the attempt is about, positive."),
    Column("scheme", T.TEXT, "Card scheme.", nullable=True),
    Column("issuer", T.TEXT, "Issuing bank.", nullable=True),
    Column("issuer_country", T.TEXT, "Country of the issuing bank.", nullable=True),
    Column("bin", T.TEXT, "First 6 to 8 digits of the card.", nullable=True),
    Column("psp", T.TEXT, "The PSP that was taken."),
    Column("merchant_account", T.TEXT, "Our account there."),
    Column("head", T.TEXT, "The first choice, which chance may have passed over."),
    Column("propensity", T.DOUBLE, "Probability with which `psp` was taken, above 0 and at most 1."),
    Column("rule", T.TEXT, "best, explore, commitment, probe, static, only_one or retry."),
    Column("drawn", T.DOUBLE, "The number in [0, 1) that chose."),
    Column("latency_us", T.INTEGER, "Microseconds the decision took."),
    Column("decided_at", T.TIMESTAMPTZ, "When it was decided."),
    Column("recorded_at", T.TIMESTAMPTZ, "When the service knew."),
)

CHOICE_COLUMNS: tuple[Column, ...] = (
    Column("decision_id", T.UUID, "The decision."),
    Column("psp", T.TEXT, "The candidate."),
    Column("place", T.INTEGER, "1, 2, ... in the order of choice; null when it was excluded.", nullable=True),
    Column("merchant_account", T.TEXT, "Our account there.", nullable=True),
    Column("propensity", T.DOUBLE, "Probability with which it would be taken; null when it was excluded.", nullable=True),
    Column("breaker", T.TEXT, "closed, open or half_open.", nullable=True),
    Column("level", T.TEXT, "Level of the cell whose row was read.", nullable=True),
    Column("sr_mean", T.DOUBLE, "Expected success, 0 to 1.", nullable=True),
    Column("sr_lo", T.DOUBLE, "Lower end of its 95 % interval.", nullable=True),
    Column("sr_hi", T.DOUBLE, "Upper end of its 95 % interval.", nullable=True),
    Column("rank", T.INTEGER, "The card's own rank of it.", nullable=True),
    Column("worth_minor", T.BIGINT, "Expected value of the attempt there.", nullable=True),
    Column("excluded_by", T.TEXT, "The rule that excluded it; null when it was eligible.", nullable=True),
)
