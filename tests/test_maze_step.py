"""What an agent sees, where its moves lead, and how its outputs become an action."""

from collections.abc import Sequence
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray
from scipy import stats

from evo_plastic.jit import jit
from evo_plastic.seeding import fold
from evo_plastic.tasks import maze_step
from evo_plastic.tasks.maze import MOVES
from evo_plastic.tasks.task_sets import TaskSet

# Rows are the first axis, x; columns the second, y. Start (1, 1), goal (2, 3).
WALLS = np.array(
    [
        [1, 1, 1, 1, 1],
        [1, 0, 0, 1, 1],
        [1, 1, 0, 0, 1],
        [1, 0, 0, 0, 1],
        [1, 1, 1, 1, 1],
    ],
    np.uint8,
)
OTHER = np.pad(np.zeros((3, 3), np.uint8), 1, constant_values=1)
TASKS = TaskSet(
    "by hand",
    np.stack([OTHER, WALLS]),
    np.array([[1, 1], [1, 1]], np.int16),
    np.array([[3, 3], [2, 3]], np.int16),
)
MAZE, SIZE = 1, 5


@jit
def _observe(cells, maze, size, position, x):  # type: ignore[no-untyped-def]
    maze_step.observe(cells, maze, size, position, x, 1)


@jit
def _begin_rollout(keys, rollout, x):  # type: ignore[no-untyped-def]
    for i in range(keys.size):
        maze_step.begin_rollout(keys[i], rollout, x, i)


@jit
def _remember(action, x):  # type: ignore[no-untyped-def]
    maze_step.remember(action, x, 1)


@jit
def _move(cells, maze, size, position, action):  # type: ignore[no-untyped-def]
    return maze_step.move(cells, maze, size, position, action)


@jit
def _choose(o, keys, steps, uniform, action, actions):  # type: ignore[no-untyped-def]
    for i in range(keys.size):
        for k in range(steps.size):
            slot = (i + k) % 16
            maze_step.draw_uniform(keys[i], steps[k], uniform, slot)
            maze_step.choose_actions(o, uniform, action)
            actions[i, k] = action[slot]


def choices(o: Sequence[float], keys: Any, steps: Any, dtype: type = np.float32) -> NDArray[Any]:
    """Actions (keys, steps) for one vector of outputs."""
    actions = np.zeros((keys.size, steps.size), np.int64)
    lanes = np.repeat(np.array(o, dtype)[:, None], 16, axis=1)
    uniform, action = np.zeros((2, 16), np.float32), np.zeros(16, np.int32)
    _choose(lanes, keys, steps, uniform, action, actions)
    return actions


def seen_at(x: int, y: int) -> list[float]:
    inputs = np.full((2, 16), 7, np.float32)
    _observe(TASKS.cells, MAZE, SIZE, SIZE * x + y, inputs)
    np.testing.assert_array_equal(inputs[0], np.full(16, 7))
    np.testing.assert_array_equal(inputs[1, 9:], np.full(7, 7))
    return inputs[1, :9].tolist()


def test_the_window_shows_walls_as_1_and_the_goal_as_minus_1() -> None:
    assert seen_at(1, 1) == [1, 1, 1, 1, 0, 0, 1, 1, 0]
    assert seen_at(1, 2) == [1, 1, 1, 0, 0, 1, 1, 0, -1]
    assert seen_at(2, 2) == [0, 0, 1, 1, 0, -1, 0, 0, 0]
    assert seen_at(3, 3) == [0, -1, 1, 0, 0, 1, 1, 1, 1]


@pytest.mark.parametrize(("action", "end"), [(0, (1, 2)), (1, (3, 2)), (2, (2, 2)), (3, (2, 3))])
def test_a_move_leads_to_a_free_cell_or_stays(action: int, end: tuple[int, int]) -> None:
    # From (2, 2): wall at (2, 1) only; the goal (2, 3) can be entered.
    target = _move(TASKS.cells, MAZE, SIZE, SIZE * 2 + 2, action)
    assert divmod(target, SIZE) == end


