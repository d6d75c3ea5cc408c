"""The statistics of a card: by hand, against an oracle, and whether their intervals hold what they promise."""

from __future__ import annotations

import random
from dataclasses import replace
from datetime import timedelta

import numpy as np
import polars as pl
import pytest

from assets.payments.scorecards.best import probability_best, probability_better
from assets.payments.scorecards.card_rows import card_rows
from assets.payments.scorecards.decay import ONE, ageing, decay_weight, decay_weights
from assets.payments.scorecards.measures import measures_of_calls
from assets.payments.scorecards.parameters import Parameters
from assets.payments.scorecards.shrinkage import kappa_by_moments
from tests.unit.payments.scorecards.oracle import means
from tests.unit.payments.scorecards.traffic import BEGIN, HALF_LIFE, Try, buckets, drawn
from transactional.payments.scorecards.cells import LEVELS
from transactional.payments.scorecards.columns import NAMES
from transactional.payments.scorecards.document import content, content_hash
from transactional.payments.scorecards.rows import row_of
from transactional.vocabulary.errors import InputRejected

AT = BEGIN + timedelta(hours=3)
GIVEN = Parameters()


def hash_of(frame: pl.DataFrame) -> str:
    return content_hash(content(row_of(values) for values in card_rows(frame, AT, GIVEN).rows.iter_rows()))


def one_cell(**outcomes: str) -> pl.DataFrame:
    """The country's rows of traffic in one hour: a letter an attempt, `a` approved, `f` failed, `p` the payer's fault, `w` waiting."""
    names = {"a": "approved", "f": "failed", "p": "payer", "w": "pending"}
    tries = [Try(BEGIN, psp, names[letter]) for psp, letters in outcomes.items() for letter in letters]
    return card_rows(buckets(tries), BEGIN, GIVEN).rows.filter(pl.col("level") == "country").sort("psp")


def test_the_same_events_shuffled_repeated_and_delayed_give_the_same_card() -> None:
    # RT §5.6 test 1: a counter of events fails this; hour buckets of last known states do not
    tries = drawn(1, 400)
    shuffled = tries[:]
    random.Random(2).shuffle(shuffled)
    in_two_loads = pl.concat([buckets(shuffled[:150]), buckets(shuffled[150:])])
    late = [replace(each, outcome="pending") for each in tries[:40]]
    taken_out = buckets(late).with_columns(-pl.col("^n_.*|s_int|w2_int$"))
    corrected = pl.concat([buckets([*late, *tries[40:]]), taken_out, buckets(tries[:40])])
    assert hash_of(buckets(tries)) == hash_of(in_two_loads) == hash_of(corrected)
    assert hash_of(buckets(tries)) != hash_of(buckets(late + tries[40:]))


def test_the_card_is_the_oracles() -> None:
    tries = drawn(3, 600)
    rows = card_rows(buckets(tries), AT, GIVEN).rows.filter(pl.col("direction") == "deposit")
    expected = means(tries, AT, HALF_LIFE)
    keys = {level.name: level.keys for level in LEVELS}
    told = {(row["level"], tuple(row[key] for key in keys[row["level"]]), row["psp"]): row["sr_mean"] for row in rows.iter_rows(named=True)}
    assert told.keys() == expected.keys()
    assert len(told) > 60
    assert [told[key] for key in expected] == pytest.approx([expected[key] for key in expected], abs=2e-6)


def test_a_weight_doubles_in_a_half_life_and_an_hour_ages_as_its_attempts_do() -> None:
    table = decay_weights(1800)
    assert table["weight"][[0, 1800, 3599]].to_list() == [ONE, 2 * ONE, round(ONE * 2 ** (3599 / 1800))]
    assert table["weight_squared"][1800] == 4 * ONE
    aged = decay_weight(900, HALF_LIFE) * ageing(BEGIN, BEGIN + timedelta(hours=5), HALF_LIFE)
    assert aged == pytest.approx(0.5 ** ((5 * 3600 - 900) / 3600), rel=1e-8)


