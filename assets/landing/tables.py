"""What lands: the contract of every `raw` table. For migrations, the door, staging models and whoever asks what a raw column means.

The trap: a number in a mart that nobody can trace. Every row here knows its file, version, line and content hash; nothing in it was rounded,
renamed by guess or dropped. Sign everywhere: positive is money towards us.
"""

from __future__ import annotations

from assets.landing.app_tables import APP_TABLES, app_table
from transactional.vocabulary.tables import Column, ColumnType, Table

T = ColumnType

PROVENANCE: tuple[Column, ...] = (
    Column("_file_id", T.UUID, "raw.source_files.file_id."),
    Column("_source_file", T.TEXT, "Name of the file as it came."),
    Column("_file_version", T.INTEGER, "1, 2, ... when the same name came with other bytes."),
    Column("_file_sha256", T.TEXT, "Hash of the file's bytes, 64 hex digits."),
    Column(
        "_source_line",
        T.INTEGER,
        "1-based: physical line of a CSV (header is 1), running number of the entry in a bank file, of the quotation in an FX file.",
    ),
    Column("_row_hash", T.TEXT, "Hash of the line's content: equal lines have equal hashes."),
    Column("_loaded_at", T.TIMESTAMPTZ, "When we knew."),
)

PSP_LINE_COLUMNS: tuple[Column, ...] = (
    Column("psp", T.TEXT, "PSP name."),
    Column("account", T.TEXT, "Merchant account at the PSP."),
    Column("report", T.TEXT, "Report format, as the PSP spec names it."),
    Column("kind", T.TEXT, "MoneyKind; `unknown` when the spec does not list the raw kind."),
    Column("raw_kind", T.TEXT, "Journal type or reporting category as printed."),
    Column("gross_currency", T.TEXT, "Currency the player paid or got.", nullable=True),
    Column("gross_minor", T.BIGINT, "Gross, minor units of gross_currency, positive towards us.", nullable=True),
    Column("net_currency", T.TEXT, "Currency of net and fees.", nullable=True),
    Column("net_minor", T.BIGINT, "What the line adds to the PSP balance, positive towards us.", nullable=True),
    Column("commission_minor", T.BIGINT, "Blended fee, positive = cost, net currency.", nullable=True),
    Column("markup_minor", T.BIGINT, "Acquirer markup, positive = cost, net currency.", nullable=True),
    Column("scheme_fee_minor", T.BIGINT, "Scheme fee, positive = cost, net currency.", nullable=True),
    Column("interchange_minor", T.BIGINT, "Interchange, positive = cost, net currency.", nullable=True),
    Column("exchange_rate", T.TEXT, "Rate as printed (net per gross, major units): text keeps its digits.", nullable=True),
    Column("psp_reference", T.TEXT, "The payment at the PSP.", nullable=True),
    Column("modification_reference", T.TEXT, "The capture, refund or dispute at the PSP.", nullable=True),
    Column("merchant_reference", T.TEXT, "Our reference as the PSP repeats it.", nullable=True),
    Column("ext_id", T.TEXT, "The PSP's own unique id of the line.", nullable=True),
    Column("batch_id", T.TEXT, "Payout batch.", nullable=True),
    Column("bank_reference", T.TEXT, "Reference the payout carries to the bank line.", nullable=True),
    Column("payment_method", T.TEXT, "Method or variant as the PSP names it.", nullable=True),
    Column("occurred_at", T.TIMESTAMPTZ, "When it happened, UTC."),
    Column("booked_at", T.TIMESTAMPTZ, "When the PSP booked it, UTC.", nullable=True),
    Column("booked_on", T.DATE, "Local date of booking under the account's zone and cut-off."),
    Column("zone_label", T.TEXT, "Zone label as printed (CET, PDT, ...).", nullable=True),
    Column("psp_fields", T.JSONB, "Every cell of the line by its header."),
)

_SOURCE_FILE = (
    Column("file_id", T.UUID, "Derived from sha256 and said_by_name: the same file has the same id in every warehouse."),
    Column("sha256", T.TEXT, "Hash of the bytes, 64 hex digits. Unique among files whose name says nothing that they do not."),
    Column("name", T.TEXT, "File name without folder."),
    Column("folder", T.TEXT, "Folder it came from, as given."),
    Column("source", T.TEXT, "PSP name, `bank`, `fx`, or `unknown` for a refused file nobody recognised."),
    Column("report", T.TEXT, "Report format, or `unknown`."),
    Column("account", T.TEXT, "Merchant or bank account, when the file has exactly one.", nullable=True),
    Column("version", T.INTEGER, "Among landed files of the same name, source, account and report: 1, 2, ..."),
    Column("size_bytes", T.BIGINT, "Size."),
    Column("received_at", T.TIMESTAMPTZ, "When it was landed or refused."),
    Column("object_key", T.TEXT, "Where the original bytes are in the object store."),
    Column("state", T.TEXT, "landed or refused. A refused file may be offered again; a landed one never changes."),
    Column("rows_in", T.INTEGER, "Rows the file has; 0 when it could not be read. rows_in = rows_landed + rows_rejected + rows_duplicate, always."),
    Column("rows_landed", T.INTEGER, "Rows in a raw table."),
    Column("rows_rejected", T.INTEGER, "Rows in raw.rejected_rows."),
    Column("rows_duplicate", T.INTEGER, "Rows already known word for word (FX quotations of an earlier history file)."),
    Column("refusal", T.TEXT, "Why it was refused: place and what was expected.", nullable=True),
    Column("said_by_name", T.TEXT, "What only the name says (report, account, days), where it makes the file another one.", nullable=True),
)

