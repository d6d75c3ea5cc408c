"""`countroom bench`: what things cost, as ratios within one run."""

from __future__ import annotations

from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Annotated

import typer

app = typer.Typer()


@app.callback(invoke_without_command=True)
def bench(
    context: typer.Context,
    payments: Annotated[int, typer.Option(min=400, help="Payments a side.")] = 1_000_000,
    only: Annotated[
        str, typer.Option(help="Contenders, with commas; datacompy is installed in an environment of its own.")
    ] = "ladder,ladder-files,naive,pandas",
    as_json: Annotated[bool, typer.Option("--json", help="Print the measurements as JSON.")] = False,
) -> int | None:
    """Matching: the whole ladder beside a bare match, a join that ignores duplicates, a pandas merge and datacompy, on one file with planted mistakes.

    Only ratios travel between machines: run it alone. docs/benchmarks.md holds what was measured. Exit code 1 when the ladder answers wrongly.
    """
    if context.invoked_subcommand is not None:
        return None
    from dataclasses import asdict

    from pipelines.benchmarks.matching import measure
    from pipelines.console import answer, answer_json, step

    with TemporaryDirectory(prefix="countroom-bench-") as folder, step(f"matching {payments:,} payments a side"):
        measured = measure(payments, Path(folder), only.split(","))
    if as_json:
        answer_json([asdict(one) for one in measured])
    else:
        answer(f"{'contender':<13} {'seconds':>8} {'CPU s':>8} {'peak GB':>8} {'ratio':>7} {'wrong cases':>12}")
        for one in measured:
            figures = f"{one.seconds:>8.2f} {one.cpu_seconds:>8.2f} {one.peak_bytes / 1e9:>8.2f} {one.ratio:>7.1f} {one.wrong:>12,}"
            answer(f"{one.contender:<13} {figures}")
    return int(any(one.wrong for one in measured if one.contender.startswith("ladder")))


@app.command()
def worlds(
    seeds: Annotated[int, typer.Option(min=1, max=365, help="How many worlds, with seeds from 1 on.")] = 50,
    players: Annotated[int, typer.Option(min=1, help="Players of each.")] = 5_000,
    days: Annotated[int, typer.Option(min=2, max=366, help="Days of each.")] = 60,
    processes: Annotated[int, typer.Option(min=1, help="Worlds at a time; each needs about 2 GB.")] = 1,
    as_json: Annotated[bool, typer.Option("--json", help="Print the figures as JSON.")] = False,
) -> int:
    """Precision and recall by class over seeded casinos with every class of mistake planted, and what was matched that should not be; then what the
    suggestions say of money whose references were lost or mistyped.

    In memory: files through landing's parsers, then the whole engine. Exit code 1 when anything was missed, invented or wrongly matched.
    """
    from dataclasses import asdict

    from pipelines.benchmarks import puzzles
    from pipelines.benchmarks.worlds import WorldScore, run, specs, table, totals
    from pipelines.console import answer, answer_json, tell

    scores: list[WorldScore] = []
    for one in run(specs(seeds, players, days), processes):
        scores.append(one)
        wrong = len(one.missed) + len(one.invented) + sum(one.false_matches.values())
        closes = "closes" if one.certificate_closes else "DOES NOT CLOSE"
        said = "; ".join((*one.missed, *one.invented, *one.puzzles.odd, *one.puzzles.false_unique))
        tell(f"seed {one.seed}: {one.items:,} items, {wrong} wrong, certificate {closes}{', ' if said else ''}{said}")
    lines, hidden = totals(scores), puzzles.totals(one.puzzles for one in scores)
    if as_json:
        answer_json(
            {"classes": [asdict(line) for line in lines], "puzzles": [asdict(line) for line in hidden], "worlds": [asdict(one) for one in scores]}
        )
    else:
        answer("\n".join(table(lines)))
        answer(f"{len(scores)} worlds, {sum(one.items for one in scores):,} items, {sum(one.groups for one in scores):,} groups\n")
        answer("\n".join(puzzles.table(hidden)))
        answer(puzzles.beside(one.puzzles for one in scores))
    return int(not all(one.is_right for one in scores))


