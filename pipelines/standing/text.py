"""How is the state of the reconciliation told to a person: aligned text, amounts in major units. For `countroom reconcile` and `demo`."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from pipelines.standing.state import State
from transactional.vocabulary.money import format_minor

Cells = Sequence[str]
_LEFT_COLUMNS = 3


def told(state: State, longest: int = 20) -> Iterator[str]:
    """The lines: per PSP, account and currency; breaks by class; the certificate; the first breaks in words."""
    yield from _by_account(state)
    if state.by_class.height:
        yield ""
        yield from _by_class(state)
    yield ""
    yield _certificate(state)
    broken = state.breaks.filter(state.breaks["counts_as_break"])
    if broken.height:
        yield ""
        for row in broken.head(longest).iter_rows(named=True):
            yield f"{row['break_id']}  {row['break_class']}, {row['age_days']} days: {row['explanation']}"
        if broken.height > longest:
            yield f"and {broken.height - longest} more: countroom reconcile --breaks {broken.height}, or reconciliation.fct_breaks"


def major(state: State, minor: int, currency: str) -> str:
    """An amount in major units with thousands marks; in minor units where the currency is not in the catalogue."""
    if currency not in state.exponents:
        return f"{minor:,} minor"
    whole, mark, fraction = format_minor(abs(minor), state.exponents[currency]).partition(".")
    return f"{'-' if minor < 0 else ''}{int(whole):,}{mark}{fraction}"


def aligned(rows: Sequence[Cells], left: int = _LEFT_COLUMNS) -> Iterator[str]:
    """Columns as wide as they need to be; the first `left` to the left, figures to the right."""
    widths = [max(len(row[number]) for row in rows) for number in range(len(rows[0]))]
    for row in rows:
        cells = [cell.ljust(width) if number < left else cell.rjust(width) for number, (cell, width) in enumerate(zip(row, widths, strict=True))]
        yield "  ".join(cells).rstrip()


def _by_account(state: State) -> Iterator[str]:
    yield "cases by PSP, account and currency (amounts of broken cases without their signs)"
    rows: list[Cells] = [("psp", "account", "ccy", "matched", "amount", "open by timing", "amount", "broken", "amount")]
    for row in state.by_account.iter_rows(named=True):
        amounts = (major(state, row[f"{name}_minor"], row["currency"]) for name in ("matched", "open", "broken"))
        matched, waiting, broken = amounts
        counts = (f"{row[f'{name}_count']:,}" for name in ("matched", "open", "broken"))
        matched_count, open_count, broken_count = counts
        rows.append((row["psp"], row["account"], row["currency"], matched_count, matched, open_count, waiting, broken_count, broken))
    yield from aligned(rows)


def _by_class(state: State) -> Iterator[str]:
    yield "broken cases by class (derived.break_class_catalogue says what a class is; days since the money moved)"
    rows: list[Cells] = [("psp", "account", "ccy", "break class", "cases", "amount", "oldest")]
    for row in state.by_class.iter_rows(named=True):
        amount = major(state, row["amount_minor"], row["currency"])
        rows.append((row["psp"], row["account"], row["currency"], row["break_class"], f"{row['case_count']:,}", amount, f"{row['oldest_days']} d"))
    yield from aligned(rows, left=4)


def _certificate(state: State) -> str:
    it = state.certificate
    if it.run_id is None:
        return "certificate: nothing was there to reconcile"
    verdict = "closes" if it.closes else "DOES NOT CLOSE"
    parts = f"{it.matched_count:,} matched + {it.broken_count:,} in breaks or open + {it.ignored_count:,} ignored with a reason"
    as_of = it.as_of.isoformat(timespec="seconds") if it.as_of else "?"
    return f"certificate {it.run_id} as of {as_of}: {verdict}; {it.in_count:,} items = {parts}"
