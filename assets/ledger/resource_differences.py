"""Where do the books of a resource and its bank or PSP part, and why? Receivables, reserves, payouts in transit and bank balances of one day. Pure; for
player_funds.

Both sides are told as effects under a key: a movement's case, a payout batch, a kind of line. Per key the two sides must give the same sum; what they
do not, is a difference, and the key knows its cause (the class of the case's break, a lag that still runs, fees that are booked with the payout).
Nothing is a plug: the sum of all effects is the balance of each side, and what has no cause is `unexplained`.

The traps: a line that activity and settlement report both tell, counted twice; a movement paid in one currency and settled in another, missing in one
and surplus in the other; the fees of lines that are not paid out yet, which the PSP will never pay us.
Units: minor, positive = ours. Shapes: ITEMS, STATEMENTS, books as player_funds.BOOKS → EFFECTS.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date

import polars as pl

_TEXT, _MINOR = pl.String(), pl.Int64()
ITEMS: Mapping[str, pl.DataType] = {
    **dict.fromkeys(("item_key", "source", "psp", "account", "kind", "family", "currency", "net_currency", "batch_id"), _TEXT),
    **dict.fromkeys(("disposition", "reason", "case_id", "break_class", "case_psp", "case_account"), _TEXT),
    "amount_minor": _MINOR,
    "net_minor": _MINOR,
    "occurred_at": pl.Datetime("us", "UTC"),
    "booked_on": pl.Date(),
}
"""The reconciliation's items and where each ended; `break_class` null in a case that agrees."""
STATEMENTS: Mapping[str, pl.DataType] = {
    **dict.fromkeys(("bank_account", "currency", "statement_id"), _TEXT),
    **dict.fromkeys(("opening_minor", "closing_minor"), _MINOR),
    "opening_date": pl.Date(),
    "closing_date": pl.Date(),
    "known_at": pl.Datetime("us", "UTC"),
}
_PLACE = ("component", "holder", "account", "currency")
EFFECTS: Mapping[str, pl.DataType] = {
    **dict.fromkeys((*_PLACE, "key", "cause"), _TEXT),
    "books_minor": _MINOR,
    "statement_minor": _MINOR,
}
DIFFERENCES: Mapping[str, pl.DataType] = {**dict.fromkeys((*_PLACE, "cause"), _TEXT), "amount_minor": _MINOR, "line_count": _MINOR}
GAPS: Mapping[str, pl.DataType] = {"account": _TEXT, "currency": _TEXT, "amount_minor": _MINOR, "event_date": pl.Date()}
"""Statements that do not follow each other, as gate G6 found them."""

BANK, RECEIVABLE, RESERVE, IN_TRANSIT = "segregated_bank", "psp_receivable", "psp_reserve", "payout_in_transit"
_COMPONENT_OF = {"bank": BANK, "psp_receivable": RECEIVABLE, "psp_reserve": RESERVE, "psp_payout_in_transit": IN_TRANSIT}
UNEXPLAINED = "unexplained"
CAUSES: Mapping[str, str] = {
    "counted_on_another_day": "the case agrees; one side counts it on another day",
    "reversed": "an entry and its reversal, on two days",
    "fees_of_unpaid_lines": "fees the PSP takes off what it has not paid out yet; booked with the payout",
    "to_be_converted": "paid in one currency, to be settled in another",
    "account_lines_not_paid_out": "fees, reserves and transfers between the PSP and us that are in no payout yet",
    "settled_on_one_side": "a batch that is settled in the books or in the PSP's report, and not yet in both",
    "batch_booked_otherwise": "a batch that the books settled otherwise than its report says",
    "entries_outside_the_comparison": "entries that no report can tell: adjustments, entries by hand",
    "opening_balance": "on the account before the first statement we have",
    "not_psp": "lines of the bank that are no business of a PSP and were not booked",
    UNEXPLAINED: "nothing we know explains it",
}
"""What a cause means, beside the classes of breaks, which are causes too (derived.break_class_catalogue says what they mean)."""

_REPEATED = ("superseded", "repeated_in_file", "information", "zero_amount")
_TOLD_TWICE = ("restated", "duplicate_file")
_CROSSING = ("balance_transfer", "payout_returned")