@app.command()
def ledger(
    seconds: Annotated[int, typer.Option(min=1, help="How long each figure is measured.")] = 10,
    as_json: Annotated[bool, typer.Option("--json", help="Print the figures as JSON.")] = False,
) -> int:
    """Transfers a second, alone and in batches, beside pgbench's TPC-B-like script on the same server (one of its own, durable)."""
    from dataclasses import asdict

    from pipelines.benchmarks.ledger import measure
    from pipelines.console import answer, answer_json, tell

    booked = []
    with TemporaryDirectory(prefix="countroom-bench-") as folder:
        for one in measure(Path(folder), seconds):
            booked.append(one)
            tell(f"{one.what}: {one.per_second:,.0f} a second")
    if as_json:
        answer_json([asdict(one) for one in booked])
        return 0
    answer(f"{'what':<20} {'clients':>8} {'hot':>5} {'a second':>10} {'ratio':>7}")
    for one in booked:
        hot, ratio = (one.hot or "-"), (f"{one.ratio:.2f}" if one.ratio is not None else "-")
        answer(f"{one.what:<20} {one.clients:>8} {hot:>5} {one.per_second:>10,.0f} {ratio:>7}")
    return 0


@app.command()
def history(
    players: Annotated[int, typer.Option(min=1, help="Players of the casino.")] = 100,
    days: Annotated[str, typer.Option(help="Lengths of history, with commas.")] = "7,365",
    as_json: Annotated[bool, typer.Option("--json", help="Print the figures as JSON.")] = False,
) -> int:
    """One more day after a week and after a year: landing, dbt, matching, checks."""
    from dataclasses import asdict

    from pipelines.benchmarks.history import measure
    from pipelines.console import answer, answer_json, tell

    added = []
    with TemporaryDirectory(prefix="countroom-bench-") as folder:
        for one in measure(Path(folder), players, [int(each) for each in days.split(",")]):
            added.append(one)
            tell(f"{one.days} days, {one.items:,} items: {one.seconds:.1f} s for one more")
    if as_json:
        answer_json([asdict(one) for one in added])
        return 0
    answer(f"{'days':>6} {'items':>10} {'first run s':>12} {'one day s':>10} {'ratio':>7} {'CPU s':>7} {'ratio':>7}")
    for one in added:
        figures = f"{one.seconds:>10.1f} {one.ratio:>7.2f} {one.cpu_seconds:>7.1f} {one.cpu_ratio:>7.2f}"
        answer(f"{one.days:>6} {one.items:>10,} {one.first_seconds:>12.1f} {figures}")
    return 0


@app.command()
def demo(as_json: Annotated[bool, typer.Option("--json", help="Print the times as JSON.")] = False) -> int:
    """`countroom demo` in a new home, step by step, slowest first."""
    from dataclasses import asdict

    from pipelines.benchmarks.demo import measure
    from pipelines.console import answer, answer_json

    with TemporaryDirectory(prefix="countroom-bench-") as folder:
        found = measure(Path(folder))
    if as_json:
        answer_json([asdict(each) for each in found])
        return 0
    for each in found:
        answer(f"{each.seconds:>6.1f} s  {'  step ' if each.is_step else ''}{each.name}")
    return 0


@app.command()
def routing(
    seeds: Annotated[int, typer.Option(min=2, help="How many fresh seeds of each heat.")] = 20,
    only: Annotated[
        str, typer.Option(help="Heats, with commas: 12-slow, 12-fast, 200-slow, calm, outages, drifting, frozen.")
    ] = "12-slow,200-slow,calm",
    log: Annotated[Path | None, typer.Option(help="Folder with the public log (psp_jan_feb_2019.csv, psp_fees.csv), to judge policies on.")] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print the figures as JSON.")] = False,
) -> int:
    """Our router beside static lists, the public router's window and bandits, on simulated days with the same luck for all; then how long a decision takes.

    12-fast takes about a minute a seed. Exit code 1 when ours is more than 0.1 points below static in a calm world.
    """
    from dataclasses import asdict

    from pipelines.benchmarks.routing import logged, programme, speed
    from pipelines.console import answer, answer_json, tell

    raced = []
    for heat, results in programme.run(only.split(","), seeds, tell):
        raced.append((heat, results))
        if not as_json:
            answer("\n".join([*programme.table(heat, results), ""]))
    took = speed.measure()
    attempts, fees = logged.read(log) if log else (None, {})
    if as_json:
        told = [asdict(one) for _, results in raced for one in results]
        answer_json({"raced": told, "speed": asdict(took)} | ({"log": asdict(logged.rates(attempts, fees))} if attempts is not None else {}))
    else:
        answer(f"a decision over {took.rows:,} rows: p50 {took.p50_us:.0f} us, p99 {took.p99_us:.0f} us; the card holds {took.card_mb:.0f} MB")
        if attempts is not None:
            found = logged.rates(attempts, fees)
            answer(f"\nlog: {found.per_attempt:.4f} per attempt, {found.first_attempt:.4f} first, {found.per_intent:.4f} per intent")
            answer("\n".join(logged.table(logged.judge(attempts))))
    return int(any(heat.name == "calm" and programme.static_gap(results) < -0.1 for heat, results in raced))
