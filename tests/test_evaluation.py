"""Tables of evaluations: every number by hand, and anchors on mazes drawn by hand."""

import json

import numpy as np
import pytest

from evo_plastic.analysis.comparison import (
    ORACLE,
    RANDOM,
    Scored,
    anchors,
    evaluation_keys,
    score,
)
from evo_plastic.analysis.evaluation import RolloutTable, summarise
from evo_plastic.tasks import named_set
from evo_plastic.tasks.behaviour import Behaviour
from evo_plastic.tasks.fitness import DIVERGED, FAILED, REACHED
from evo_plastic.tasks.oracle import random_policy
from evo_plastic.tasks.task_sets import TaskSet

CORRIDOR = ["#######", "#S....#", "#.###.#", "#.#G#.#", "#.#.#.#", "#.#...#", "#######"]
WALLED_IN = ["#######", "#S....#", "#.###.#", "#.#G#.#", "#.###.#", "#.....#", "#######"]

# Two repeats of two instances, two rollouts each.
STEPS = np.array([[10, 200], [30, 100], [200, 50], [50, 50]], np.int16)
OUTCOME = np.array([[1, 0], [1, 1], [0, 1], [1, 1]], np.int8)


def drawn(*pictures: list[str]) -> TaskSet:
    cells = np.array([[list(row) for row in picture] for picture in pictures])
    start, goal = (np.argwhere(cells == mark)[:, 1:].astype(np.int16) for mark in "SG")
    return TaskSet("drawn", (cells == "#").astype(np.uint8), start, goal)


def serpentine(length: int) -> TaskSet:
    """One way through all rows of a maze, to a goal that is ``length`` ≤ 240 steps away."""
    walls = np.ones((1, 23, 23), np.uint8)
    path: list[tuple[int, int]] = []
    for x in range(1, 22, 2):
        row = [(x, y) for y in range(1, 22)]
        path += row if x % 4 == 1 else row[::-1]
        path.append((x + 1, path[-1][1]))
    path.pop()  # the last row leads nowhere
    for x, y in path:
        walls[0, x, y] = 0
    return TaskSet("snake", walls, np.int16([path[0]]), np.int16([path[length]]))


def test_a_table_by_hand() -> None:
    # Rewards: [.9, -2], [.7, 0] | [-2, .5], [.5, .5]; per instance [.8, -1], [-.75, .5].
    table = summarise(STEPS, OUTCOME, repeats=2)
    assert table.instances == 2
    assert table.mean == pytest.approx((0.025, -0.25))
    assert table.se == pytest.approx((1.55 / 2, 1.5 / 2))
    assert table.goal_rate == (0.75, 0.75)
    assert table.steps == (72.5, 100.0)


def test_without_repeats_every_lifetime_counts_for_itself() -> None:
    table = summarise(STEPS, OUTCOME, repeats=1)
    assert table.instances == 4
    assert table.mean == pytest.approx((0.025, -0.25))
    rewards = np.array([0.9, 0.7, -2, 0.5])
    assert table.se[0] == pytest.approx(np.sqrt(np.sum((rewards - 0.025) ** 2) / 3 / 4))


def test_repeats_that_agree_do_not_shrink_the_error() -> None:
    once = summarise(STEPS, OUTCOME, 1)
    thrice = summarise(np.repeat(STEPS, 3, axis=0), np.repeat(OUTCOME, 3, axis=0), 3)
    assert thrice.instances == once.instances
    for field in ("mean", "se", "goal_rate", "steps"):
        assert getattr(thrice, field) == pytest.approx(getattr(once, field)), field


def test_a_single_instance_has_no_error() -> None:
    table = summarise(STEPS, OUTCOME, repeats=4)
    assert table.instances == 1
    assert table.mean == pytest.approx((0.025, -0.25))
    assert np.isnan(table.se).all()


def test_a_divergence_is_no_goal_and_no_reward() -> None:
    outcome = OUTCOME.copy()
    outcome[3, 1] = DIVERGED
    table = summarise(STEPS, outcome, repeats=2)
    assert table.goal_rate == (0.75, 0.5)
    assert table.mean[0] == pytest.approx(0.025)
    assert np.isnan([table.mean[1], table.se[1]]).all()


def test_numbers_are_plain_ones_that_json_and_pickle_take() -> None:
    table = summarise(STEPS.astype(np.int32), OUTCOME, 2)
    for numbers in (table.mean, table.se, table.goal_rate, table.steps):
        assert isinstance(numbers, tuple)
        assert {type(number) for number in numbers} == {float}


def test_json_has_null_for_nan() -> None:
    nan = float("nan")
    table = RolloutTable(1, mean=(0.5, nan), se=(nan, nan), goal_rate=(1.0, 0.5), steps=(9.0, 8.5))
    document = Scored("us", "maze9/test", "abc", table, np.zeros((1, 2))).to_json()
    assert json.loads(json.dumps(document, allow_nan=False)) == {
        "policy": "us",
        "task_set": "maze9/test",
        "sha256": "abc",
        "instances": 1,
        "mean": [0.5, None],
        "se": [None, None],
        "goal_rate": [1.0, 0.5],
        "steps": [9.0, 8.5],
        "coverage": None,
        "decisive": None,
        "entropy": None,
    }


