"""What of a file stands in its name only: of which days it is, and with that which file. For the registry of files, which knows all others by their bytes.

Three files of a PSP say it nowhere else: the summary of a balance, the list of open items (whose columns are those of the activity report), and a report
without a line. The traps: the second of two days on which nothing moved, taken for a repetition of the first; and a copy under a new name, `copy of ...`,
taken for a new file: what counts is what the name says, not the name.
"""

from __future__ import annotations

import re

from assets.landing.reports.balance_summaries import interval_of
from assets.landing.reports.open_items import is_name_of
from transactional.payments.psps.registry import SPECS
from transactional.vocabulary.errors import ContractBroken

_DAY = re.compile(r"\d{4}[-_]?\d{2}[-_]?\d{2}")


def said_by_name(source: str, report: str, account: str | None, name: str, *, rows_in: int) -> str | None:
    """What only the name says of a file of this report and account, in one spelling; None where the content says it all, or the name nothing."""
    spec = SPECS.get(source)
    if spec is None:
        return None
    if spec.open_items is not None and report == spec.open_items.report.name:
        told = _interval(name)[1:] if is_name_of(spec.open_items, name) else []
    elif spec.summary is not None and report == spec.summary.name:
        told = _interval(name)
    else:
        told = [re.sub("[-_]", "", day) for day in _DAY.findall(name)] if rows_in == 0 else []
    return " ".join([report, account or "", *told]) if told else None


def may_be_named(source: str, report: str, name: str) -> bool:
    """Whether this name may make bytes that are known as this report into a list of open items: only reading them tells."""
    spec = SPECS.get(source)
    return spec is not None and spec.open_items is not None and report != spec.open_items.report.name and is_name_of(spec.open_items, name)


def _interval(name: str) -> list[str]:
    try:
        return [f"{day:%Y%m%d}" for day in interval_of(name)]
    except ContractBroken:
        return []