def test_what_is_older_than_the_window_or_later_than_the_moment_does_not_count() -> None:
    tries = [
        Try(BEGIN, "adyen", "approved"),
        Try(BEGIN + timedelta(hours=23), "adyen", "failed"),
        Try(BEGIN + timedelta(hours=30), "adyen", "failed"),
    ]
    rows = card_rows(buckets(tries), BEGIN + timedelta(hours=25), GIVEN).rows.filter(pl.col("level") == "all")
    assert rows.select("n_attempts", "n_approved", "n_blamed").row(0) == (1, 0, 1)


def test_counts_add_up_from_cells_to_the_whole_with_those_whose_key_is_not_known() -> None:
    tries = drawn(5, 300)
    rows = card_rows(buckets(tries), AT, GIVEN).rows
    by_level = rows.group_by("direction", "level").agg(pl.col("n_attempts", "n_first", "n_approved", "n_pending", "n_blamed").sum())
    whole = by_level.filter(pl.col("level") == "all").drop("level").sort("direction")
    assert by_level.filter(pl.col("level") == "amount_band").drop("level").sort("direction").equals(whole)
    with_bin = len([each for each in tries if each.bin])
    assert rows.filter(pl.col("level") == "bin")["n_attempts"].sum() == with_bin < rows.filter(pl.col("level") == "all")["n_attempts"].sum()


def test_a_payers_mistake_and_a_waiting_attempt_are_in_no_rate() -> None:
    # decision-engine#237: a healthy PSP demoted for its payers' errors
    with_them, without = one_cell(adyen="aaafpppww", stripe="aaaf"), one_cell(adyen="aaaf", stripe="aaaf")
    assert with_them["sr_mean"].to_list() == without["sr_mean"].to_list()
    assert with_them.select("n_attempts", "n_pending", "n_blamed", "n_approved").row(0) == (9, 2, 1, 3)


@pytest.mark.parametrize(("letters", "raw"), [("ffff", 0.0), ("aaaa", 1.0), ("w", None)])
def test_nothing_of_n_and_all_of_n_are_neither_impossible_nor_certain(letters: str, raw: float | None) -> None:
    # decision-engine: a score of exactly 1 makes Beta(n, 0), which cannot be drawn from
    row = one_cell(adyen=letters, stripe="aaf").row(0, named=True)
    assert row["sr_raw"] == raw
    assert 0 < row["sr_lo"] < row["sr_mean"] < row["sr_hi"] < 1


def test_a_cell_full_of_the_weak_psps_traffic_is_not_taken_for_a_weak_cell() -> None:
    # Simpson: SE is sent to the weak PSP, DE to the strong one; neither country is special, so no prior may move
    tries = [Try(BEGIN, psp, "approved" if n % 10 < good else "failed", country) for psp, country, good in MIX for n in range(400)]
    rows = card_rows(buckets(tries), BEGIN, GIVEN).rows.filter(pl.col("level") == "country")
    prior = {(row["country"], row["psp"]): row["prior_mean"] for row in rows.iter_rows(named=True)}
    assert prior["SE", "weak"] == pytest.approx(prior["DE", "weak"], abs=0.01)
    assert prior["SE", "strong"] - prior["SE", "weak"] == pytest.approx(0.3, abs=0.03)


MIX = [("weak", "SE", 6)] * 9 + [("weak", "DE", 6)] + [("strong", "DE", 9)] * 9 + [("strong", "SE", 9)]


def test_after_a_quiet_night_a_psp_is_expected_to_do_as_it_did_the_day_before() -> None:
    # the trap: weights of next to nothing, and a prior of one half
    tries = [Try(BEGIN, psp, "failed" if n % 10 == 0 else "approved") for psp in ("adyen", "stripe") for n in range(100)]
    rows = card_rows(buckets(tries), BEGIN + timedelta(hours=20), GIVEN).rows
    assert rows["shrink_weight"].to_numpy() == pytest.approx(0, abs=0.001)
    assert rows["sr_mean"].to_numpy() == pytest.approx(0.9, abs=0.01)