def effects_of(
    items: pl.DataFrame, statements: pl.DataFrame, gaps: pl.DataFrame, books: pl.DataFrame, day: date, designated: frozenset[tuple[str, str]]
) -> pl.DataFrame:
    """Every effect by the end of the day on the designated accounts, one row per key and resource, with how many lines are behind it."""
    kept = items.filter(pl.col("reason").is_null() | ~pl.col("reason").is_in(_REPEATED))
    lines = wallet_lines(kept)
    told = [_books(books, kept, day), _receivable(lines, day), _reserve(lines, day), _in_transit(kept, day), _bank(kept, day)]
    told.append(_closing(kept, statements, gaps, day))
    ours = pl.DataFrame(sorted(designated), schema={"holder": _TEXT, "account": _TEXT}, orient="row")
    sums = pl.concat(told).join(ours, on=["holder", "account"], how="semi").group_by(*_PLACE, "key")
    summed = sums.agg(pl.col("cause").drop_nulls().sort().first(), pl.col("books_minor", "statement_minor").sum(), line_count=pl.len().cast(_MINOR))
    return _with_causes(summed, kept)


def explained(effects: pl.DataFrame) -> pl.DataFrame:
    """Statement less books, by cause."""
    off = effects.with_columns(amount_minor=pl.col("statement_minor") - pl.col("books_minor")).filter(pl.col("amount_minor") != 0)
    return off.group_by(*_PLACE, "cause").agg(pl.col("amount_minor", "line_count").sum()).filter(pl.col("amount_minor") != 0)


def wallet_lines(items: pl.DataFrame) -> pl.DataFrame:
    """Every line of a PSP's balance once: as the settlement report tells it, else as the activity report does; with the day it was paid out.

    Shape: ITEMS → psp, account, key, kind, family, currency, amount_minor, net_currency, net_minor, batch, begins_on, paid_on.
    """
    told = items.filter(pl.col("source").is_in(["activity", "settlement", "payout"]) & (pl.col("kind") != "payout"))
    once = told.filter((pl.col("disposition") != "ignored") & ~pl.col("break_class").is_in(_TOLD_TWICE).fill_null(value=False))
    paired = pl.when(pl.col("family") == "player").then(pl.coalesce("case_id", "item_key")).otherwise("item_key")
    numbered = once.with_columns(
        key=pl.coalesce("case_id", "item_key"), pair=paired, is_settled=pl.col("source") != "activity", batch=_batch("psp", "account", "batch_id")
    ).sort("occurred_at", "item_key")
    numbered = numbered.with_columns(number=pl.int_range(pl.len()).over("pair", "is_settled"))
    first = numbered.with_columns(begins_on=pl.col("booked_on").min().over("pair", "number"))
    lines = first.filter(pl.col("is_settled") | ~pl.col("is_settled").any().over("pair", "number"))
    lines = lines.with_columns(net_currency=pl.coalesce("net_currency", "currency"), net_minor=pl.coalesce("net_minor", "amount_minor"))
    paid = items.filter((pl.col("source") == "payout") & (pl.col("kind") == "payout") & (pl.col("disposition") != "ignored"))
    paid = paid.group_by(batch=_batch("psp", "account", "batch_id"), net_currency="currency").agg(paid_on=pl.col("booked_on").min())
    return lines.with_columns(batch=pl.when("is_settled").then("batch")).join(paid, on=["batch", "net_currency"], how="left")


def _batch(psp: str, account: str, batch_id: str) -> pl.Expr:
    return pl.format("{}:{}:{}", psp, account, batch_id)