def test_a_table_has_the_means_of_what_was_measured() -> None:
    shares = np.array([[0.1, 0.2], [0.3, 0.4], [0.5, 0.6], [0.7, 1.0]])
    table = summarise(STEPS, OUTCOME, 2, Behaviour(shares, None, shares / 2))
    assert table.coverage == pytest.approx((0.4, 0.55))
    assert table.decisive is None
    assert table.entropy == pytest.approx((0.2, 0.275))


def test_a_score_keeps_the_rewards_of_each_instance() -> None:
    scored = score("us", drawn(CORRIDOR), STEPS, OUTCOME, 2)
    np.testing.assert_allclose(scored.rewards, [[0.8, -1.0], [-0.75, 0.5]])


def test_a_score_says_which_mazes_it_is_of() -> None:
    mazes = named_set("maze9/validate").subset(slice(2))
    scored = score("us", mazes, STEPS, OUTCOME, 2)
    assert (scored.policy, scored.task_set) == ("us", "maze9/validate")
    assert scored.content_hash == mazes.content_hash
    assert scored.table == summarise(STEPS, OUTCOME, 2)


def test_evaluation_keys_are_all_different() -> None:
    keys = np.stack([evaluation_keys(seed, 40, 5) for seed in (0, 1)])
    assert keys.shape == (2, 40, 5)
    assert len(np.unique(keys)) == keys.size


def test_an_evaluation_key_follows_from_seed_instance_and_repeat_alone() -> None:
    many = evaluation_keys(3, 40, 5)
    np.testing.assert_array_equal(evaluation_keys(3, 7, 2), many[:7, :2])


def test_anchors_on_a_corridor_and_a_goal_out_of_reach() -> None:
    oracle, random = anchors(drawn(CORRIDOR, WALLED_IN), evaluation_keys(0, 2, 3), rollouts=2)
    assert (oracle.policy, random.policy) == (ORACLE, RANDOM) == ("oracle", "random")
    assert oracle.table.instances == random.table.instances == 2
    assert oracle.table.mean == pytest.approx((-0.56, -0.56))  # 0.88 and -2
    assert oracle.table.se == pytest.approx((1.44, 1.44))
    assert oracle.table.goal_rate == (0.5, 0.5)
    assert oracle.table.steps == (106.0, 106.0)
    # 13 of 17 free cells, and 1 of 17: somebody who knows stays where he is.
    assert oracle.table.coverage == pytest.approx(((13 / 17 + 1 / 17) / 2,) * 2)
    assert oracle.table.decisive is oracle.table.entropy is random.table.decisive is None
    assert random.table.entropy == (2.0, 2.0)
    for mean, rate in zip(random.table.mean, random.table.goal_rate, strict=True):
        assert mean < -0.56
        assert rate <= 0.5


@pytest.mark.parametrize(
    ("length", "reward", "goals"), [(150, -0.5, 1), (200, -1, 1), (201, -2, 0)]
)
def test_the_oracle_too_has_no_more_than_200_steps(length: int, reward: float, goals: int) -> None:
    mazes = serpentine(length)
    oracle, _ = anchors(mazes, evaluation_keys(0, 1, 1), rollouts=3)
    assert oracle.table.mean == pytest.approx((reward,) * 3)
    assert oracle.table.goal_rate == (goals,) * 3
    assert oracle.table.steps == (min(length, 200),) * 3
    assert np.isnan(oracle.table.se).all()


def test_the_random_policy_meets_every_repeat_with_its_own_key() -> None:
    mazes, keys = named_set("maze9").subset(slice(20)), evaluation_keys(5, 20, 3)
    _, random = anchors(mazes, keys, rollouts=2)
    runs = [random_policy(mazes, keys[:, repeat], 2) for repeat in range(3)]
    steps = np.stack([run[0] for run in runs], axis=1).reshape(60, 2)
    reached = np.stack([run[1] for run in runs], axis=1).reshape(60, 2)
    visited = np.stack([run[2] for run in runs], axis=1).reshape(60, 2)
    free = np.repeat((mazes.walls == 0).sum(axis=(1, 2)), 3)
    acted = Behaviour(visited / free[:, None], None, np.full((60, 2), 2.0))
    assert random.table == summarise(steps, np.where(reached, REACHED, FAILED), 3, acted)
    assert 0 < random.table.goal_rate[0] < 1
    assert random.table.mean[0] != random.table.mean[1]


def test_anchors_change_with_the_seed_only_where_there_is_chance() -> None:
    mazes = named_set("maze9").subset(slice(50))
    first, second = (anchors(mazes, evaluation_keys(seed, 50, 1), 1) for seed in (0, 1))
    assert first[0] == second[0]
    assert first[1] != second[1]
