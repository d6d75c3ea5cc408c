"""Which puzzles can a world be asked for, and what is the right suggestion for each? Plain data; for the planters and whoever scores them.

A puzzle is planted as breaks (those are in the answer key too) whose items belong together; nothing may match them by itself, and a suggestion should name
them. Two of them are decoys: their items look as if they belonged together and do not, and nothing should be suggested. The trap: a puzzle with two answers
scored as if the true one could be known. So `answers` holds every answer that fits, the true one first; with more than one the right suggestion says that
it is ambiguous.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

import polars as pl

from transactional.simulation.answer_key import Names
from transactional.simulation.movements import Spot

JOINT, JOINT_RIVALS, EQUAL, SPLIT = "joint_credit", "joint_credit_rivals", "equal_payouts", "split_payout"
MANUAL, MANUAL_RIVALS = "manual_payout", "manual_payout_rivals"
SLIP, SLIP_RIVALS, SLIP_AT_BANK = "slip_in_payment", "slip_rivals", "slip_at_bank"
OFF_BY_ONE, MONEY_ALONE = "credit_off_by_one", "money_alone"
PUZZLES = (JOINT, JOINT_RIVALS, EQUAL, SPLIT, MANUAL, MANUAL_RIVALS, SLIP, SLIP_RIVALS, SLIP_AT_BANK, OFF_BY_ONE, MONEY_ALONE)
"""Not among the classes a world plants by itself: they are asked for by name, and a world without them has the bytes it always had."""

SCHEMA: dict[str, pl.DataType] = {
    "puzzle": pl.String(),
    "puzzle_id": pl.String(),
    "layer": pl.String(),
    "psp": pl.String(),
    "account": pl.String(),
    "currency": pl.String(),
    "amount_minor": pl.Int64(),
    "rivals_count": pl.Int64(),
    "answers": pl.List(pl.List(pl.String)),
    "is_decoy": pl.Boolean(),
    "description": pl.String(),
}


@dataclass(frozen=True, slots=True)
class ExpectedSuggestion:
    """One suggestion that should be made, or of a decoy (`is_decoy`) the items over which none should be.

    `rivals` as the suggestions count them: other sums, or other pairs that one of the two could form.
    """

    puzzle: str
    puzzle_id: str
    layer: str
    psp: str
    account: str
    currency: str
    amount_minor: int
    answers: tuple[tuple[Spot, ...], ...]
    rivals: int
    description: str
    is_decoy: bool = False


def suggestion_key(expected: Iterable[ExpectedSuggestion], names: Names) -> pl.DataFrame:
    """The key of the suggestions as a table, in a fixed order."""
    rows = [
        {
            "puzzle": row.puzzle,
            "puzzle_id": row.puzzle_id,
            "layer": row.layer,
            "psp": row.psp,
            "account": row.account,
            "currency": row.currency,
            "amount_minor": row.amount_minor,
            "rivals_count": row.rivals,
            "answers": [sorted({names.key(spot) for spot in answer}) for answer in row.answers],
            "is_decoy": row.is_decoy,
            "description": row.description,
        }
        for row in expected
    ]
    return pl.DataFrame(rows, schema=SCHEMA).sort("puzzle", "puzzle_id")
