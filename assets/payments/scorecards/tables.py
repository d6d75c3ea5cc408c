"""The tables of the scorecards: what SQL reads of them, the hour buckets of the light path, and the versions that were published.

Versions, their contents, rows and statuses are append-only; the database refuses anything else. The trap: a second description of a card's columns. Those of
SCORECARD_ROWS are made from the contract (transactional/payments/scorecards/columns.py).
"""

from __future__ import annotations

from transactional.payments.scorecards.columns import COLUMNS, ROW_KEY, Kind
from transactional.vocabulary.tables import Column, ColumnType, Table

T = ColumnType

OUTCOME_HOUR_KEY = ("bucket_at", "direction", "country", "method", "issuer_group", "bin", "amount_band", "psp")
OUTCOME_HOUR_COLUMNS: tuple[Column, ...] = (
    Column("bucket_at", T.TIMESTAMPTZ, "The hour in UTC in which the attempts began."),
    Column("direction", T.TEXT, "deposit or withdrawal."),
    Column("country", T.TEXT, "Country of the player; empty when not known, as in the other keys."),
    Column("method", T.TEXT, "Payment method."),
    Column("issuer_group", T.TEXT, "Issuer, or country:<XX>."),
    Column("bin", T.TEXT, "First 6 to 8 digits of the card number."),
    Column("amount_band", T.TEXT, "Band of the amount."),
    Column("psp", T.TEXT, "PSP."),
    Column("n_attempts", T.BIGINT, "Attempts."),
    Column("n_first", T.BIGINT, "Resolved first attempts of their intent."),
    Column("n_approved", T.BIGINT, "Approved attempts."),
    Column("n_approved_first", T.BIGINT, "Approved first attempts."),
    Column("n_pending", T.BIGINT, "Attempts without an outcome."),
    Column("n_blamed", T.BIGINT, "Failures that a PSP or an issuer answers for."),
    Column("s_int", T.BIGINT, "Sum of weights of approved attempts, in units of 2^-30."),
    Column("n_int", T.BIGINT, "Sum of weights of approved and blamed attempts."),
    Column("w2_int", T.BIGINT, "Sum of their squared weights."),
)

DECAY_WEIGHTS = Table(
    "derived",
    "payments__decay_weights",
    "one second of an hour",
    (
        Column("second_of_hour", T.INTEGER, "0 to 3599."),
        Column("weight", T.BIGINT, "round(2^30 * 2^(second / half-life))."),
        Column("weight_squared", T.BIGINT, "round(2^30 * 2^(2 * second / half-life))."),
    ),
    key=("second_of_hour",),
)

AMOUNT_BANDS = Table(
    "derived",
    "payments__amount_bands",
    "one band of amounts in currencies with one number of decimals",
    (
        Column("amount_band", T.TEXT, "Name."),
        Column("exponent", T.INTEGER, "Decimals of the currency."),
        Column("from_minor", T.BIGINT, "Lowest amount, inclusive."),
        Column("below_minor", T.BIGINT, "First amount that is too high; null: no end.", nullable=True),
    ),
    key=("amount_band", "exponent"),
)

OUTCOME_HOURS_LIVE = Table(
    "derived",
    "payments__outcome_hours_live",
    "one hour, leaf cell and PSP, as the light path has it",
    OUTCOME_HOUR_COLUMNS,
    key=OUTCOME_HOUR_KEY,
)

OUTCOMES_LIVE = Table(
    "derived",
    "payments__outcomes_live",
    "one attempt, as it is counted in payments__outcome_hours_live",
    (
        Column("attempt_id", T.UUID, "The attempt."),
        *OUTCOME_HOUR_COLUMNS[:8],
        Column("second_of_hour", T.INTEGER, "When in its hour it began."),
        Column("is_first", T.BOOLEAN, "Whether it is the first attempt of its intent."),
        Column("outcome", T.TEXT, "approved, failed or pending."),
        Column("is_blamed", T.BOOLEAN, "Whether a PSP or an issuer answers for the failure."),
    ),
    key=("attempt_id",),
)

