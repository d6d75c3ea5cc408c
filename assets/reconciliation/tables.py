"""The tables the matching engine reads and writes. For dbt (which makes the items and publishes the results), tests and the command line.

The trap: an engine that reads whatever columns happen to be there. The normal form is closed: LR §5.1.
"""

from __future__ import annotations

from transactional.vocabulary.tables import Column, ColumnType, Table

T = ColumnType

ITEM_COLUMNS: tuple[Column, ...] = (
    Column("item_key", T.TEXT, "Stable identity: ledger:<entry>:<line>, attempt:<event>, or <source>:<first 12 of file sha256>:<line>."),
    Column("source", T.TEXT, "ledger, attempt, activity, settlement, payout or bank."),
    Column("psp", T.TEXT, "PSP name; null on bank lines until matched.", nullable=True),
    Column("account", T.TEXT, "PSP merchant account, or the bank account of a bank line."),
    Column("kind", T.TEXT, "MoneyKind."),
    Column("raw_kind", T.TEXT, "The type as the source prints it."),
    Column("currency", T.TEXT, "Currency of amount_minor: what the player paid or got; the payout's currency for account-level lines."),
    Column("amount_minor", T.BIGINT, "Gross amount, positive towards us."),
    Column("net_currency", T.TEXT, "Currency of net_minor and fees.", nullable=True),
    Column("net_minor", T.BIGINT, "What this line adds to the PSP balance, positive towards us; null where the source has none.", nullable=True),
    Column("commission_minor", T.BIGINT, "Blended fee, positive = cost, in net_currency.", nullable=True),
    Column("markup_minor", T.BIGINT, "Interchange++ acquirer markup, positive = cost.", nullable=True),
    Column("scheme_fee_minor", T.BIGINT, "Interchange++ scheme fee, positive = cost.", nullable=True),
    Column("interchange_minor", T.BIGINT, "Interchange++ interchange, positive = cost.", nullable=True),
    Column("exchange_rate", T.TEXT, "Rate as printed, major per major, net per gross currency; text keeps its digits.", nullable=True),
    Column("psp_reference", T.TEXT, "The payment at the PSP.", nullable=True),
    Column("modification_reference", T.TEXT, "The capture, refund or dispute at the PSP.", nullable=True),
    Column("merchant_reference", T.TEXT, "Our reference as the PSP repeats it (the attempt).", nullable=True),
    Column("ext_id", T.TEXT, "The source's own unique line id (Stripe balance transaction); null where it has none.", nullable=True),
    Column("batch_id", T.TEXT, "Payout batch (Adyen batch number, Stripe payout id).", nullable=True),
    Column("bank_reference", T.TEXT, "Reference a payout carries to the bank line, or the bank line's text.", nullable=True),
    Column("payment_method", T.TEXT, "Method or variant as the PSP names it, for the fee schedule.", nullable=True),
    Column("occurred_at", T.TIMESTAMPTZ, "When it happened, UTC."),
    Column("booked_on", T.DATE, "Local date under the source's zone and cut-off."),
    Column("file_name", T.TEXT, "Source file; null for app facts.", nullable=True),
    Column("file_version", T.INTEGER, "1, 2, ... when the same name came with other bytes.", nullable=True),
    Column("line_no", T.INTEGER, "1-based line in the file.", nullable=True),
    Column("known_at", T.TIMESTAMPTZ, "When we knew: recorded_at or loaded_at."),
    Column("voids_item_key", T.TEXT, "The ledger item that this one, of a reversal, takes back.", nullable=True),
)

ITEMS = Table(
    "intermediate",
    "int_reconciliation__items",
    "one movement of money as one source line version tells it",
    ITEM_COLUMNS,
    key=("item_key",),
)

GROUPS = Table(
    "derived",
    "reconciliation__groups",
    "one case whose items agree to the minor unit (or carry a stated residue)",
    (
        Column("group_id", T.TEXT, "Hash of the set of member keys."),
        Column("layer", T.TEXT, "L1 ... L6: the rule that closed it."),
        Column("case_kind", T.TEXT, "transaction, payout or statement."),
        Column("psp", T.TEXT, "PSP.", nullable=True),
        Column("account", T.TEXT, "Merchant or bank account."),
        Column("currency", T.TEXT, "Currency of amount_minor."),
        Column("amount_minor", T.BIGINT, "Amount all hops agree on, positive towards us."),
        Column("residue_minor", T.BIGINT, "FX rounding residue left in the group, 0 when exact."),
        Column("batch_id", T.TEXT, "Payout batch the case belongs to.", nullable=True),
        Column("event_date", T.DATE, "Business date of the first hop."),
        Column("item_count", T.INTEGER, "Members."),
        Column("hops", T.TEXT, "Sources present, e.g. ledger+attempt+activity+settlement."),
    ),
    key=("group_id",),
)

