"""What do the catalogues look like: the contract of each exported registry. For migrations, dbt's in_catalogue tests and the dimensions.

The trap: `accepted_values` in a YAML file, a seed in a CSV, a list in a CLI: three copies of one registry, of which two are old.
"""

from __future__ import annotations

from transactional.vocabulary.tables import Column, ColumnType, Table

T = ColumnType

PSPS = Table(
    "derived",
    "psp_catalogue",
    "one PSP",
    (
        Column("psp", T.TEXT, "PSP name."),
        Column("zone", T.TEXT, "IANA zone of accounts nobody registered."),
        Column("day_shift_seconds", T.INTEGER, "Seconds added to local time so that its cut-off falls on midnight; 0 when it closes at midnight."),
        Column("activity_lag_days", T.INTEGER, "Calendar days until a movement is in an activity report."),
        Column("settles_after_days", T.INTEGER, "Business days until it is settled."),
        Column("settlement_grace_days", T.INTEGER, "Calendar days beyond that before it is a break."),
        Column("bank_lag_days", T.INTEGER, "Business days from payout to bank."),
        Column("batch_numbering", T.TEXT, "consecutive or none."),
        Column("source", T.TEXT, "Where the spec was taken from."),
    ),
    key=("psp",),
)

MERCHANT_ACCOUNTS = Table(
    "derived",
    "merchant_account_catalogue",
    "one merchant account at a PSP and the period its terms hold",
    (
        Column("psp", T.TEXT, "PSP name."),
        Column("account", T.TEXT, "Merchant account."),
        Column("zone", T.TEXT, "IANA zone that cuts its days."),
        Column("day_shift_seconds", T.INTEGER, "As in psp_catalogue."),
        Column("has_activity_reports", T.BOOLEAN, "Whether activity reports are expected."),
        Column("settlement_currencies", T.TEXT, "Payment currency to settlement currency, as `EUR>EUR KWD>EUR`."),
        Column("valid_from", T.DATE, "First day."),
        Column("valid_until", T.DATE, "First day after."),
    ),
    key=("psp", "account", "valid_from"),
)

FEE_RULES = Table(
    "derived",
    "fee_rule_catalogue",
    "one line of a fee contract with one merchant account",
    (
        Column("psp", T.TEXT, "PSP name."),
        Column("account", T.TEXT, "Merchant account."),
        Column("rule_id", T.TEXT, "Name of the line."),
        Column("rule_order", T.INTEGER, "The first line that covers a movement says what it costs."),
        Column("kinds", T.TEXT, "Kinds of money covered, comma separated."),
        Column("methods", T.TEXT, "Payment method patterns covered, comma separated."),
        Column("charges", T.TEXT, "Charges by component, as `markup 60 bps; scheme_fee 11 bps`."),
        Column("valid_from", T.DATE, "First day."),
        Column("valid_until", T.DATE, "First day after."),
    ),
    key=("psp", "account", "rule_id"),
)

MONEY_KINDS = Table(
    "derived",
    "money_kind_catalogue",
    "one kind of money movement",
    (
        Column("kind", T.TEXT, "MoneyKind."),
        Column("family", T.TEXT, "player (one payment of one player), account (PSP and us), payout, bank or other."),
        Column("expected_sign", T.INTEGER, "1 towards us, -1 away from us; null where both occur.", nullable=True),
    ),
    key=("kind",),
)

FACT_KINDS = Table(
    "derived",
    "fact_kind_catalogue",
    "one kind of fact about a payment",
    (
        Column("event_kind", T.TEXT, "FactKind."),
        Column("money_kind", T.TEXT, "The movement it is, if it moves money.", nullable=True),
    ),
    key=("event_kind",),
)

ACCOUNT_CLASSES = Table(
    "derived",
    "account_class_catalogue",
    "one class of ledger accounts",
    (
        Column("account_class", T.TEXT, "Class: the part of an account code before its first colon."),
        Column("normal_side", T.TEXT, "debit or credit: the side on which it grows."),
        Column("subject", T.TEXT, "Whose account it is."),
        Column("floor_minor", T.BIGINT, "Lowest available balance; null when nothing limits it.", nullable=True),
        Column("funds_side", T.TEXT, "liability (owed to players) or resource (covers it); null when it is the house's own.", nullable=True),
        Column("funds_component", T.TEXT, "The line of the proof of player funds that its balance is part of.", nullable=True),
    ),
    key=("account_class",),
)

CURRENCIES = Table(
    "derived",
    "currency_catalogue",
    "one currency with one number of decimals, and the period it holds",
    (
        Column("currency", T.TEXT, "ISO 4217 code."),
        Column("exponent", T.INTEGER, "Decimals: 10^exponent minor units are one major unit."),
        Column("valid_from", T.DATE, "First day."),
        Column("valid_until", T.DATE, "First day after."),
    ),
    key=("currency", "valid_from"),
)

SERVICE_LEVELS = Table(
    "derived",
    "service_level_catalogue",
    "one size of breaks and the period its deadline holds",
    (
        Column("min_reporting_minor", T.BIGINT, "From this amount on, in the reporting currency, without sign."),
        Column("hours", T.INTEGER, "Due so many hours after it was first seen; of all levels reached the shortest."),
        Column("valid_from", T.DATE, "First day."),
        Column("valid_until", T.DATE, "First day after."),
    ),
    key=("min_reporting_minor", "valid_from"),
)

CLOSE_LIMITS = Table(
    "derived",
    "close_limit_catalogue",
    "one currency and the period its limit holds",
    (
        Column("currency", T.TEXT, "ISO 4217. A currency that is not listed has a limit of 0."),
        Column("limit_minor", T.BIGINT, "A break of more than this, without its sign, blocks the close of its day."),
        Column("valid_from", T.DATE, "First day."),
        Column("valid_until", T.DATE, "First day after."),
    ),
    key=("currency", "valid_from"),
)

DESIGNATED_ACCOUNTS = Table(
    "derived",
    "designated_account_catalogue",
    "one account designated for players' money and the period of that",
    (
        Column("holder", T.TEXT, "bank, or the PSP that holds the money."),
        Column("account", T.TEXT, "IBAN, or merchant account at the PSP."),
        Column("valid_from", T.DATE, "First day."),
        Column("valid_until", T.DATE, "First day after."),
    ),
    key=("holder", "account", "valid_from"),
)

CATALOGUES = (
    PSPS,
    MERCHANT_ACCOUNTS,
    FEE_RULES,
    MONEY_KINDS,
    FACT_KINDS,
    ACCOUNT_CLASSES,
    CURRENCIES,
    SERVICE_LEVELS,
    CLOSE_LIMITS,
    DESIGNATED_ACCOUNTS,
)
