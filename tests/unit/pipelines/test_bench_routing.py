"""The race between routers: the same luck for all, a card that is the real one, and the figures of the public log."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import numpy as np
import polars as pl
import pytest

from assets.payments.off_policy.estimators import Method
from assets.payments.scorecards.card_rows import card_rows
from assets.payments.scorecards.parameters import Parameters
from pipelines.benchmarks.routing.logged import judge, rates, read
from pipelines.benchmarks.routing.ours import START, Ours, Setting, Weighted
from pipelines.benchmarks.routing.race import ORACLE, STATIC, race, run, success_of
from pipelines.benchmarks.routing.rivals import DiscountedThompson, DiscountedUcb, RoundRobin, SlidingUcb, Window, static_best, static_by_cell
from pipelines.benchmarks.routing.weather import PSPS, calm, days, family
from tests.unit.payments.scorecards.traffic import Try, buckets

SMALL = family(4, 0.02)


def test_a_seed_is_two_days_and_every_policy_meets_the_same_luck() -> None:
    one, again, other = days(SMALL, 5), days(SMALL, 5), days(SMALL, 6)
    assert (one.luck == again.luck).all()
    assert (one.success == again.success).all()
    assert not np.array_equal(one.at, other.at)
    assert (one.known_at > one.at).all()


def test_nothing_changes_in_a_calm_world() -> None:
    quiet = days(calm(SMALL), 1).success
    assert np.ptp(quiet, axis=0).max() == 0
    assert np.ptp(days(SMALL, 1).success, axis=0).min() > 0


def test_nobody_knows_an_outcome_before_its_time() -> None:
    # the trap: a policy that hears at once is better than any that could exist
    two_days = days(SMALL, 2)
    heard: list[tuple[int, float]] = []

    class Listener(RoundRobin):
        def choose(self, number: int, cell: int, at: float) -> int:
            assert all(two_days.known_at[one] <= at for one, _ in heard)
            return super().choose(number, cell, at)

        def told(self, number: int, cell: int, psp: int, *, approved: bool, at: float) -> None:
            assert (psp, approved) == (number % 4, two_days.luck[number] < two_days.chances()[number, psp])
            heard.append((number, at))

    run(lambda _: Listener(), two_days)
    assert len(heard) > len(two_days.at) * 0.9


@pytest.mark.parametrize("entry", [Window, SlidingUcb, DiscountedUcb, DiscountedThompson])
def test_a_rival_that_learns_beats_taking_turns(entry) -> None:  # type: ignore[no-untyped-def]
    two_days = days(family(2, 0.05), 3)
    assert success_of(run(entry, two_days), two_days) > success_of(run(lambda _: RoundRobin(), two_days), two_days)


def test_a_list_by_cell_is_the_best_of_each_cell_while_nothing_changes() -> None:
    still = days(calm(SMALL), 3)
    assert success_of(run(static_by_cell, still), still) == pytest.approx(still.chances().max(axis=1).mean())


def test_ours_captures_what_static_does_not_and_less_than_the_oracle() -> None:
    entries = {STATIC: static_best, "ours": lambda two_days: Ours(two_days, Setting(every=1800))}
    found = {one.policy: one for one in race(family(3, 0.05), [11, 12], entries, over=STATIC)}
    assert found[STATIC].captured == 0
    assert found[ORACLE].captured == pytest.approx(1)
    assert 0 < (found["ours"].captured or 0) < 1


def test_a_frozen_card_is_left_for_the_list_after_an_hour() -> None:
    two_days = days(family(2, 0.02), 4)
    frozen = Setting(every=1800, frozen_from=6 * 3600, detector=None)
    listed, kept = (run(lambda d, one=one: Ours(d, one), two_days) for one in (frozen, replace(frozen, falls_back=False)))
    late = two_days.at > 8 * 3600
    assert (listed[late] == run(static_best, two_days)[late]).all()
    assert not np.array_equal(listed[late], kept[late])


def test_the_sums_of_the_race_are_those_of_a_whole_card() -> None:
    # the trap: a benchmark that proves its own copy of the statistics
    draw = np.random.default_rng(8)
    tries = [(int(draw.integers(3)), int(draw.integers(4)), float(second), bool(draw.random() < 0.7)) for second in range(0, 7200, 20)]
    weighted, parameters = Weighted(3, 3600), Parameters()
    for cell, psp, at, approved in tries:
        weighted.add(cell, psp, at, approved=approved)
    posterior = weighted.posterior(7200.0, parameters)
    facts = [
        Try(
            START + timedelta(seconds=at),
            PSPS[psp],
            "approved" if ok else "failed",
            country=str(cell),
            method="",
            issuer_group="",
            bin="",
            amount_band="",
        )
        for cell, psp, at, ok in tries
    ]
    card = card_rows(buckets(facts), START + timedelta(seconds=7200), parameters)
    of_cells = card.rows.filter(pl.col("level") == "country").sort("country", "psp")
    assert of_cells["sr_mean"].to_numpy().reshape(3, 4) == pytest.approx(posterior.mean, abs=1e-6)


def test_the_public_log(shared_data: Path) -> None:
    # reference RT §5.6 test 3; its table names no model of the probabilities: ours are the shares of January
    attempts, fees = read(shared_data / "routing")
    found = rates(attempts, fees)
    assert (found.attempts, found.intents) == (50_410, 27_337)
    assert [round(one, 4) for one in (found.per_attempt, found.first_attempt, found.per_intent)] == [0.2029, 0.2067, 0.3740]
    assert round(found.cost_minor_per_approved) == 866
    judged = {one.policy: one for one in judge(attempts)}
    snips = {name: one.evaluation.by(Method.SNIPS).value for name, one in judged.items()}
    of_reference = {"Goldcard": 0.4378, "Moneycard": 0.2294, "Simplecard": 0.1554, "UK_Card": 0.1971}
    assert {name: snips[f"always {name}"] for name in of_reference} == pytest.approx(of_reference, abs=0.002)
    assert snips["uniform"] == pytest.approx(0.2581, abs=0.001)
    assert round(judged["uniform"].evaluation.baseline, 4) == 0.2106
    assert "lower_bound" in judged["always Simplecard"].against
    assert judged["best by model"].against == ()
