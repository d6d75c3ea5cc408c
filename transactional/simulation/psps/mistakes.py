"""What goes wrong with whole batches on purpose, by (account, day the batch closes[, currency]). Plain data for the desks. Amounts: minor units."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date


@dataclass(slots=True)
class BatchMistakes:
    """What goes wrong with whole batches, by (account, day the batch closes[, currency]); amounts in minor units."""

    residue: dict[tuple[str, date, str], int] = field(default_factory=dict)
    skipped_number: set[tuple[str, date]] = field(default_factory=set)
    unknown_line: dict[tuple[str, date, str], tuple[str, int]] = field(default_factory=dict)
    restated: dict[tuple[str, date, str], int] = field(default_factory=dict)
    never_arrives: set[tuple[str, date, str]] = field(default_factory=set)
    returned: dict[tuple[str, date, str], bool] = field(default_factory=dict)
    account_fee: dict[tuple[str, date, str], int] = field(default_factory=dict)
    below_zero: dict[tuple[str, date, str], int] = field(default_factory=dict)
    brought_to: dict[tuple[str, date, str], int] = field(default_factory=dict)
    reserve_kept: set[tuple[str, date, str]] = field(default_factory=set)
    wrong_at_bank: dict[tuple[str, date, str], int] = field(default_factory=dict)