SOURCE_FILES = Table(
    "raw",
    "source_files",
    "one distinct file that was ever offered: its content and, for a few reports, what its name says",
    _SOURCE_FILE,
    key=("file_id",),
    indexes=(("received_at",), ("sha256",)),
)

FILE_SIGHTINGS = Table(
    "raw",
    "file_sightings",
    "one later offer of a file that had landed before; it changed no total",
    (
        Column("sighting_id", T.UUID, "Time ordered."),
        Column("file_id", T.UUID, "raw.source_files.file_id."),
        Column("name", T.TEXT, "Name it came under this time."),
        Column("folder", T.TEXT, "Folder it came from this time."),
        Column("rows_duplicate", T.INTEGER, "Rows not landed again."),
        Column("seen_at", T.TIMESTAMPTZ, "When."),
    ),
    key=("sighting_id",),
    indexes=(("file_id",),),
)

REJECTED_ROWS = Table(
    "raw",
    "rejected_rows",
    "one row of a file that did not land, with the first reason",
    (
        Column("file_id", T.UUID, "raw.source_files.file_id."),
        Column("rejection_no", T.INTEGER, "1, 2, ... within the file, in file order."),
        Column("line", T.INTEGER, "1-based physical line in the file (of XML in one line: always 1)."),
        Column("column_name", T.TEXT, "Column or field by the source's own name.", nullable=True),
        Column("code", T.TEXT, "Stable, machine readable: too_many_decimals, impossible_date, ..."),
        Column("expected", T.TEXT, "What was expected, in words."),
        Column("content", T.TEXT, "The row as it came (cut at 4,000 characters)."),
        Column("rejected_at", T.TIMESTAMPTZ, "When."),
    ),
    key=("file_id", "rejection_no"),
)

SETTLEMENT_LINES = Table(
    "raw",
    "psp__settlement_lines",
    "one line of a PSP settlement report, in one file version",
    (*PSP_LINE_COLUMNS, *PROVENANCE),
    key=("_file_id", "_source_line"),
    indexes=(("psp", "account", "batch_id"), ("_loaded_at",)),
)

ACTIVITY_LINES = Table(
    "raw",
    "psp__activity_lines",
    "one line of a PSP activity (accounting) report, in one file version",
    (*PSP_LINE_COLUMNS, *PROVENANCE),
    key=("_file_id", "_source_line"),
    indexes=(("_loaded_at",),),
)

BALANCE_LINES = Table(
    "raw",
    "psp__balance_lines",
    "one line of a PSP's list of open items, in one file version: told by other reports too, so no money of its own",
    (*PSP_LINE_COLUMNS, Column("balance_on", T.DATE, "Local day at whose end the line was in the balance and in no payout."), *PROVENANCE),
    key=("_file_id", "_source_line"),
    indexes=(("_loaded_at",),),
)
LINES_BY_ROLE = {"settlement": SETTLEMENT_LINES, "activity": ACTIVITY_LINES, "balance": BALANCE_LINES}
"""Where the lines of a report land, by its role."""

