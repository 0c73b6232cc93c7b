"""What a maze is worth to somebody who knows it, and to somebody who moves at random."""

from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from evo_plastic.jit import jit
from evo_plastic.seeding import GOLDEN, mix64_compiled
from evo_plastic.tasks.maze import MAX_STEPS, MOVES
from evo_plastic.tasks.task_sets import TaskSet

# The upper two bits of a draw are one of four actions, without bias.
_ACTION_SHIFT = np.uint64(62)


class Walks(NamedTuple):
    """What became of lifetimes, (lives, rollouts)."""

    steps: NDArray[np.int32]
    reached: NDArray[np.bool_]
    visited: NDArray[np.int32]
    """Different cells, the start included."""


@jit
def _distance(walls: Any, start: int, goal: int, size: int, steps: Any, queue: Any) -> int:
    """Breadth-first search over flat ``walls``; ``steps`` and ``queue``, (n n,), are scratch."""
    steps[:] = -1
    steps[start] = 0
    queue[0] = start
    head, tail = 0, 1
    while head < tail and steps[goal] < 0:
        here = queue[head]
        head += 1
        for dx, dy in MOVES:
            there = here + dx * size + dy
            if walls[there] == 0 and steps[there] < 0:
                steps[there] = steps[here] + 1
                queue[tail] = there
                tail += 1
    return int(steps[goal])


@jit
def _distances(walls: Any, start: Any, goal: Any, distances: Any) -> None:
    size = walls.shape[1]
    steps, queue = np.empty(size * size, np.int32), np.empty(size * size, np.int32)
    for i in range(len(walls)):
        flat = walls[i].reshape(size * size)
        distances[i] = _distance(flat, start[i], goal[i], size, steps, queue)


def shortest_paths(task_set: TaskSet) -> NDArray[np.int32]:
    """Steps from start to goal, shape (N,); -1 where no path leads there."""
    distances = np.empty(len(task_set), np.int32)
    _distances(task_set.walls, task_set.flat_start, task_set.flat_goal, distances)
    return distances


def oracle_policy(task_set: TaskSet, rollouts: int) -> Walks:
    """One lifetime per maze of somebody who takes a shortest path every time."""
    distance = np.repeat(shortest_paths(task_set)[:, None], rollouts, axis=1)
    reached = (distance >= 0) & (distance <= MAX_STEPS)
    steps = np.where(reached, distance, np.int32(MAX_STEPS))
    return Walks(steps, reached, np.where(distance < 0, np.int32(1), steps + np.int32(1)))


@jit
def _wander(walls: Any, start: int, goal: int, size: int, key: Any, seen: Any) -> tuple[int, int]:
    """Steps to the goal of one random rollout and the number of cells that it visits.

    Without the goal ``MAX_STEPS + 1`` steps.  seen : (size²,), scratch
    """
    here, visited = start, 1
    seen[:] = False
    seen[here] = True
    for step in range(MAX_STEPS):
        action = mix64_compiled(key + np.uint64(step) * GOLDEN) >> _ACTION_SHIFT
        dx, dy = MOVES[np.int64(action)]
        there = here + dx * size + dy
        if walls[there] == 0:
            here = there
            visited += not seen[here]
            seen[here] = True
        if here == goal:
            return step + 1, visited
    return MAX_STEPS + 1, visited


@jit
def _wanders(walls: Any, start: Any, goal: Any, keys: Any, steps: Any, visited: Any) -> None:
    size = walls.shape[1]
    seen = np.empty(size * size, np.bool_)
    for i in range(len(walls)):
        flat = walls[i].reshape(size * size)
        for rollout in range(steps.shape[1]):
            key = keys[i] + np.uint64(rollout * MAX_STEPS) * GOLDEN
            steps[i, rollout], visited[i, rollout] = _wander(
                flat, start[i], goal[i], size, key, seen
            )


def random_policy(task_set: TaskSet, keys: NDArray[np.uint64], rollouts: int) -> Walks:
    """Let uniform actions live one lifetime per maze, each a function of its key, shape (N,)."""
    steps, visited = np.empty((2, len(task_set), rollouts), np.int32)
    _wanders(task_set.walls, task_set.flat_start, task_set.flat_goal, keys, steps, visited)
    return Walks(np.minimum(steps, np.int32(MAX_STEPS)), steps <= MAX_STEPS, visited)