def test_kappa_of_cells_that_differ_by_chance_alone_is_the_largest() -> None:
    equal = np.full(4, 0.5)
    assert kappa_by_moments(np.full(4, 100.0), equal, equal, GIVEN) == GIVEN.kappa_max
    assert kappa_by_moments(np.array([100.0]), np.array([0.9]), np.array([0.5]), GIVEN) == GIVEN.kappa_max
    assert kappa_by_moments(np.zeros(3), equal[:3], equal[:3], GIVEN) == GIVEN.kappa_max


def test_kappa_by_hand() -> None:
    # n = 100, 100; p = .4, .6; m = .5: Sq/(m(1-m)) = 2/.25 = 8, surplus 8 - 1 = 7; room 200 - 100 - 1 = 99; rho = 7/99; kappa = 99/7 - 1
    sizes, rates, prior = np.array([100.0, 100.0]), np.array([0.4, 0.6]), np.array([0.5, 0.5])
    free = replace(GIVEN, kappa_min=0.0)
    assert kappa_by_moments(sizes, rates, prior, free) == pytest.approx(99 / 7 - 1)
    assert kappa_by_moments(sizes, rates, prior, GIVEN) == GIVEN.kappa_min


def test_the_weight_of_own_data_by_hand() -> None:
    # one country of one PSP: no cells to compare, so kappa is 2000, of which the 40 attempts of all bear 40; their posterior bears 80 for the country
    row = one_cell(adyen="a" * 30 + "f" * 10).row(0, named=True)
    assert (row["kappa"], row["shrink_weight"], row["n_eff"]) == (80.0, pytest.approx(40 / 120, abs=1e-6), 40.0)
    assert row["sr_mean"] == pytest.approx((30 + 80 * row["prior_mean"]) / 120, abs=1e-6)


def test_eighteen_attempts_are_no_certainty() -> None:
    # the trap: cells that do not differ make the prior worth 2,000 attempts, and the card told .87 to .90 of a PSP from 18 of them
    row = one_cell(adyen="a" * 16 + "f" * 2).row(0, named=True)
    assert row["sr_hi"] - row["sr_lo"] > 0.15


def test_the_probability_to_be_best_agrees_with_draws() -> None:
    alpha, beta = np.array([[80.0, 85.0, 18.0], [15.0, 16.0, 400.0]]), np.array([[20.0, 20.0, 4.0], [7.0, 6.0, 300.0]])
    draws = np.random.default_rng(7).beta(alpha, beta, size=(20_000, 2, 3))
    drawn_best = np.stack([(draws.argmax(axis=2) == psp).mean(axis=0) for psp in range(3)], axis=1)
    assert probability_best(alpha, beta) == pytest.approx(drawn_best, abs=0.02)
    better = probability_better(alpha, beta, np.array([1, 0]), np.array([0, 2]))
    assert better == pytest.approx([(draws[:, 0, 1] > draws[:, 0, 0]).mean(), (draws[:, 1, 0] > draws[:, 1, 2]).mean()], abs=0.03)


def test_the_probabilities_and_shares_of_a_cell_sum_to_one() -> None:
    rows = card_rows(buckets(drawn(8, 500)), AT, GIVEN).rows
    summed = rows.group_by("direction", "level", "country", "method", "issuer_group", "bin", "amount_band").agg(
        pl.col("p_best", "share_target").sum()
    )
    assert summed["p_best"].to_numpy() == pytest.approx(1.0, abs=3e-6)
    assert summed["share_target"].to_numpy() == pytest.approx(1.0, abs=1e-9)
    assert rows.columns == list(NAMES)


