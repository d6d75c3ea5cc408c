"""What a printed kind means, in the columns around it: a status that says nothing moved, a sign that says which way. For canonical.py.

The trap: one printed word for a payment received and a payment sent ("Website Payment"); taken for a deposit, our payment to somebody is one of -100.
"""

from __future__ import annotations

from collections.abc import Sequence

from transactional.payments.money_kinds import MoneyKind
from transactional.payments.psps.spec import ReportFormat

PAYOUTS = frozenset({MoneyKind.PAYOUT, MoneyKind.PAYOUT_RETURNED})


def kinds_of(report: ReportFormat, raw_kinds: Sequence[str], states: Sequence[str] | None) -> list[MoneyKind]:
    """The kind of every row; a row whose state (the cell of `report.moves_nothing`) says that nothing moved is information."""
    meant = {raw: report.kind_of_all or report.money_kind(raw) for raw in set(raw_kinds)}
    if report.moves_nothing is None or states is None:
        return [meant[raw] for raw in raw_kinds]
    idle = report.moves_nothing[1]
    return [MoneyKind.INFORMATION if state.casefold() in idle else meant[raw] for raw, state in zip(raw_kinds, states, strict=True)]


def kinds_by_sign(report: ReportFormat, kinds: list[MoneyKind], raw_kinds: Sequence[str], gross: Sequence[int | None]) -> list[MoneyKind]:
    """The kinds, once the signs are known: a word for both directions is what its sign says."""
    if not report.negative_kinds:
        return kinds
    negative = {raw: report.negative_kinds.get(raw.casefold()) for raw in set(raw_kinds)}
    return [
        (negative[raw] or kind) if amount is not None and amount < 0 and kind is not MoneyKind.INFORMATION else kind
        for kind, raw, amount in zip(kinds, raw_kinds, gross, strict=True)
    ]
