"""Mazes and random draws as tables, the same for both libraries.

A *place* is 4 · (number of a cell among those of all mazes). The inputs of a step depend on the
cell, the previous action and whether the step is the first of its rollout: they are rows of one
table, and row ``place + action`` is that of an ordinary step.
"""

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from evo_plastic.seeding import GOLDEN, mix64
from evo_plastic.tasks.maze import ACTIONS, INTERFACE, MAX_STEPS, MOVES, STEP_REWARD, WALL
from evo_plastic.tasks.task_sets import TaskSet

_UNIT = np.float32(2.0**-24)


class World(NamedTuple):
    """All that lifetimes meet."""

    x: NDArray[np.float32]  # (rows, inputs)
    after: NDArray[np.int32]  # (rows / 2,): the place an action leads to, by place + action
    start: NDArray[np.int32]  # (lives,), a place
    goal: NDArray[np.int32]  # (lives,), a place
    first: NDArray[np.int32]  # (rollouts, lives): the row of a rollout's first step
    greedy: NDArray[np.float32]  # (steps, lives): if it is below o₄, take the best action
    sample: NDArray[np.float32]  # (steps, lives): uniform number that samples an action


def make_world(
    mazes: TaskSet,
    instance: NDArray[np.int32],
    keys: NDArray[np.uint64],
    rollouts: int,
    inputs: int,
) -> World:
    """Tables for lifetimes in maze ``instance`` with the noise of ``keys``, both (lives,)."""
    offset = instance.astype(np.int32) * np.int32(mazes.size**2)
    start = ACTIONS * (offset + mazes.flat_start[instance])
    which = np.uint64(1 << 32) + np.arange(rollouts, dtype=np.uint64)[:, None]
    first_action = (mix64(keys + which * GOLDEN) >> np.uint64(62)).astype(np.int32)
    ages = np.arange(rollouts * MAX_STEPS, dtype=np.uint64)[:, None]
    draws = mix64(keys + ages * GOLDEN)
    chance = (draws >> np.uint64(40)).astype(np.float64) * _UNIT
    with np.errstate(divide="ignore"):
        greedy = np.arctanh(2 * chance - 1)  # chance < σ(2 o₄) without a σ in every step
    return World(
        x=_inputs(mazes)[:, :inputs].copy(),
        after=_after(mazes),
        start=start,
        goal=ACTIONS * (offset + mazes.flat_goal[instance]),
        first=ACTIONS * mazes.cells.size + start + first_action,
        greedy=greedy.astype(np.float32),
        sample=((draws >> np.uint64(8)) & np.uint64(2**24 - 1)).astype(np.float32) * _UNIT,
    )


def _inputs(mazes: TaskSet) -> NDArray[np.float32]:
    """Inputs by (first step or not, cell, previous action), flattened to rows."""
    cells = mazes.cells.reshape(-1)
    around = [dx * mazes.size + dy for dx in (-1, 0, 1) for dy in (-1, 0, 1)]
    action = INTERFACE.observed
    x = np.zeros((2, cells.size, ACTIONS, INTERFACE.inputs), np.float32)
    for entry, step in enumerate(around):
        x[..., entry] = np.roll(cells, -step)[:, None]
    x[..., action : action + ACTIONS] = np.eye(ACTIONS)
    x[0, ..., action + ACTIONS] = STEP_REWARD
    return x.reshape(-1, INTERFACE.inputs)


def _after(mazes: TaskSet) -> NDArray[np.int32]:
    """Place after each action in each cell, flattened; walls stop the agent."""
    cells = mazes.cells.reshape(-1)
    here = np.arange(cells.size)[:, None]
    there = (here + [dx * mazes.size + dy for dx, dy in MOVES]) % cells.size
    after: NDArray[np.int32] = np.where(cells[there] == WALL, here, there).astype(np.int32)
    return ACTIONS * after.reshape(-1)