STATEMENT_LINES = Table(
    "raw",
    "bank__statement_lines",
    "one entry of a bank statement, report or notification, in one file version; a batch-booked entry is one row",
    (
        Column("bank_account", T.TEXT, "IBAN or the bank's own number, without spaces."),
        Column("currency", T.TEXT, "Currency of amount_minor."),
        Column("report", T.TEXT, "camt.053, camt.052, camt.054, mt940, mt942, bai2 or bai2.interim."),
        Column("statement_id", T.TEXT, "The bank's id of the statement."),
        Column("statement_no", T.INTEGER, "Running number of the statement in the file: bank__statements._source_line."),
        Column("amount_minor", T.BIGINT, "Minor units, positive = into our account."),
        Column(
            "is_booked",
            T.BOOLEAN,
            "A booked entry of an end-of-day statement (053, 940, final BAI2). All others repeat money that a statement books: never add them to it.",
        ),
        Column("is_reversal", T.BOOLEAN, "The bank marked it as the reversal of an earlier entry."),
        Column("status", T.TEXT, "booked, pending or information."),
        Column("booking_date", T.DATE, "Date the bank booked it, as printed."),
        Column("value_date", T.DATE, "Date from which it bears interest.", nullable=True),
        Column("bank_reference", T.TEXT, "The bank's reference of the entry.", nullable=True),
        Column("end_to_end_id", T.TEXT, "Reference the originator gave, when the entry has exactly one.", nullable=True),
        Column("description", T.TEXT, "All text of the entry: references, remittance information, counterparty. What a payout is searched in."),
        Column("counterparty_account", T.TEXT, "Account of the other party, when the entry has exactly one.", nullable=True),
        Column("return_reason", T.TEXT, "ISO return reason (AC06, ...) or the bank's own return code.", nullable=True),
        Column("transaction_code", T.TEXT, "Bank transaction code: PMNT/RCDT/ESCT, NTRF, ...", nullable=True),
        Column("transaction_count", T.INTEGER, "Transactions booked together in the entry; 1 when the bank does not say."),
        Column("details", T.JSONB, "The transactions of a batch-booked entry: amount, currency, references, text, return reason."),
        *PROVENANCE,
    ),
    key=("_file_id", "_source_line"),
    indexes=(("bank_account", "booking_date"), ("_loaded_at",)),
)

STATEMENTS = Table(
    "raw",
    "bank__statements",
    "one statement (or intraday report, or notification) of a bank file, in one file version",
    (
        Column(
            "bank_account", T.TEXT, "IBAN or the bank's own number, without spaces; `<psp> <account>` where a PSP's report prints our balance there."
        ),
        Column("currency", T.TEXT, "Currency of the account."),
        Column("report", T.TEXT, "As in bank__statement_lines, or the PSP's report."),
        Column("statement_id", T.TEXT, "The bank's id of the statement."),
        Column("sequence", T.TEXT, "The bank's sequence number, as printed.", nullable=True),
        Column("opening_minor", T.BIGINT, "Opening booked balance, positive = in our favour; null when the message carries none.", nullable=True),
        Column("closing_minor", T.BIGINT, "Closing booked balance; null when the message carries none.", nullable=True),
        Column("opening_date", T.DATE, "Date of the opening balance.", nullable=True),
        Column("closing_date", T.DATE, "Date of the closing balance.", nullable=True),
        Column("entry_count", T.INTEGER, "Entries the statement lists, rejected ones included."),
        Column("moves_minor", T.BIGINT, "Sum of its landed booked entries in its currency."),
        Column("difference_minor", T.BIGINT, "closing - opening - moves; 0 when it ties; null without both balances.", nullable=True),
        *PROVENANCE,
    ),
    key=("_file_id", "_source_line"),
    indexes=(("bank_account", "closing_date"),),
)

FX_RATES = Table(
    "raw",
    "fx__rates",
    "one quotation of one currency on one day by one provider, as one file version first told it (or told it anew with another rate)",
    (
        Column("provider", T.TEXT, "Who quotes: ecb."),
        Column("rate_date", T.DATE, "Day of the quotation."),
        Column("base_currency", T.TEXT, "One unit of this ..."),
        Column("currency", T.TEXT, "... costs `rate` units of this."),
        Column("rate", T.NUMERIC, "Exactly as printed."),
        *PROVENANCE,
    ),
    key=("provider", "rate_date", "base_currency", "currency", "_file_id"),
)

APP_BATCHES = app_table(
    "app_batches",
    "one landing of one app table",
    (
        Column("table_name", T.TEXT, "The app table."),
        Column("snapshot", T.TEXT, "pg_current_snapshot() of the app database: rows visible in it have landed."),
        Column("previous_snapshot", T.TEXT, "The watermark before; null for the first landing.", nullable=True),
        Column("rows_landed", T.BIGINT, "Rows of the batch."),
    ),
    key=("_batch_id", "table_name"),
)

APP_WATERMARKS = Table(
    "raw",
    "app_watermarks",
    "one app table: how far it has landed",
    (
        Column("table_name", T.TEXT, "The app table."),
        Column("snapshot", T.TEXT, "pg_current_snapshot() of the app database at its last landing."),
        Column("landed_at", T.TIMESTAMPTZ, "When."),
    ),
    key=("table_name",),
)

FILE_TABLES = (SOURCE_FILES, FILE_SIGHTINGS, REJECTED_ROWS, SETTLEMENT_LINES, ACTIVITY_LINES, BALANCE_LINES, STATEMENT_LINES, STATEMENTS, FX_RATES)
RAW_TABLES = (*FILE_TABLES, *APP_TABLES, APP_BATCHES, APP_WATERMARKS)
