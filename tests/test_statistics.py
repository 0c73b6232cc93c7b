"""Interquartile means, their intervals and probabilities of improvement."""

from itertools import product

import numpy as np
import pytest
from scipy import stats

from evo_plastic.analysis.statistics import LEAST_RUNS, estimate, improvement, interquartile_mean

RNG = np.random.default_rng(3)


def test_the_middle_half_is_averaged_by_hand() -> None:
    # Eight scores lose two on either side, five lose one, three none.
    assert interquartile_mean(np.array([9.0, 1, 2, 3, 4, 5, 6, -50])) == pytest.approx(3.5)
    assert interquartile_mean(np.array([5.0, 100, 1, 3, -7])) == pytest.approx(3)
    assert interquartile_mean(np.array([1.0, 2, 6])) == pytest.approx(3)


@pytest.mark.parametrize("count", range(1, 14))
def test_the_mean_is_that_of_scipy_along_any_axis(count: int) -> None:
    scores = RNG.normal(size=(4, count))
    expected = stats.trim_mean(scores, 0.25, axis=1)
    np.testing.assert_allclose(interquartile_mean(scores, axis=1), expected, rtol=1e-12)


def test_one_run_in_five_that_never_arrives_does_not_decide_two_do() -> None:
    assert estimate(np.array([1.0, 2, 3, np.inf, 4])).iqm == pytest.approx(3)
    assert estimate(np.array([1.0, np.inf, 3, np.inf, 4])).iqm == np.inf


def test_the_interval_is_that_of_all_resamples_there_are() -> None:
    scores = np.array([0.1, 0.35, 0.4, 0.8, 2.0])
    every = interquartile_mean(np.array(list(product(scores, repeat=5))), axis=1)
    low, high = np.quantile(every, (0.025, 0.975), method="inverted_cdf")
    found = estimate(scores)
    # Of 3125 resamples many agree, so the ends of a sample of them are the very same numbers.
    assert (found.low, found.high) == pytest.approx((low, high), abs=0.02)
    assert found.low < found.iqm < found.high


def test_the_interval_is_that_of_scipy() -> None:
    scores = RNG.normal(0.5, 0.2, 12)
    theirs = stats.bootstrap(
        (scores,), lambda x, axis: stats.trim_mean(x, 0.25, axis=axis), method="percentile",
        rng=np.random.default_rng(1),
    ).confidence_interval  # fmt: skip
    found = estimate(scores)
    assert (found.low, found.high) == pytest.approx(tuple(theirs), abs=0.01)


@pytest.mark.parametrize("count", [1, 2, LEAST_RUNS - 1])
def test_few_runs_have_a_range_and_no_interval(count: int) -> None:
    scores = np.arange(count, dtype=float)
    found = estimate(scores)
    assert (found.runs, found.low, found.high) == (count, None, None)
    assert (found.least, found.greatest) == (0, count - 1)
    enough = improvement(scores, np.arange(20.0))
    assert (enough.low, enough.high, enough.decided) == (None, None, False)


def test_the_same_scores_on_a_second_set_are_no_new_evidence() -> None:
    scores = RNG.normal(size=9)
    once, twice = estimate(scores), estimate(np.stack([scores, scores], axis=1))
    # Runs drawn apart for each set would shrink the interval by a third.
    assert (once.high or 0) - (once.low or 0) > 0.5
    width = (twice.high or 0) - (twice.low or 0)
    assert width == pytest.approx((once.high or 0) - (once.low or 0), rel=0.05)


def test_columns_are_pooled_and_runs_range_by_their_means() -> None:
    found = estimate(np.array([[0.0, 4], [1, 1], [2, 12]]))
    assert found.iqm == pytest.approx(np.mean([1, 1, 2, 4]))  # of 0 1 1 2 4 12
    assert (found.least, found.greatest) == (1, 7)


def test_improvement_counts_pairs_and_halves_of_ties_by_hand() -> None:
    # 3 beats 1 and 2; 2 beats 1 and ties 2.
    assert improvement(np.array([3.0, 2]), np.array([1.0, 2])).probability == 0.875
    assert improvement(np.array([np.inf]), np.array([np.inf])).probability == 0.5


def test_improvement_is_the_statistic_of_mann_and_whitney() -> None:
    x, y = RNG.integers(0, 6, 8).astype(float), RNG.integers(1, 7, 11).astype(float)
    expected = stats.mannwhitneyu(x, y).statistic / (8 * 11)
    assert improvement(x, y).probability == pytest.approx(expected)
    assert improvement(y, x).probability == pytest.approx(1 - expected)


def test_improvement_is_averaged_over_task_sets() -> None:
    x, y = np.array([[1.0, 0], [1, 0]]), np.array([[0.0, 0], [0, 1]])
    assert improvement(x, y).probability == pytest.approx((1 + 0.25) / 2)


def test_the_interval_of_improvement_is_that_of_scipy() -> None:
    x, y = RNG.normal(0.5, 1, 9), RNG.normal(0, 1, 8)

    def share(x: np.ndarray, y: np.ndarray, axis: int) -> np.ndarray:
        return (x[..., :, None] > y[..., None, :]).mean(axis=(-1, -2))

    theirs = stats.bootstrap(
        (x, y), share, method="percentile", vectorized=True, rng=np.random.default_rng(1)
    ).confidence_interval
    found = improvement(x, y)
    assert (found.low, found.high) == pytest.approx(tuple(theirs), abs=0.03)


@pytest.mark.parametrize(("shift", "decided"), [(0.0, False), (3.0, True), (-3.0, True)])
def test_what_leaves_out_even_chances_is_decided(shift: float, decided: bool) -> None:
    scores = np.linspace(0, 1, 8)
    assert improvement(scores + shift, scores).decided == decided


def test_intervals_come_out_the_same_every_time() -> None:
    scores = RNG.normal(size=7)
    assert estimate(scores) == estimate(scores.copy())
    assert improvement(scores, scores + 0.1) == improvement(scores.copy(), scores + 0.1)