LIVE_WATERMARK = Table(
    "derived",
    "payments__live_watermark",
    "one reader of the facts of the service",
    (
        Column("reader", T.TEXT, "outcome_hours."),
        Column("snapshot", T.TEXT, "Transaction snapshot up to which facts are counted."),
        Column("read_at", T.TIMESTAMPTZ, "The service's clock at that snapshot."),
    ),
    key=("reader",),
)

SCORECARD_CONTENTS = Table(
    "derived",
    "payments__scorecard_contents",
    "one content of scorecards",
    (
        Column("content_sha256", T.TEXT, "SHA-256 of the content."),
        Column("content", T.TEXT, "Lookup order, columns and rows in canonical JSON: the very bytes that the hash is of."),
    ),
    key=("content_sha256",),
)

SCORECARD_VERSIONS = Table(
    "derived",
    "payments__scorecard_versions",
    "one version of the scorecard",
    (
        Column("version", T.BIGINT, "Grows by one."),
        Column("schema_version", T.TEXT, "Semantic version of the document."),
        Column("content_sha256", T.TEXT, "Its content; a roll-back has that of an older version."),
        Column("policy_id", T.TEXT, "The policy it is made for."),
        Column("params", T.TEXT, "Parameters and the kappa of each level, as JSON."),
        Column("data_watermark", T.TIMESTAMPTZ, "What was known until then is in it."),
        Column("published_at", T.TIMESTAMPTZ, "When it was made."),
        Column("valid_until", T.TIMESTAMPTZ, "When a newer one is overdue."),
        Column("expires_at", T.TIMESTAMPTZ, "From when it is not routed by."),
        Column("interval_seconds", T.INTEGER, "A newer one is due after so long."),
        Column("row_count", T.BIGINT, "Rows."),
        Column("parent_version", T.BIGINT, "The champion it followed.", nullable=True),
        Column("git_commit", T.TEXT, "The code that made it, where that is known.", nullable=True),
        Column("ope", T.TEXT, "Off-policy estimate, as JSON.", nullable=True),
        Column("origin", T.TEXT, "run, follow, person or rollback."),
    ),
    key=("version",),
)

SCORECARD_STATUSES = Table(
    "derived",
    "payments__scorecard_statuses",
    "one change of a version's status",
    (
        Column("event_no", T.BIGINT, "Grows by one."),
        Column("version", T.BIGINT, "The version."),
        Column("status", T.TEXT, "champion, challenger, shadow or withdrawn."),
        Column("reason", T.TEXT, "Codes of gates that were not passed, or words."),
        Column("decided_by", T.TEXT, "A person, or the path that published."),
        Column("decided_at", T.TIMESTAMPTZ, "When."),
    ),
    key=("event_no",),
    indexes=(("version",),),
)

_TYPES = {Kind.COUNT: T.BIGINT, Kind.MINOR: T.BIGINT, Kind.RATE: T.DOUBLE, Kind.BPS: T.DOUBLE, Kind.INSTANT: T.TIMESTAMPTZ}

SCORECARD_ROWS = Table(
    "derived",
    "payments__scorecard_rows",
    "one direction, cell and PSP of one version",
    (
        Column("version", T.BIGINT, "The version."),
        *[Column(each.name, _TYPES.get(each.kind, T.TEXT), each.doc, each.nullable) for each in COLUMNS],
    ),
    key=("version", *ROW_KEY),
)

PUBLISHED = (SCORECARD_CONTENTS, SCORECARD_VERSIONS, SCORECARD_ROWS, SCORECARD_STATUSES)
REGISTRIES = (DECAY_WEIGHTS, AMOUNT_BANDS)
LIVE = (OUTCOME_HOURS_LIVE, OUTCOMES_LIVE, LIVE_WATERMARK)