def _receivable(lines: pl.DataFrame, day: date) -> pl.DataFrame:
    """What the PSP owes by its own lines: each one's net, told as what the player paid (which the books have), less fees and conversion."""
    known = lines.filter(pl.col("begins_on") <= day)
    is_paid = (pl.col("paid_on") <= day).fill_null(value=False)
    is_players = pl.col("family") == "player"
    crosses = is_players | pl.col("kind").is_in(_CROSSING)
    gross = known.filter(crosses).with_columns(
        told_currency=pl.when(is_players).then("currency").otherwise("net_currency"),
        told_minor=pl.when(is_players).then("amount_minor").otherwise("net_minor"),
        told_cause=pl.when(pl.col("kind") == "balance_transfer").then(pl.lit("account_lines_not_paid_out")),
        told_key=pl.when(pl.col("kind") == "balance_transfer").then(pl.lit("account lines")).otherwise("key"),
    )
    settled = gross.filter(is_paid)
    unpaid = known.filter(~is_paid)
    foreign = unpaid.filter(is_players & (pl.col("currency") != pl.col("net_currency")))
    domestic = unpaid.filter(is_players & (pl.col("currency") == pl.col("net_currency")))
    fees = (pl.col("net_minor") - pl.col("amount_minor")).alias("fees_minor")
    return pl.concat(
        [
            _told(gross, RECEIVABLE, "told_key", "told_minor", currency="told_currency", cause=pl.col("told_cause")),
            _told(settled.with_columns(-pl.col("told_minor")), RECEIVABLE, "batch", "told_minor", currency="told_currency"),
            _told(domestic.with_columns(fees), RECEIVABLE, pl.lit("fees"), "fees_minor", cause=pl.lit("fees_of_unpaid_lines")),
            _told(foreign.with_columns(-pl.col("amount_minor")), RECEIVABLE, pl.lit("conversion"), "amount_minor", cause=pl.lit("to_be_converted")),
            _told(foreign, RECEIVABLE, pl.lit("conversion"), "net_minor", currency="net_currency", cause=pl.lit("to_be_converted")),
            _told(unpaid.filter(~crosses), RECEIVABLE, pl.lit("account lines"), "net_minor", currency="net_currency", cause=_WAITING),
        ]
    )


_WAITING = pl.lit("account_lines_not_paid_out")


def _reserve(lines: pl.DataFrame, day: date) -> pl.DataFrame:
    """What the PSP holds back. A reserve line of a batch that is not paid out yet is in nobody's books."""
    held = lines.filter((pl.col("kind") == "reserve") & (pl.col("begins_on") <= day)).with_columns(-pl.col("net_minor"))
    is_paid = (pl.col("paid_on") <= day).fill_null(value=False)
    waiting = _told(held.filter(~is_paid), RESERVE, pl.lit("account lines"), "net_minor", currency="net_currency", cause=_WAITING)
    return pl.concat([_told(held.filter(is_paid), RESERVE, "batch", "net_minor", currency="net_currency"), waiting])


def _in_transit(items: pl.DataFrame, day: date) -> pl.DataFrame:
    """What PSPs say they sent, less what came back to them, less what the bank has."""
    moved = items.filter((pl.col("booked_on") <= day) & (pl.col("disposition") != "ignored")).with_columns(-pl.col("amount_minor"))
    sent = moved.filter(pl.col("source") == "payout")
    arrived = moved.filter((pl.col("source") == "bank") & pl.col("case_psp").is_not_null()).with_columns(psp="case_psp", account="case_account")
    return pl.concat([_told(part, IN_TRANSIT, pl.coalesce("case_id", "item_key"), "amount_minor") for part in (sent, arrived)])


def _bank(items: pl.DataFrame, day: date) -> pl.DataFrame:
    """The lines of the banks, of payouts and of everything else."""
    lines = items.filter((pl.col("source") == "bank") & (pl.col("booked_on") <= day)).with_columns(psp=pl.lit("bank"))
    is_other = pl.col("disposition") == "ignored"
    key = pl.when(is_other).then("reason").otherwise(pl.coalesce("case_id", "item_key"))
    return _told(lines, BANK, key, "amount_minor", cause=pl.when(is_other).then("reason"))


def _closing(items: pl.DataFrame, statements: pl.DataFrame, gaps: pl.DataFrame, day: date) -> pl.DataFrame:
    """What makes the lines the closing balance of the last statement: the first opening balance, gaps between statements, and what is in no line."""
    newest = statements.sort("known_at", "closing_minor").unique(
        ["bank_account", "currency", "statement_id", "opening_date", "closing_date"], keep="last", maintain_order=True
    )
    ended = newest.filter(pl.col("closing_date") <= day).sort("closing_date", "opening_date", "statement_id")
    spans = ended.group_by(account="bank_account", currency="currency", maintain_order=True).agg(
        pl.col("opening_minor").first(), pl.col("closing_minor").last()
    )
    lines = items.filter((pl.col("source") == "bank") & (pl.col("booked_on") <= day)).group_by("account", "currency")
    missing = gaps.filter(pl.col("event_date") <= day).group_by("account", "currency").agg(gap_minor=pl.col("amount_minor").sum())
    known = spans.join(lines.agg(lines_minor=pl.col("amount_minor").sum()), on=["account", "currency"], how="full", coalesce=True)
    known = known.join(missing, on=["account", "currency"], how="left").with_columns(
        pl.col("opening_minor", "closing_minor", "lines_minor", "gap_minor").fill_null(0), psp=pl.lit("bank")
    )
    rest = pl.col("closing_minor") - pl.col("opening_minor") - pl.col("lines_minor") - pl.col("gap_minor")
    return pl.concat(
        [
            _told(known, BANK, pl.lit("opening"), "opening_minor", cause=pl.lit("opening_balance")),
            _told(known, BANK, pl.lit("gap"), "gap_minor", cause=pl.lit("statement_gap")),
            _told(known.with_columns(rest_minor=rest), BANK, pl.lit("statement"), "rest_minor", cause=pl.lit(UNEXPLAINED)),
        ]
    )


