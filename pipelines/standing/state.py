"""How does the reconciliation stand: read from the published marts. For `countroom reconcile` and `demo`.

The trap: a command that computes a second answer. Everything here is a select over marts; whoever doubts a figure runs it in psql.
Units: minor units of the currency beside them.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any

import polars as pl

from pipelines.resources.warehouse import Warehouse
from transactional.vocabulary.errors import Refused

_BY_ACCOUNT = """
select psp, account, currency, sum(matched_count)::bigint as matched_count, sum(matched_minor)::bigint as matched_minor,
    sum(open_count)::bigint as open_count, sum(open_minor)::bigint as open_minor,
    sum(broken_count)::bigint as broken_count, sum(broken_minor)::bigint as broken_minor
from reconciliation.agg_daily_status group by psp, account, currency order by psp, account, currency
"""
_BY_CLASS = """
select psp, account, currency, break_class, count(*)::bigint as case_count, sum(amount_minor)::bigint as amount_minor, max(age_days) as oldest_days
from reconciliation.fct_breaks where counts_as_break group by psp, account, currency, break_class order by psp, account, currency, break_class
"""
_CERTIFICATE = """
select max(run_id) as run_id, max(as_of) as as_of, bool_and(closes) as closes, sum(in_count)::bigint as in_count,
    sum(matched_count)::bigint as matched_count, sum(broken_count)::bigint as broken_count, sum(ignored_count)::bigint as ignored_count
from reconciliation.fct_certificate
"""
_BREAKS = """
select breaks.break_id, breaks.break_class, breaks.sub_class, breaks.counts_as_break, breaks.psp, breaks.account, breaks.currency,
    breaks.amount_minor, breaks.exposure, breaks.event_date, breaks.age_days, breaks.batch_id, breaks.explanation,
    coalesce(string_agg(items.item_key, ' ' order by items.item_key), '') as item_keys
from reconciliation.fct_breaks as breaks
left join reconciliation.fct_item_dispositions as items on items.break_id = breaks.break_id
group by breaks.break_id, breaks.break_class, breaks.sub_class, breaks.counts_as_break, breaks.psp, breaks.account, breaks.currency,
    breaks.amount_minor, breaks.exposure, breaks.event_date, breaks.age_days, breaks.batch_id, breaks.explanation
order by breaks.counts_as_break desc, breaks.psp, breaks.account, breaks.currency, breaks.break_class, breaks.event_date, breaks.break_id
"""
_KNOWN = "select to_regclass('reconciliation.fct_certificate') is not null and to_regclass('core.dim_currency') is not null as known"
_EXPONENTS = "select distinct on (currency) currency, exponent from core.dim_currency order by currency, valid_from desc"


@dataclass(frozen=True, slots=True)
class Certificate:
    """The sum of the last run's certificate. `closes` is None when nothing has been reconciled yet."""

    run_id: str | None
    as_of: datetime | None
    closes: bool | None
    in_count: int
    matched_count: int
    broken_count: int
    ignored_count: int


@dataclass(frozen=True, slots=True)
class State:
    """What the marts say. `breaks` has one row per break and open case, with its item keys separated by spaces."""

    certificate: Certificate
    by_account: pl.DataFrame
    by_class: pl.DataFrame
    breaks: pl.DataFrame
    exponents: dict[str, int]

    @property
    def broken_count(self) -> int:
        return int(self.breaks["counts_as_break"].sum())

    def as_dict(self) -> dict[str, Any]:
        """For JSON: everything, amounts as integers."""
        certificate = {name: getattr(self.certificate, name) for name in Certificate.__slots__}
        frames = {"by_account": self.by_account, "by_class": self.by_class, "breaks": self.breaks}
        return {"certificate": certificate, "broken": self.broken_count, **{name: frame.to_dicts() for name, frame in frames.items()}}


def nothing_published() -> Refused:
    """What to answer while there is no run to read."""
    return Refused("nothing has been reconciled here yet: run `countroom run` first", code="nothing_published")


def read_state(warehouse: Warehouse) -> State:
    """The state of the last run. Raises: Refused (`nothing_published`) before the first one."""
    known = warehouse.read(_KNOWN)["known"][0]
    if not known:
        raise nothing_published()
    row = warehouse.read(_CERTIFICATE).row(0, named=True)
    counts = (row[name] or 0 for name in ("in_count", "matched_count", "broken_count", "ignored_count"))
    certificate = Certificate(row["run_id"], row["as_of"], row["closes"], *counts)
    exponents = dict(warehouse.read(_EXPONENTS).iter_rows())
    return State(certificate, warehouse.read(_BY_ACCOUNT), warehouse.read(_BY_CLASS), warehouse.read(_BREAKS), exponents)
