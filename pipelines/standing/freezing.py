"""What does closing a day fix: the watermark, the standing and its checksum, the file set, the rules and terms, the marts. For `countroom close`.

The trap: an event that names an object which is not there. The standing is stored first, under the id of the close to be; a process killed between the
two leaves an object nobody names.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, datetime
from typing import Any

from assets.reconciliation.standing.day import Standing
from assets.reconciliation.standing.document import as_bytes, checksum
from pipelines.resources.object_store import ObjectStore
from pipelines.resources.warehouse import Warehouse
from pipelines.standing.day_standing import as_known_at, known_by
from transactional.payments.merchant_accounts import MERCHANT_ACCOUNTS
from transactional.payments.psps.registry import SPECS
from transactional.reconciliation.closes import Close, Frozen, closed_days, live_close
from transactional.reconciliation.closing import Closes
from transactional.vocabulary.errors import InputRejected, Refused
from transactional.vocabulary.ids import uuid7
from transactional.vocabulary.time import day_bounds

_FILES = """
select file_id::text as file_id, name, version, source, sha256 from raw.source_files
where state = 'landed' and received_at <= $1::timestamptz and source in ($2, 'bank', 'fx') order by source, name, version, file_id
"""
_MARTS = """
with told as (
    select 'reconciliation.fct_cases' as mart, fct_cases::text as line from reconciliation.fct_cases where psp = $1 and event_date <= $2::date
    union all
    select 'reconciliation.fct_breaks', fct_breaks::text from reconciliation.fct_breaks where psp = $1 and event_date <= $2::date
    union all
    select 'reconciliation.fct_payout_batches', fct_payout_batches::text from reconciliation.fct_payout_batches
    where psp = $1 and first_booked_on <= $2::date
)
select mart, count(*)::bigint as row_count, encode(sha256(convert_to(string_agg(line, chr(10) order by line), 'UTF8')), 'hex') as checksum
from told group by mart order by mart
"""

_BLOCKS = """
select missing_file_count, open_gate_count, break_above_limit_count from reconciliation.agg_close_calendar where psp = $1 and business_date = $2::date
"""
BLOCKS: Mapping[str, str] = {
    "missing_file_count": "{count} files missing",
    "open_gate_count": "{count} gates open",
    "break_above_limit_count": "{count} breaks above the limit of their currency",
}
"""Columns of the calendar of closes whose count stands in the way of a close, and how that is told."""


def freeze_day(
    warehouse: Warehouse,
    store: ObjectStore,
    closes: Closes,
    day: date,
    psp: str,
    *,
    actor: str,
    despite: str | None = None,
    recorded_at: datetime | None = None,
) -> Close:
    """Close a day with what the last run knew. `despite`: the reason to close it although something blocks it.

    Raises: InputRejected (`unknown_psp`), Refused (`nothing_published`, `day_not_over`, `already_closed`, `certificate_open`, `close_blocked`).
    """
    watermark = known_by(warehouse)
    _refuse_unfit(psp, day, watermark)
    if live_close(closes.of(psp, day)):
        raise Refused(f"{day} of {psp} is closed already: re-open it first", code="already_closed")
    blocks = blocks_of(warehouse, psp, day)
    if blocks and despite is None:
        raise Refused(f"{day} of {psp} is blocked: {', '.join(blocks)}; close it all the same with --despite REASON", code="close_blocked")
    standing = as_known_at(warehouse, day, psp, watermark, closed_days(closes.of(known_by=watermark)))
    if not standing.closes:
        raise Refused(f"{day} of {psp}: the certificate does not close; nothing can be signed under it", code="certificate_open")
    close_id = uuid7(recorded_at or watermark)
    key = f"closes/{psp}/{day.isoformat()}/{close_id}/standing.json"
    content = as_bytes(standing)
    store.put_new(key, content)
    frozen = _frozen(warehouse, standing, watermark, day, psp, checksum(content), key, blocks)
    return closes.freeze(psp, day, frozen, actor=actor, reason=despite if blocks else None, close_id=close_id, recorded_at=recorded_at)


def _refuse_unfit(psp: str, day: date, watermark: datetime) -> None:
    if psp not in SPECS:
        raise InputRejected(f"no PSP is called '{psp[:64]}'; known: {', '.join(sorted(SPECS))}", code="unknown_psp")
    zones = {mine.zone for mine in MERCHANT_ACCOUNTS if mine.psp == psp} or {SPECS[psp].zone}
    ends = max(day_bounds(day, zone)[1] for zone in zones)
    if ends > watermark:
        message = (
            f"{day} of {psp} ends at {ends.isoformat()}, and the last run knows what was told by {watermark.isoformat()}: run `countroom run` first"
        )
        raise Refused(message, code="day_not_over")


def blocks_of(warehouse: Warehouse, psp: str, day: date) -> list[str]:
    """What stands in the way of closing a day, in words; from the calendar of closes."""
    rows = warehouse.read(_BLOCKS, [psp, day.isoformat()]).iter_rows(named=True)
    return [sentence.format(count=count) for row in rows for sentence, count in blocks_told(row)]


def blocks_told(row: Mapping[str, Any]) -> list[tuple[str, int]]:
    """The sentences, with their counts, of what blocks a day of the calendar."""
    return [(sentence, row[column]) for column, sentence in BLOCKS.items() if row[column]]


def _frozen(warehouse: Warehouse, standing: Standing, watermark: datetime, day: date, psp: str, digest: str, key: str, blocks: list[str]) -> Frozen:
    payload: dict[str, Any] = {
        "files": warehouse.read(_FILES, [watermark.isoformat(), psp]).to_dicts(),
        "marts": warehouse.read(_MARTS, [psp, day.isoformat()]).to_dicts(),
        "certificate": standing.certificate.to_dicts(),
        "broken_count": standing.broken_count,
        "blocks": blocks,
    }
    return Frozen(
        watermark_at=watermark,
        rule_set=str(standing.facts["rule_set"]),
        config_hash=str(standing.facts["config_hash"]),
        run_id=standing.facts["run_id"],
        checksum=digest,
        object_key=key,
        payload=payload,
    )


def close_as_dict(close: Close) -> dict[str, Any]:
    """For JSON: the close with its signatures and everything it froze."""
    frozen = close.frozen
    signatures = [{"actor": each.actor, "recorded_at": each.recorded_at.isoformat()} for each in close.signatures]
    return {
        "close_id": str(close.close_id),
        "psp": close.psp,
        "business_date": close.business_date.isoformat(),
        "generation": close.generation,
        "state": close.state.value,
        "frozen_by": close.opened_by.actor,
        "reason": close.opened_by.reason,
        "signatures": signatures,
        "reopened_by": close.reopened and close.reopened.actor,
        "reopen_reason": close.reopened and close.reopened.reason,
        "watermark_at": frozen.watermark_at.isoformat(),
        "rule_set": frozen.rule_set,
        "config_hash": frozen.config_hash,
        "run_id": frozen.run_id,
        "checksum": frozen.checksum,
        "object_key": frozen.object_key,
        **frozen.payload,
    }