def _books(books: pl.DataFrame, items: pl.DataFrame, day: date) -> pl.DataFrame:
    """The ledger under the same keys: movements of players by their case, payouts by their batch or its case, the rest by itself."""
    resources = books.with_columns(component=pl.col("account_class").replace_strict(_COMPONENT_OF, default=None)).filter(
        pl.col("component").is_not_null()
    )
    cases = items.filter((pl.col("source") == "payout") & (pl.col("kind") == "payout") & pl.col("case_id").is_not_null())
    cases = cases.group_by(batch_id=_batch("psp", "account", "batch_id"), currency="currency").agg(pl.col("case_id").min())
    keyed = resources.join(cases, on=["batch_id", "currency"], how="left").with_columns(psp="holder")
    by_case = pl.col("component").is_in([BANK, IN_TRANSIT]) | (pl.col("kind") == "payout_returned")
    key = pl.when(pl.col("batch_id").is_null()).then(pl.lit("other")).when(by_case).then(pl.coalesce("case_id", "batch_id")).otherwise("batch_id")
    outside = pl.when(pl.col("batch_id").is_null()).then(pl.lit("entries_outside_the_comparison"))
    movements = items.filter((pl.col("source") == "ledger") & (pl.col("family") == "player") & (pl.col("occurred_at").dt.date() <= day))
    is_taken_back = pl.col("disposition") == "ignored"
    own_key = pl.when(is_taken_back).then(pl.lit("reversed")).otherwise(pl.coalesce("case_id", "item_key"))
    own = _told(movements, RECEIVABLE, own_key, "amount_minor", cause=pl.when(is_taken_back).then(pl.lit("reversed")), side="books_minor")
    back = _told(movements.with_columns(-pl.col("amount_minor")), RECEIVABLE, pl.lit("other"), "amount_minor", cause=_OUTSIDE, side="books_minor")
    whole = [
        _told(part, name, key, "amount_minor", cause=outside, side="books_minor")
        for (name,), part in keyed.partition_by("component", as_dict=True).items()
    ]
    return pl.concat([*whole, own, back])


_OUTSIDE = pl.lit("entries_outside_the_comparison")


def _told(
    frame: pl.DataFrame,
    component: object,
    key: str | pl.Expr,
    minor: str,
    *,
    currency: str = "currency",
    cause: pl.Expr | None = None,
    side: str = "statement_minor",
) -> pl.DataFrame:
    """Rows as EFFECTS, of one side."""
    sides = {name: pl.col(minor) if name == side else pl.lit(0) for name in ("books_minor", "statement_minor")}
    told_cause = pl.lit(None) if cause is None else cause
    columns = {"component": pl.lit(component), "holder": pl.col("psp"), "account": pl.col("account"), "currency": pl.col(currency)}
    columns |= {"key": pl.col(key) if isinstance(key, str) else key, "cause": told_cause, **sides}
    return frame.select(columns[name].cast(kind).alias(name) for name, kind in EFFECTS.items())


def _with_causes(effects: pl.DataFrame, items: pl.DataFrame) -> pl.DataFrame:
    """A key that is a case has the class of its break as its cause; a case that agrees is counted on two days."""
    cases = items.filter(pl.col("case_id").is_not_null()).group_by(key="case_id").agg(found=pl.col("break_class").drop_nulls().min())
    known = effects.join(cases.with_columns(pl.col("found").fill_null("counted_on_another_day")), on="key", how="left")
    one_sided = pl.when((pl.col("books_minor") == 0) | (pl.col("statement_minor") == 0)).then(pl.lit("settled_on_one_side"))
    batch = pl.when(pl.col("key").str.count_matches(":", literal=True) >= 2).then(one_sided.otherwise(pl.lit("batch_booked_otherwise")))
    return known.with_columns(cause=pl.coalesce("cause", "found", batch, pl.lit(UNEXPLAINED))).drop("found")