MEMBERS = Table(
    "derived",
    "reconciliation__dispositions",
    "one item, and where it ended: in one group, in one break, or ignored with a reason",
    (
        Column("item_key", T.TEXT, "ITEMS.item_key."),
        Column("disposition", T.TEXT, "matched, broken or ignored."),
        Column("group_id", T.TEXT, "When matched.", nullable=True),
        Column("break_id", T.TEXT, "When broken (timing_open included).", nullable=True),
        Column("reason", T.TEXT, "Why ignored: superseded, repeated_in_file, reversed, information, zero_amount, not_psp.", nullable=True),
        Column("source", T.TEXT, "As in ITEMS."),
        Column("currency", T.TEXT, "As in ITEMS."),
        Column("amount_minor", T.BIGINT, "As in ITEMS."),
        Column("booked_on", T.DATE, "As in ITEMS."),
    ),
    key=("item_key",),
)

BREAKS = Table(
    "derived",
    "reconciliation__breaks",
    "one difference that a person must explain, or that is still inside its expected lag (class timing_open)",
    (
        Column("break_id", T.TEXT, "brk_ + stable hash of class and set of member keys: the same break has the same id in every run."),
        Column("break_class", T.TEXT, "BreakClass."),
        Column("sub_class", T.TEXT, "Finer cause.", nullable=True),
        Column("counts_as_break", T.BOOLEAN, "False for timing_open and after_close."),
        Column("psp", T.TEXT, "PSP.", nullable=True),
        Column("account", T.TEXT, "Merchant or bank account."),
        Column("currency", T.TEXT, "Currency of amount_minor."),
        Column("amount_minor", T.BIGINT, "By class, see assets/reconciliation/breaks.py."),
        Column("exposure", T.TEXT, "owed_to_us, owed_by_us or unknown."),
        Column("event_date", T.DATE, "Business date of the earliest member."),
        Column("first_known_at", T.TIMESTAMPTZ, "Knowledge time of the earliest moment the break could be seen."),
        Column("due_on", T.DATE, "For timing: last date of the expected lag.", nullable=True),
        Column("batch_id", T.TEXT, "Payout batch.", nullable=True),
        Column("member_count", T.INTEGER, "Items in it; 0 for a batch gap."),
        Column("explanation", T.TEXT, "One sentence with ids and amounts, for the person who must act."),
    ),
    key=("break_id",),
)

CERTIFICATE = Table(
    "derived",
    "reconciliation__certificate",
    "one source, currency and booked date of a run",
    (
        Column("run_id", T.TEXT, "Hash of inputs, as-of and rule set."),
        Column("as_of", T.TIMESTAMPTZ, "Knowledge watermark of the run."),
        Column("source", T.TEXT, "As in ITEMS."),
        Column("currency", T.TEXT, "ISO 4217."),
        Column("booked_on", T.DATE, "Business date."),
        Column("in_count", T.BIGINT, "Items in."),
        Column("in_minor", T.BIGINT, "Their amounts."),
        Column("matched_count", T.BIGINT, "In groups."),
        Column("matched_minor", T.BIGINT, "In groups."),
        Column("broken_count", T.BIGINT, "In breaks (timing included)."),
        Column("broken_minor", T.BIGINT, "In breaks (timing included)."),
        Column("ignored_count", T.BIGINT, "Ignored with a reason."),
        Column("ignored_minor", T.BIGINT, "Ignored with a reason."),
        Column("closes", T.BOOLEAN, "in = matched + broken + ignored, in count and amount."),
    ),
    key=("source", "currency", "booked_on"),
)

GATES = Table(
    "derived",
    "reconciliation__gates",
    "one gate of one subject (file, batch, row, statement) of a run that was checked",
    (
        Column("gate", T.TEXT, "G1 ... G7."),
        Column("subject", T.TEXT, "File, batch or statement the gate looked at."),
        Column("checked_count", T.BIGINT, "Rows or batches looked at."),
        Column("failed_count", T.BIGINT, "Of them, failed: each is a break too."),
        Column("passed", T.BOOLEAN, "failed_count = 0."),
    ),
    key=("gate", "subject"),
)

RESERVES = Table(
    "derived",
    "reconciliation__reserves",
    "what one batch put into the rolling reserve of one account, in one currency",
    (
        Column("psp", T.TEXT, "PSP."),
        Column("account", T.TEXT, "Merchant account."),
        Column("batch_id", T.TEXT, "Payout batch it was taken from; the item key of a line without one."),
        Column("currency", T.TEXT, "Currency of the amounts."),
        Column("held_on", T.DATE, "Date of the (first) line that took it."),
        Column("held_minor", T.BIGINT, "What was taken, positive."),
        Column("released_minor", T.BIGINT, "What came back of it, positive."),
        Column("open_minor", T.BIGINT, "What is still held: held less released."),
        Column("due_on", T.DATE, "Last date on which it may come back under the dated term; null where no term is agreed.", nullable=True),
        Column("state", T.TEXT, "released, held or overdue."),
    ),
    key=("psp", "account", "batch_id", "currency"),
)

