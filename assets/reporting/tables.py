"""What do alerts and bundles look like: the contracts. For the assets, the sender, migrations.

The trap: an alert that is remembered only by its having been sent. What is due, what was composed of it and how its delivery went are three things.
"""

from __future__ import annotations

from transactional.vocabulary.tables import Column, ColumnType, Table

T = ColumnType

ALERTS = Table(
    "derived",
    "reporting__alerts",
    "one thing that somebody has to know, each time it opens",
    (
        Column("alert_id", T.TEXT, "alt_ + stable hash of kind and subject: the same thing has the same id in every run."),
        Column("occurrence", T.INTEGER, "1, 2, ...: how often it has opened."),
        Column("kind", T.TEXT, "break_above_limit, file_missing or gate_failed."),
        Column("subject", T.TEXT, "The break's thread; for a missing file `psp account day`; for a refused one its sha256."),
        Column("cause", T.TEXT, "The break's class; for a missing file `activity_report`, for a refused one `refused_file`."),
        Column("gate", T.TEXT, "The gate that failed.", nullable=True),
        Column("psp", T.TEXT, "PSP; `none` for what belongs to none."),
        Column("account", T.TEXT, "Merchant or bank account; for a refused file its name."),
        Column("currency", T.TEXT, "ISO 4217, of the amount.", nullable=True),
        Column("amount_minor", T.BIGINT, "The break's amount when it opened, positive towards us.", nullable=True),
        Column("business_date", T.DATE, "The day it is about."),
        Column("due_at", T.TIMESTAMPTZ, "When the file should have been there.", nullable=True),
        Column("raised_at", T.TIMESTAMPTZ, "When the run that found it took its look."),
        Column("ended_at", T.TIMESTAMPTZ, "When a run no longer found it.", nullable=True),
    ),
    key=("alert_id", "occurrence"),
)

ALERT_MESSAGES = Table(
    "derived",
    "reporting__alert_messages",
    "one message to one channel; it is sent with the same id and the same bytes until it was delivered",
    (
        Column("message_id", T.TEXT, "msg_ + stable hash of channel and alerts. Receivers may see it twice: it is the idempotency key."),
        Column("channel", T.TEXT, "webhook or email."),
        Column("alert_keys", T.TEXT, "The alerts in it, as `alert_id:occurrence`, separated by spaces."),
        Column("body", T.TEXT, "The JSON document that is sent, or that the e-mail is made of."),
        Column("composed_at", T.TIMESTAMPTZ, "When it was composed, before any attempt."),
        Column("attempt_count", T.INTEGER, "How often delivery was tried."),
        Column("last_attempt_at", T.TIMESTAMPTZ, "When last.", nullable=True),
        Column("delivered_at", T.TIMESTAMPTZ, "When the receiver took it.", nullable=True),
        Column("last_error", T.TEXT, "Why it was not delivered: a kind of failure, no address and no secret.", nullable=True),
        Column("offered_at", T.TIMESTAMPTZ, "When it was composed, or offered again after it had been given up: its age counts from here."),
        Column("refused_count", T.INTEGER, "In how many looks since then the receiver answered that it does not want it."),
        Column("next_attempt_at", T.TIMESTAMPTZ, "Not tried again before.", nullable=True),
        Column("undelivered_at", T.TIMESTAMPTZ, "When it was given up; it is kept until somebody offers it again.", nullable=True),
    ),
    key=("message_id",),
)

EVIDENCE_BUNDLES = Table(
    "derived",
    "reporting__evidence_bundles",
    "one evidence bundle that the schedule kept",
    (
        Column("sha256", T.TEXT, "Hash of the zip."),
        Column("business_date", T.DATE, "The day."),
        Column("psp", T.TEXT, "The PSP of a signed day; null for the house as it is known.", nullable=True),
        Column("object_key", T.TEXT, "Where it is in the object store."),
        Column("size_bytes", T.BIGINT, "Size."),
        Column("member_count", T.INTEGER, "Files in it, the manifest not counted."),
        Column("watermark_at", T.TIMESTAMPTZ, "Moment of knowledge: what was recorded later is not in it."),
        Column("close_id", T.TEXT, "The close it shows, when it is a signed day.", nullable=True),
        Column("kept_at", T.TIMESTAMPTZ, "When it was kept first."),
        Column("manifest_sha256", T.TEXT, "Hash of its manifest; null for bundles kept before revision 0026.", nullable=True),
    ),
    key=("sha256",),
)

REPORTING_TABLES = (ALERTS, ALERT_MESSAGES, EVIDENCE_BUNDLES)
