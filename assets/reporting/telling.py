"""One look at what somebody has to know: read, decided and written down in one transaction, then sent. For the alerts asset.

The trap: sending inside the transaction, so that a slow receiver holds locks and a failed commit has told people of what never was.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import partial

from assets.reporting.alerts import composed, due_alerts, follow
from assets.reporting.tables import ALERT_MESSAGES, ALERTS
from pipelines.alerts.outbox import Courier
from pipelines.reports.alert_text import told_alerts
from pipelines.resources.warehouse import Warehouse, append, replace

_BREAKS = """
select coalesce(thread_id, break_id) as subject, break_class, psp, account, currency, amount_minor, event_date as business_date
from reconciliation.fct_breaks where counts_as_break
"""
_SILENT = "select psp, account, business_date from reconciliation.fct_missing_reports where business_date >= $1::date"
_REFUSED = """
select sha256, name, source, (received_at at time zone 'UTC')::date as business_date from raw.source_files
where state = 'refused' and received_at >= $1::date
"""
_LOOK_BACK = timedelta(days=92)
ONE_AT_A_TIME = "select pg_advisory_xact_lock(hashtextextended('countroom: telling people', 0))"


@dataclass(frozen=True, slots=True)
class Told:
    """What a look found and did: alerts known and open, messages new, delivered, still waiting and given up."""

    known: int
    open: int
    new: int
    delivered: int
    waiting: int
    undelivered: int


def tell(warehouse: Warehouse, courier: Courier, now: Callable[[], datetime]) -> Told:
    """Raises: Transient when the warehouse cannot be reached; nothing for a receiver that is down."""
    moment = now()
    since = [(moment - _LOOK_BACK).date().isoformat()]
    due = due_alerts(warehouse.read(_BREAKS), warehouse.read(_SILENT, since), warehouse.read(_REFUSED, since), moment)
    with warehouse.transaction() as connection:
        connection.execute(ONE_AT_A_TIME)
        known = follow(warehouse.read(ALERTS), due, moment)
        said = partial(told_alerts, language=courier.language)
        new = composed(known, warehouse.read(ALERT_MESSAGES), [channel.name for channel in courier.channels], said, moment)
        replace(connection, ALERTS, known)
        append(connection, ALERT_MESSAGES, new)
    outcome = courier.deliver(warehouse, now)
    return Told(known.height, int(known["ended_at"].is_null().sum()), new.height, outcome.delivered, outcome.waiting, outcome.undelivered)