def test_moves_are_in_the_order_that_the_task_states() -> None:
    for action, (dx, dy) in enumerate(MOVES):
        assert _move(TASKS.cells, 0, SIZE, SIZE * 2 + 2, action) == SIZE * (2 + dx) + 2 + dy


def test_after_a_step_its_action_and_cost_are_inputs() -> None:
    x = np.full((2, 16), 0.5, np.float64)
    _remember(2, x)
    np.testing.assert_array_equal(x[0], np.full(16, 0.5))
    np.testing.assert_array_equal(x[1], [*[0.5] * 9, 0, 0, 1, 0, -0.01, 0.5, 0.5])


def test_a_rollout_begins_with_a_random_previous_action() -> None:
    keys = fold(3, np.arange(4000))
    x = np.full((4000, 16), 0.5, np.float32)
    _begin_rollout(keys, 0, x)
    np.testing.assert_array_equal(x[:, 13], np.zeros(4000))
    np.testing.assert_array_equal(np.delete(x, range(9, 14), axis=1), np.full((4000, 11), 0.5))
    previous = x[:, 9:13].copy()
    np.testing.assert_array_equal(np.sort(previous, axis=1), [[0, 0, 0, 1]] * 4000)
    assert stats.chisquare(previous.sum(axis=0)).pvalue > 1e-3
    _begin_rollout(keys, 1, x)
    pairs = np.zeros((4, 4))
    np.add.at(pairs, (previous.argmax(axis=1), x[:, 9:13].argmax(axis=1)), 1)
    assert stats.chisquare(pairs.ravel()).pvalue > 1e-3


OUTPUTS = [
    (0.0, 0.0, 0.0, 0.0, 0.0),
    (0.3, -0.2, 1.1, 0.4, 0.0),
    (0.3, -0.2, 1.1, 0.4, 0.6),
    (-1.0, 2.0, 1.9, -0.5, -0.7),
    (80.0, 79.0, 78.5, 77.0, -3.0),  # exp of these overflows in float32
    (-200.0, -201.0, -199.0, -202.0, -1.0),
]


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize("o", OUTPUTS)
@pytest.mark.parametrize("over", ["keys", "steps"])
def test_actions_have_the_stated_probabilities(o: Sequence[float], over: str, dtype: type) -> None:
    many = np.arange(50_000)
    keys, steps = (fold(1, many), many[3:4]) if over == "keys" else (fold(1, 2), many)
    counts = np.bincount(choices(o, keys, steps, dtype).ravel(), minlength=4)
    best = 0.5 * np.tanh(o[4]) + 0.5
    softmax = np.exp(np.array(o[:4]) - max(o[:4]))
    probabilities = (1 - best) * softmax / softmax.sum()
    probabilities[np.argmax(o[:4])] += best
    assert stats.chisquare(counts, probabilities * 50_000).pvalue > 1e-3


def test_actions_of_successive_steps_are_independent() -> None:
    actions = choices((0.0,) * 4 + (-9.0,), fold(1, np.arange(200)), np.arange(101))
    pairs = np.zeros((4, 4))
    np.add.at(pairs, (actions[:, :-1].ravel(), actions[:, 1:].ravel()), 1)
    assert stats.chi2_contingency(pairs).pvalue > 1e-3


@pytest.mark.parametrize(
    ("preferences", "first"),
    [
        ((1, 1, 1, 1), 0),
        ((0, 2, 1, 2), 1),
        ((0, 0, 3, 3), 2),
        ((5, 4, 5, 5), 0),
        ((0, 1, 2, 3), 3),
    ],
)
def test_the_first_of_equally_good_actions_is_taken(
    preferences: tuple[float, ...], first: int
) -> None:
    o = (*(float(p) for p in preferences), 50.0)
    assert (choices(o, fold(1, np.arange(500)), np.arange(2)) == first).all()


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_outputs_that_are_no_numbers_still_give_an_action(dtype: type) -> None:
    for broken in ([np.nan] * 5, [np.nan, 1, 2, 3, -9], [np.inf, np.inf, 0, 0, -9]):
        actions = choices(broken, fold(1, np.arange(100)), np.arange(2), dtype)
        assert set(actions.ravel()) <= {0, 1, 2, 3}
