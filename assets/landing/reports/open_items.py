"""A PSP's list of what our balance is made of at the end of a day, as canonical lines with that day. For the door; the PSP wallets are held against it.

The lines were told before, by the activity report, and will be told again, by the report of the payout they go into: here they are no money, they are what
the PSP says is still open. The traps: such a list landed as activity, so that every open line counts twice (its header is the same, its name is not), and
a list of a month taken for that of the day on which it was downloaded (a name without a day is refused).

Raises: ContractBroken naming the file and what was expected.
"""

from __future__ import annotations

from fnmatch import fnmatchcase

import polars as pl

from assets.landing.reports.balance_summaries import interval_of
from assets.landing.tabular import Sheet
from transactional.payments.psps.registry import SPECS
from transactional.payments.psps.spec import OpenItems, PspSpec
from transactional.vocabulary.errors import ContractBroken, Place

DAY = "balance_on"
"""The column of such a list's lines that says at the end of which local day they were open."""


def listed_by(sheet: Sheet, name: str, psp_hint: str | None) -> tuple[PspSpec, OpenItems] | None:
    """The PSP whose list of open items this is, if it is one. Raises: ContractBroken (`wrong_psp`)."""
    headers = set(sheet.headers)
    fitting = [
        (spec, spec.open_items)
        for spec in SPECS.values()
        if spec.open_items is not None and spec.open_items.report.required <= headers and is_name_of(spec.open_items, name)
    ]
    found = min(fitting, key=lambda pair: pair[0].psp != psp_hint, default=None)
    if found is not None and psp_hint not in (None, found[0].psp):
        message = f"this is a {found[1].report.name} of {found[0].psp}, but its folder says {psp_hint}"
        raise ContractBroken(message, code="wrong_psp", place=Place(name, 1))
    return found


def is_name_of(items: OpenItems, name: str) -> bool:
    """Whether a file of this name is such a list, if it has its columns."""
    return fnmatchcase(name.casefold(), items.named)


def with_day(lines: pl.DataFrame, name: str) -> pl.DataFrame:
    """The lines, each with the day at whose end it was open: the last one in the file's name. Raises: ContractBroken (`no_interval`)."""
    return lines.with_columns(pl.lit(interval_of(name)[1], dtype=pl.Date).alias(DAY))
