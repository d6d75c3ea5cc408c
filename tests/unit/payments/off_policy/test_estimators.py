"""The estimators against what can be computed by hand, and against a world whose truth is known."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from assets.payments.off_policy.estimators import Method, evaluate
from assets.payments.off_policy.gate import objections
from assets.payments.off_policy.log import Log
from transactional.vocabulary.errors import InputRejected


def log(reward: Any, logged: Any, target: Any, **more: Any) -> Log:
    rows = len(reward)
    plain: dict[str, Any] = {"block": np.arange(rows), "period": np.zeros(rows, int), "unsupported": np.zeros(rows, bool)} | more
    return Log(np.asarray(reward, float), np.asarray(logged, float), np.asarray(target, float), **plain)


HAND = log([1, 0, 1, 1], [0.5, 0.5, 0.25, 1.0], [1.0, 0.0, 0.5, 1.0], model_taken=np.array([0.8, 0.4, 0.6, 0.9]), model_target=np.full(4, 0.7))


def test_by_hand() -> None:
    # weights 2, 0, 2, 1: IPS (2 + 2 + 1) / 4, SNIPS 5 / 5, DR 0.7 + (2 * 0.2 + 0 + 2 * 0.4 + 0.1) / 4
    found = {one.method: one.value for one in evaluate(HAND).estimates}
    assert found == pytest.approx({Method.IPS: 1.25, Method.SNIPS: 1.0, Method.DM: 0.7, Method.DR: 1.025})
    assert evaluate(HAND).effective == pytest.approx(25 / 9)
    assert evaluate(HAND).baseline == 0.75


def test_the_error_over_rows_by_hand() -> None:
    # weights 2, 2: value 0.5, sum of w^2 (r - V)^2 = 2, over (sum w)^2 = 16
    assert evaluate(log([1, 0], [0.5, 0.5], [1, 1])).by(Method.SNIPS).row_se == pytest.approx((2 / 16) ** 0.5)


def test_a_policy_judged_by_its_own_log_is_the_log() -> None:
    judged = evaluate(log([1, 0, 1, 0], [0.3, 0.7, 0.2, 0.9], [0.3, 0.7, 0.2, 0.9]))
    assert [one.value for one in judged.estimates] == pytest.approx([0.5, 0.5])
    assert (judged.effective, judged.mean_weight) == (4.0, 1.0)


@pytest.mark.parametrize(("column", "values"), [("logged", [0.0, 1.0]), ("logged", [0.5]), ("target", [0.5, 1.1])])
def test_a_log_that_cannot_be_is_refused_by_its_column(column: str, values: list[float]) -> None:
    # the trap: what was done had probability 0: a weight of infinity
    with pytest.raises(InputRejected, match=column):
        log([1, 0], **{"logged": [0.5, 0.5], "target": [0.5, 0.5], column: values})


class World:
    """Three PSPs, two kinds of payers, a logging policy that favours the first PSP; the target always takes the last one."""

    SUCCESS = np.array([[0.80, 0.70, 0.75], [0.40, 0.50, 0.60]])
    LOGGED = np.array([[0.90, 0.06, 0.04], [0.70, 0.20, 0.10]])
    HARD = 0.4  # share of the second kind of payers
    TRUTH = 0.6 * 0.75 + 0.4 * 0.60

    def log(self, seed: int, days: int = 60, a_day: int = 80) -> Log:
        draw = np.random.default_rng(seed)
        rows = days * a_day
        kind = (draw.random(rows) < self.HARD).astype(int)
        taken = (draw.random(rows)[:, None] > self.LOGGED[kind].cumsum(axis=1)).sum(axis=1)
        reward = (draw.random(rows) < self.SUCCESS[kind, taken]).astype(float)
        model = self.SUCCESS * 0.9 + 0.05  # a model that is wrong everywhere: DR must not be
        block = np.repeat(np.arange(days), a_day)
        logged, target = self.LOGGED[kind, taken], (taken == 2).astype(float)
        return log(reward, logged, target, block=block, period=block // 7, model_taken=model[kind, taken], model_target=model[kind, 2])


def test_unbiased_and_the_intervals_hold_what_they_promise() -> None:
    # reference RT §5.6 test 4: 200 logs with known truth, coverage of the 95 % interval between 92 and 98 %
    judged = [evaluate(World().log(seed)) for seed in range(200)]
    for method in (Method.IPS, Method.SNIPS, Method.DR):
        found = [one.by(method) for one in judged]
        error = np.std([one.value for one in found]) / np.sqrt(len(found))
        assert np.mean([one.value for one in found]) == pytest.approx(World.TRUTH, abs=3 * error), method
        assert 0.92 <= np.mean([one.lo <= World.TRUTH <= one.hi for one in found]) <= 0.98, method
    # the trap: the direct method looks precise and is wrong
    assert np.mean([one.by(Method.DM).lo <= World.TRUTH <= one.by(Method.DM).hi for one in judged]) < 0.1


def test_days_that_differ_widen_the_interval() -> None:
    # the trap: rows resampled one by one: an outage of a day counts as eighty independent failures
    draw = np.random.default_rng(1)
    block = np.repeat(np.arange(30), 80)
    good = draw.beta(4, 2, 30)
    reward = (draw.random(len(block)) < good[block]).astype(float)
    judged = evaluate(log(reward, np.full(len(block), 0.5), np.full(len(block), 0.5), block=block)).by(Method.SNIPS)
    assert judged.row_se is not None
    assert judged.hi - judged.lo > 2 * (2 * 1.96 * judged.row_se)


def codes(one: Log, champion: float | None = None) -> set[str]:
    return {objection.code for objection in objections(one, evaluate(one), champion)}


def test_a_challenger_as_good_as_the_champion_goes_on() -> None:
    assert codes(World().log(3, a_day=300), champion=0.60) == set()


def test_a_challenger_below_the_champion_is_refused_by_its_lower_bound() -> None:
    # the trap: the point estimate is above the champion, the interval is not
    one = World().log(3, a_day=300)
    point = evaluate(one).by(Method.SNIPS).value
    assert codes(one, champion=point - 0.005) == {"lower_bound"}


def test_each_fault_of_a_log_is_named() -> None:
    rows = 4_000
    block = np.repeat(np.arange(40), 100)
    draw = np.random.default_rng(2)
    half, reward = np.full(rows, 0.5), (draw.random(rows) < 0.7).astype(float)
    kept = {"block": block, "period": block // 7}
    assert codes(log(reward, half, half, **kept), 0.0) == set()
    assert codes(log(reward, half, np.full(rows, 0.4), **kept), 0.0) == {"mean_weight"}
    assert codes(log(reward, half, half, **kept | {"unsupported": block == 3}), 0.0) == {"unsupported"}
    rare = np.where(np.arange(rows) == 7, 0.001, 0.5)
    assert codes(log(reward, rare, half, **kept), 0.0) >= {"heavy_weight", "effective_size"}
    drifting = (draw.random(rows) < 0.4 + 0.1 * (block // 7)).astype(float)
    assert codes(log(drifting, half, half, **kept), 0.0) == {"drift"}