def test_intervals_of_200_cells_hold_the_truth_nine_times_in_ten() -> None:
    # RT §5.6 test 5, the cheap version: 200 BINs of 3 PSPs, true rates .8 with spread, 20 to 60 attempts a cell in the last minutes
    source = np.random.default_rng(11)
    truth = 1 / (1 + np.exp(-(np.log(4) + source.normal(0, 0.18, 3) + source.normal(0, 0.35, (200, 3)))))
    keys = {"bucket_at": BEGIN, "direction": "deposit", "country": "SE", "method": "card", "issuer_group": "SEB", "amount_band": "20_50"}
    counts = source.integers(7, 20, (200, 3))
    good = source.binomial(counts, truth)
    frame = pl.DataFrame({"bin": [f"{n:06}" for n in range(200) for _ in range(3)], "psp": ["a", "b", "c"] * 200}).with_columns(
        *[pl.lit(value).alias(name) for name, value in keys.items()],
        *[pl.Series(name, counts.ravel()) for name in ("n_attempts", "n_first")],
        *[pl.Series(name, good.ravel()) for name in ("n_approved", "n_approved_first")],
        *[pl.Series(name, (counts - good).ravel()) for name in ("n_blamed",)],
        pl.lit(0, dtype=pl.Int64).alias("n_pending"),
        *[pl.Series(name, values.ravel() * ONE) for name, values in (("s_int", good), ("n_int", counts), ("w2_int", counts))],
    )
    rows = card_rows(frame, BEGIN, GIVEN).rows.filter(pl.col("level") == "bin").sort("bin", "psp")
    low, high = (rows[name].to_numpy().reshape(200, 3) for name in ("sr_lo", "sr_hi"))
    assert 0.90 <= np.mean((low <= truth) & (truth <= high)) < 0.995
    raw, mean = (rows[name].to_numpy().reshape(200, 3) for name in ("sr_raw", "sr_mean"))
    assert np.mean((mean - truth) ** 2) < 0.5 * np.mean((raw - truth) ** 2)


@pytest.mark.parametrize("wrong", [{"half_life_seconds": 60}, {"min_shares": {"adyen": 0.6, "stripe": 0.6}}])
def test_parameters_that_cannot_work_are_refused(wrong: dict[str, object]) -> None:
    with pytest.raises(InputRejected):
        Parameters(**wrong)  # type: ignore[arg-type]


def test_a_casino_without_cards_has_a_card_of_the_levels_it_has() -> None:
    # the trap: only bank transfers, so no cell has a BIN, and the publisher dies of an empty table
    tries = [replace(one, bin="", issuer_group="") for one in drawn(5, 300)]
    rows = card_rows(buckets(tries), BEGIN + timedelta(hours=3), Parameters()).rows
    assert set(rows["level"]) == {"all", "country", "country_method", "amount_band"}


def test_latencies_are_those_of_calls_time_outs_included_and_narrow_cells_have_their_parents() -> None:
    # the trap: a time-out left out of the percentiles makes the slowest PSP the fastest
    calls = [("deposit", "SE", "card", "adyen", ms, False) for ms in range(1, 91)] + [("deposit", "SE", "card", "adyen", 15_000, True)] * 10
    names = ("direction", "country", "method", "psp", "latency_ms", "is_timeout")
    rows = card_rows(buckets(drawn(1, 200)), AT, GIVEN, measures=measures_of_calls(pl.DataFrame(calls, schema=names, orient="row"))).rows
    told = rows.filter((pl.col("direction") == "deposit") & (pl.col("psp") == "adyen")).select("latency_p50_ms", "latency_p95_ms", "timeout_share")
    assert told.unique().rows() == [(51, 15_000, 0.1)]
    assert rows.filter(pl.col("psp") == "stripe")["latency_p50_ms"].null_count() == rows.filter(pl.col("psp") == "stripe").height
