"""How does a day stand, asked of the warehouse: as it was signed, as it is known now, and as it was known at any moment. For `close` and `report`.

The engine is asked again; nothing here adds up a second answer. The trap: a past moment asked with today's rates. A quotation that was corrected later
is read as it was told then. What was signed is read as bytes and held against the checksum the close froze.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from datetime import UTC, date, datetime

from assets.reconciliation.context import RunContext
from assets.reconciliation.standing.day import Standing, standing_of
from assets.reconciliation.standing.document import checksum, from_bytes
from assets.reconciliation.suggestions.confirmed import CONFIRMED, as_accepted
from assets.reconciliation.tables import ITEMS
from assets.reconciliation.terms import run_context
from pipelines.resources.object_store import ObjectStore
from pipelines.resources.warehouse import Warehouse
from pipelines.standing.state import nothing_published
from transactional.reconciliation.closes import Close
from transactional.vocabulary.errors import ContractBroken

_PUBLISHED = "select to_regclass('reconciliation.fct_certificate') is not null as is_published"
# Facts that were recorded while the run landed are in the next one: what is known for sure ends where the landing began.
_KNOWN_BY = """
select least(max(as_of), (select min(landed_at) from raw.app_watermarks)) as known_by from derived.reconciliation__certificate
"""
_RATES = """
select distinct on (provider, rate_date, base_currency, currency) rate_date, base_currency, currency, rate::text as rate
from raw.fx__rates where _loaded_at <= $1::timestamptz
order by provider, rate_date, base_currency, currency, _loaded_at desc, _file_version desc, _file_sha256
"""
_STATEMENTS = """
select bank_account, currency, statement_id, opening_minor, closing_minor, moves_minor, opening_date, closing_date, _loaded_at as known_at
from staging.stg_bank__statements where opening_minor is not null and closing_minor is not null and _loaded_at <= $1::timestamptz
"""


def known_by(warehouse: Warehouse) -> datetime:
    """Until when the last run knows everything. Raises: Refused (`nothing_published`) before the first one."""
    if not warehouse.read(_PUBLISHED)["is_published"][0]:
        raise nothing_published()
    moment = warehouse.read(_KNOWN_BY)["known_by"][0]
    if moment is None:
        raise nothing_published()
    told: datetime = moment.astimezone(UTC)
    return told


def as_known_at(
    warehouse: Warehouse, day: date, psp: str | None, moment: datetime, closed: Mapping[str, tuple[tuple[date, datetime], ...]] | None = None
) -> Standing:
    """The day with what was known at a moment. `closed`: what signed closes held by then (closes.closed_days)."""
    return standing_of(warehouse.read(ITEMS), context_known_at(warehouse, moment, closed or {}), day, psp)


def as_signed(store: ObjectStore, close: Close) -> tuple[Standing, bytes]:
    """The day as it was frozen, and the very bytes. Raises: ContractBroken (`close_altered`) when they are not those whose checksum was frozen."""
    content = store.get(close.frozen.object_key)
    if checksum(content) != close.frozen.checksum:
        message = f"object '{close.frozen.object_key}' is not what was frozen: its sha256 differs from the one in the close"
        raise ContractBroken(message, code="close_altered")
    return from_bytes(content), content


def context_known_at(warehouse: Warehouse, moment: datetime, closed: Mapping[str, tuple[tuple[date, datetime], ...]]) -> RunContext:
    """What the engine is told beside the items, as it was known at a moment: rates, statements, confirmed matches; `closed` as in as_known_at."""
    known = [moment.isoformat()]
    context = run_context(moment, warehouse.read(_RATES, known), warehouse.read(_STATEMENTS, known), closed)
    return replace(context, accepted=as_accepted(warehouse.read(CONFIRMED, known)))
