"""datacompy over the two sides of the matching benchmark. Runs in an environment of its own (it wants other versions than ours): imports nothing of ours.

Prints one JSON document: seconds, CPU seconds, peak of memory, and how many cases of each class it tells. It joins rows on their keys; what stands there
twice it pairs by a running number in the order of the file.
"""

import json
import resource
import sys
import time

import datacompy  # type: ignore[import-not-found]  # in its own environment only
import polars as pl

KEY = ["psp", "account", "psp_reference", "modification_reference", "kind", "currency"]


def compared(items: str) -> dict[str, int]:
    """Classes by what datacompy calls unequal, and its rows on one side only."""
    rows = pl.read_parquet(items, columns=[*KEY, "source", "amount_minor"])
    ledger, settlement = (rows.filter(pl.col("source") == side).drop("source") for side in ("ledger", "settlement"))
    told = datacompy.PolarsCompare(settlement, ledger, join_columns=KEY, df1_name="settlement", df2_name="ledger")
    both = told.intersect_rows
    same = pl.col("amount_minor_settlement") == pl.col("amount_minor_ledger")
    opposite = pl.col("amount_minor_settlement") == -pl.col("amount_minor_ledger")
    return {
        "missing_in_ledger": told.df1_unq_rows.height,
        "missing_at_psp": told.df2_unq_rows.height,
        "sign": both.filter(opposite).height,
        "amount": both.filter(~same & ~opposite).height,
    }


if __name__ == "__main__":
    began, used = time.perf_counter(), time.process_time()
    found = compared(sys.argv[1])
    seconds, cpu_seconds = time.perf_counter() - began, time.process_time() - used
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024
    sys.stdout.write(json.dumps({"seconds": seconds, "cpu_seconds": cpu_seconds, "peak_bytes": peak, "found": found}))
