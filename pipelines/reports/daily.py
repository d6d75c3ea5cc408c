"""Which bundles does a day get without anybody asking: the house as it is known, and each PSP's day as it was signed. For the job that keeps evidence.

The trap: a signed day shown as it is known today. What was signed goes out as the bytes the close froze.
"""

from __future__ import annotations

from datetime import date, datetime
from typing import TYPE_CHECKING, Any

import polars as pl

from assets.reconciliation.standing.document import as_bytes
from pipelines.reports.bundling import Kept, keep_bundle
from pipelines.reports.day_report import DayReport
from pipelines.reports.gathering import gathered
from pipelines.reports.language import language_of
from pipelines.reports.run_log import run_log
from pipelines.standing.day_standing import as_known_at, as_signed, known_by
from pipelines.standing.house import Doors, doors_of
from transactional.db.unit_of_work import UnitOfWork
from transactional.reconciliation.closes import Close, closed_days, last_signed
from transactional.reconciliation.closing import Closes
from transactional.settings import Settings

if TYPE_CHECKING:
    import dagster as dg

_SHAPE = {
    "sha256": pl.String(),
    "business_date": pl.Date(),
    "psp": pl.String(),
    "object_key": pl.String(),
    "size_bytes": pl.Int64(),
    "member_count": pl.Int32(),
    "watermark_at": pl.Datetime("us", "UTC"),
    "close_id": pl.String(),
    "manifest_sha256": pl.String(),
}


class HouseBundles:
    """The bundles of one configuration."""

    def __init__(self, settings: Settings) -> None:
        self._settings = settings

    def keep(self, day: date, instance: dg.DagsterInstance) -> pl.DataFrame:
        """Keep the bundles of a day. Shape: reporting__evidence_bundles without `kept_at`. Raises: Refused (`nothing_published`)."""
        with doors_of(self._settings) as doors:
            moment = known_by(doors.warehouse)
            with UnitOfWork(doors.app) as work:
                known, of_day = Closes(work.connection).of(known_by=moment), Closes(work.connection).of(business_date=day)
            standing = as_known_at(doors.warehouse, day, None, moment, closed_days(known))
            rows = [self._kept(doors, gathered(doors.warehouse, standing), as_bytes(standing), instance)]
            for close in _signed(of_day):
                signed, content = as_signed(doors.store, close)
                rows.append(self._kept(doors, gathered(doors.warehouse, signed, close), content, instance))
        return pl.DataFrame(rows, schema=_SHAPE, orient="row")

    def _kept(self, doors: Doors, report: DayReport, content: bytes, instance: dg.DagsterInstance) -> dict[str, Any]:
        log = run_log(instance, report.close.opened_by.recorded_at if report.close else None)
        kept = keep_bundle(doors.warehouse, doors.store, report, content, log, [language_of(self._settings.alert_language)])
        return _row(report, kept)


def _signed(closes: tuple[Close, ...]) -> list[Close]:
    by_psp = {close.psp for close in closes}
    newest = (last_signed(close for close in closes if close.psp == psp) for psp in sorted(by_psp))
    return [close for close in newest if close is not None]


def _row(report: DayReport, kept: Kept) -> dict[str, Any]:
    facts = report.standing.facts
    return {
        "sha256": kept.sha256,
        "business_date": report.day,
        "psp": facts["psp"],
        "object_key": kept.object_key,
        "size_bytes": kept.size_bytes,
        "member_count": kept.member_count,
        "watermark_at": datetime.fromisoformat(str(facts["as_of"])),
        "close_id": str(report.close.close_id) if report.close else None,
        "manifest_sha256": kept.manifest_sha256,
    }
