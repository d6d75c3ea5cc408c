"""What lands of the work on reconciliation: on breaks, on the closes of days and on suggested matches. For app_tables.py.

The trap: a JSON body that carries more than anybody reviewed. Columns are named one by one; the JSON a close froze stays with the service.
"""

from __future__ import annotations

from transactional.vocabulary.tables import Column, ColumnType

T = ColumnType

CLOSE_EVENT_COLUMNS: tuple[Column, ...] = (
    Column("event_id", T.UUID, "Id."),
    Column("close_id", T.UUID, "The close: the id of its first event."),
    Column("psp", T.TEXT, "PSP."),
    Column("business_date", T.DATE, "The day."),
    Column("generation", T.INTEGER, "1, 2, ... of the day's closes."),
    Column("kind", T.TEXT, "frozen, signed or reopened."),
    Column("actor", T.TEXT, "Who did it."),
    Column("reason", T.TEXT, "Why it was re-opened, or closed although blocked.", nullable=True),
    Column("watermark_at", T.TIMESTAMPTZ, "Knowledge watermark, when frozen.", nullable=True),
    Column("rule_set", T.TEXT, "Version of the rules, when frozen.", nullable=True),
    Column("config_hash", T.TEXT, "sha256 of our terms, when frozen.", nullable=True),
    Column("run_id", T.TEXT, "Run of the engine, when frozen.", nullable=True),
    Column("checksum", T.TEXT, "sha256 of the standing, when frozen.", nullable=True),
    Column("object_key", T.TEXT, "Where the standing is, when frozen.", nullable=True),
    Column("recorded_at", T.TIMESTAMPTZ, "When the service knew."),
)

MATCH_EVENT_COLUMNS: tuple[Column, ...] = (
    Column("event_id", T.UUID, "Id."),
    Column("suggestion_id", T.TEXT, "The suggestion: the hash of its items."),
    Column("event_no", T.INTEGER, "1, 2, ... for the suggestion."),
    Column("kind", T.TEXT, "accepted, confirmed or declined."),
    Column("actor", T.TEXT, "Who did it."),
    Column("words", T.TEXT, "For people.", nullable=True),
    Column("layer", T.TEXT, "The layer that suggested it, when accepted.", nullable=True),
    Column("item_keys", T.TEXT, "The items, separated by spaces, when accepted.", nullable=True),
    Column("recorded_at", T.TIMESTAMPTZ, "When the service knew."),
)

BREAK_EVENT_COLUMNS: tuple[Column, ...] = (
    Column("event_id", T.UUID, "Id."),
    Column("thread_id", T.TEXT, "The thread of the break."),
    Column("event_no", T.INTEGER, "1, 2, ... in the thread."),
    Column("kind", T.TEXT, "EventKind."),
    Column("actor", T.TEXT, "Who did it."),
    Column("owner", T.TEXT, "Whom it was given to.", nullable=True),
    Column("root_cause", T.TEXT, "Why the break came about.", nullable=True),
    Column("words", T.TEXT, "For people; no personal data.", nullable=True),
    Column("proposal_id", T.UUID, "The proposal that was decided or booked.", nullable=True),
    Column("proposal_kind", T.TEXT, "adjustment or write_off.", nullable=True),
    Column("amount_minor", T.BIGINT, "What was proposed, positive.", nullable=True),
    Column("currency", T.TEXT, "ISO 4217.", nullable=True),
    Column("entry_id", T.UUID, "The journal entry it booked.", nullable=True),
    Column("recorded_at", T.TIMESTAMPTZ, "When the service knew."),
)