CONVERSIONS = Table(
    "derived",
    "reconciliation__conversions",
    "one settlement line whose money the PSP exchanged",
    (
        Column("item_key", T.TEXT, "ITEMS.item_key of the settlement line."),
        Column("psp", T.TEXT, "PSP."),
        Column("account", T.TEXT, "Merchant account."),
        Column("batch_id", T.TEXT, "Payout batch.", nullable=True),
        Column("booked_on", T.DATE, "Date of the line; the rate is the newest reference on or before it."),
        Column("rate_date", T.DATE, "Date of the reference rate."),
        Column("currency", T.TEXT, "What the player paid in."),
        Column("amount_minor", T.BIGINT, "Gross in that currency, positive towards us."),
        Column("net_currency", T.TEXT, "What it was exchanged into: the currency of all following amounts."),
        Column("converted_minor", T.BIGINT, "What the PSP made of the gross, before fees."),
        Column("reference_minor", T.BIGINT, "The gross at the reference rate, rounded once, half to even."),
        Column("markup_minor", T.BIGINT, "What the agreed markup takes of it: at most 0 for money towards us."),
        Column("variance_minor", T.BIGINT, "What is left: converted less reference less markup."),
        Column("fx_result_minor", T.BIGINT, "Gain (positive) or loss against the reference: converted less reference, markup plus variance."),
    ),
    key=("item_key",),
)

DERIVED_TABLES = (GROUPS, MEMBERS, BREAKS, CERTIFICATE, GATES, RESERVES, CONVERSIONS)

BREAK_CLASSES = Table(
    "derived",
    "break_class_catalogue",
    "one class of breaks",
    (
        Column("break_class", T.TEXT, "BreakClass."),
        Column("exposure_sign", T.INTEGER, "Which way a positive amount points: 1 owed to us, -1 owed by us, 0 the amount alone does not say."),
        Column("sentence", T.TEXT, "How it is explained, with places for ids and amounts."),
    ),
    key=("break_class",),
)

DAY_ENDS = Table(
    "derived",
    "reconciliation__day_ends",
    "one PSP, account and currency as the end of one day saw it",
    (
        Column("day_end_date", T.DATE, "The day (UTC)."),
        Column(
            "as_of",
            T.TIMESTAMPTZ,
            "Knowledge watermark: the first instant of the next day, or the moment of the last run while the day is on; nothing known later counts.",
        ),
        Column("psp", T.TEXT, "PSP, or `none`."),
        Column("account", T.TEXT, "Merchant or bank account."),
        Column("currency", T.TEXT, "ISO 4217."),
        Column("matched_count", T.BIGINT, "Cases matched by then."),
        Column("matched_minor", T.BIGINT, "Their amounts, positive towards us."),
        Column("broken_count", T.BIGINT, "Cases broken by then."),
        Column("broken_minor", T.BIGINT, "Their absolute amounts."),
        Column("open_count", T.BIGINT, "Cases inside their expected lag."),
        Column("open_minor", T.BIGINT, "Their amounts, positive towards us."),
    ),
    key=("day_end_date", "psp", "account", "currency"),
    partition="day_end_date",
)

BREAK_THREADS = Table(
    "derived",
    "reconciliation__break_threads",
    "one thread: the life of one break over runs",
    (
        Column("thread_id", T.TEXT, "The break it was first seen as."),
        Column("break_id", T.TEXT, "The break it is now, or was last."),
        Column("break_class", T.TEXT, "BreakClass of that break."),
        Column("psp", T.TEXT, "PSP.", nullable=True),
        Column("account", T.TEXT, "Merchant or bank account."),
        Column("currency", T.TEXT, "Currency of amount_minor."),
        Column("amount_minor", T.BIGINT, "As in BREAKS."),
        Column("reporting_currency", T.TEXT, "Currency of reporting_minor."),
        Column("reporting_minor", T.BIGINT, "The amount at the last rate known on the day it was first seen; null without one.", nullable=True),
        Column("batch_id", T.TEXT, "Payout batch.", nullable=True),
        Column("first_seen_at", T.TIMESTAMPTZ, "As-of moment of the run that saw it first."),
        Column("last_seen_at", T.TIMESTAMPTZ, "As-of moment of the run that saw it last."),
        Column("is_open", T.BOOLEAN, "Whether the last run found it."),
        Column("healed_at", T.TIMESTAMPTZ, "As-of moment of the run that no longer found it.", nullable=True),
        Column("ended_how", T.TEXT, "healed, withdrawn or merged; null while open.", nullable=True),
        Column("healed_by", T.TEXT, "Item keys of the lines that healed it.", nullable=True),
        Column("healed_by_lines", T.TEXT, "The same as file and line, for people.", nullable=True),
        Column("merged_into", T.TEXT, "The thread that took its items.", nullable=True),
        Column("run_id", T.TEXT, "The run that wrote it last."),
    ),
    key=("thread_id",),
)

THREAD_MEMBERS = Table(
    "derived",
    "reconciliation__thread_members",
    "one item that is or was in a break",
    (Column("thread_id", T.TEXT, "The thread it belongs to."), Column("item_key", T.TEXT, "ITEMS.item_key.")),
    key=("item_key",),
)
