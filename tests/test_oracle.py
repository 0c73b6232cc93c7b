"""Shortest paths and random walks, by hand, against SciPy and against published means."""

import numpy as np
import pytest
from scipy.sparse import csgraph, csr_array

from evo_plastic.seeding import fold, mix64
from evo_plastic.tasks import DISTRIBUTIONS, named_set
from evo_plastic.tasks.fitness import rollout_rewards
from evo_plastic.tasks.maze import MAX_STEPS, MOVES
from evo_plastic.tasks.oracle import oracle_policy, random_policy, shortest_paths
from evo_plastic.tasks.task_sets import TaskSet, sample

CORRIDOR = ["#######", "#S....#", "#.###.#", "#.#G#.#", "#.#.#.#", "#.#...#", "#######"]
WALLED_IN = ["#######", "#S....#", "#.###.#", "#.#G#.#", "#.###.#", "#.....#", "#######"]


def drawn(*pictures: list[str]) -> TaskSet:
    cells = np.array([[list(row) for row in picture] for picture in pictures])
    start, goal = (np.argwhere(cells == mark)[:, 1:].astype(np.int16) for mark in "SG")
    return TaskSet("drawn", (cells == "#").astype(np.uint8), start, goal)


def scipy_distance(walls: np.ndarray, start: int, goal: int) -> float:
    size = len(walls)
    free = np.flatnonzero(walls.ravel() == 0)
    ends = [(a, a + step) for a in free for step in (1, size) if walls.flat[a + step] == 0]
    rows, columns = np.array(ends).T
    graph = csr_array((np.ones(len(rows)), (rows, columns)), shape=(size**2, size**2))
    return csgraph.shortest_path(graph, directed=False, unweighted=True, indices=start)[goal]


def test_a_drawn_path_has_the_length_counted_by_hand() -> None:
    mazes = drawn(CORRIDOR, WALLED_IN)
    np.testing.assert_array_equal(shortest_paths(mazes), [12, -1])
    np.testing.assert_allclose(rollout_rewards(*oracle_policy(mazes, 1)[:2])[:, 0], [0.88, -2.0])


@pytest.mark.parametrize("name", ["maze9", "maze21"])
def test_shortest_paths_are_those_of_scipy(name: str) -> None:
    mazes = sample(DISTRIBUTIONS[name], fold(1, np.arange(50)))
    triples = zip(mazes.walls, mazes.flat_start, mazes.flat_goal, strict=True)
    np.testing.assert_array_equal(shortest_paths(mazes), [scipy_distance(*t) for t in triples])


def test_reward_is_one_less_a_hundredth_per_step_or_minus_two() -> None:
    rewards = rollout_rewards(np.array([1, 10, 200, 200]), np.array([True, True, True, False]))
    np.testing.assert_allclose(rewards, [0.99, 0.90, -1.0, -2.0])


def test_random_policy_equals_a_plain_walk() -> None:
    mazes, keys = sample(DISTRIBUTIONS["maze9"], fold(2, np.arange(20))), fold(3, np.arange(20))
    steps, reached, visited = random_policy(mazes, keys, rollouts=3)
    for i, key in enumerate(keys):
        golden = np.uint64(0x9E3779B97F4A7C15)
        words = mix64(key + np.arange(3 * MAX_STEPS, dtype=np.uint64) * golden)
        for rollout, actions in enumerate((words >> np.uint64(62)).reshape(3, MAX_STEPS)):
            here, taken = tuple(mazes.start[i]), 0
            seen = {here}
            while here != tuple(mazes.goal[i]) and taken < MAX_STEPS:
                dx, dy = MOVES[actions[taken]]
                there = (here[0] + dx, here[1] + dy)
                here = here if mazes.walls[i][there] else there
                seen.add(here)
                taken += 1
            assert steps[i, rollout] == taken
            assert visited[i, rollout] == len(seen)
            assert reached[i, rollout] == (here == tuple(mazes.goal[i]))
    assert steps.dtype == np.int32


def test_a_random_lifetime_depends_on_its_maze_and_key_alone() -> None:
    mazes, keys = named_set("maze9/validate"), fold(4, np.arange(1024))
    part = np.array([900, 3, 41])
    whole = random_policy(mazes, keys, rollouts=2)
    some = random_policy(mazes.subset(part), keys[part], rollouts=2)
    np.testing.assert_array_equal(whole[0][part], some[0])
    np.testing.assert_array_equal(whole[1][part], some[1])


@pytest.mark.parametrize(("mean", "error"), [(-1.214, 0.032), (-1.159, 0.023)])
def test_random_reward_is_the_published_one(mean: float, error: float) -> None:
    rewards = rollout_rewards(*random_policy(named_set("maze9"), fold(5, np.arange(2048)), 1)[:2])
    combined = np.hypot(rewards.std() / np.sqrt(rewards.size), error)
    assert abs(rewards.mean() - mean) < 4 * combined


@pytest.mark.parametrize(
    ("name", "mean", "error"), [("maze9", 0.9142, 0.0006), ("maze15", 0.8389, 0.0011)]
)
def test_oracle_reward_is_that_of_the_reference_mazes(
    name: str, mean: float, error: float
) -> None:
    rewards = rollout_rewards(*oracle_policy(named_set(name), 1)[:2])
    combined = np.hypot(rewards.std() / np.sqrt(rewards.size), error)
    assert abs(rewards.mean() - mean) < 4 * combined
