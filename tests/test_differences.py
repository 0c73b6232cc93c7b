"""Paired differences: by hand, and intervals that cover as often as they say."""

import numpy as np
import pytest

from evo_plastic.analysis.comparison import ORACLE, RANDOM, Scored
from evo_plastic.analysis.differences import differences
from evo_plastic.analysis.evaluation import RolloutTable

EMPTY = RolloutTable(0, (), (), (), ())


def scored(policy: str, rewards: np.ndarray) -> Scored:
    return Scored(policy, "maze9/test", "abc", EMPTY, rewards)


def test_pairs_of_genomes_in_the_last_rollout_that_both_have() -> None:
    long, short = np.zeros((4, 3)), np.zeros((4, 2))
    long[:, 1] = [1.0, 0.5, 0.5, 0.0]
    anchors = [scored(ORACLE, long), scored(RANDOM, long)]
    found = differences([scored("a", long), scored("b", short), scored("c", long), *anchors])
    assert [(d.first, d.second, d.rollout) for d in found] == [
        ("a", "b", 2), ("a", "c", 3), ("b", "c", 2),
    ]  # fmt: skip
    assert [d.mean for d in found] == [0.5, 0.0, -0.5]
    assert found[1].low == found[1].high == 0.0
    assert 0.0 < found[0].low < 0.5 < found[0].high <= 1.0


def test_what_mazes_have_in_common_cancels() -> None:
    rng = np.random.default_rng(0)
    mazes = rng.normal(0, 1, 400)
    one, other = (mazes + gain + rng.normal(0, 0.1, 400) for gain in (0.05, 0.0))
    (found,) = differences([scored("a", one[:, None]), scored("b", other[:, None])])
    assert found.low < found.mean < found.high
    assert found.high - found.low < 0.04


def test_intervals_cover_the_truth_as_often_as_they_say() -> None:
    covered = 0
    for seed in range(200):
        rng = np.random.default_rng(seed)
        rewards = rng.exponential(1.0, (60, 1))
        (found,) = differences([scored("a", rewards), scored("b", np.zeros((60, 1)))])
        covered += found.low <= 1.0 <= found.high
    assert 178 <= covered <= 199


@pytest.mark.parametrize("rewards", [[[1.0]], [[1.0], [np.nan]]])
def test_without_numbers_there_is_no_interval(rewards: list[list[float]]) -> None:
    one = np.array(rewards)
    (found,) = differences([scored("a", one), scored("b", np.zeros_like(one))])
    document = found.to_json()
    assert document["low"] is document["high"] is None
    assert (document["mean"] is None) == bool(np.isnan(one).any())
