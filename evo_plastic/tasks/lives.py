"""Lifetimes in mazes that are stepped from outside, one action each at a time.

The same compiled moves and observations as in ``workers.lifetime``; who acts is left open.
"""

from typing import Any

import numpy as np
from numpy.typing import DTypeLike, NDArray

from evo_plastic.jit import jit
from evo_plastic.tasks.maze import GOAL_REWARD, INTERFACE, MAX_STEPS, STEP_REWARD
from evo_plastic.tasks.maze_step import begin_rollout, move, observe, remember
from evo_plastic.tasks.task_sets import TaskSet


class MazeLives:
    """``count`` lifetimes of ``rollouts`` rollouts side by side; ``begin`` starts one."""

    def __init__(self, count: int, rollouts: int, dtype: DTypeLike = np.float32) -> None:
        self.rollouts = rollouts
        self.inputs = np.zeros((count, INTERFACE.inputs), dtype)
        """What each agent is given, (count, inputs), see ``tasks.maze``."""
        self.rollout, self.steps = np.zeros((2, count), np.int64)
        """Number of the rollout, from 0 on, and steps taken in it, (count,)."""
        self.position, self.instance, self._goal, self._start = np.zeros((4, count), np.int64)
        self._key = np.zeros(count, np.uint64)
        self._size = 0
        self._cells = np.zeros((count, 0), np.int8)

    def begin(self, which: int, task_set: TaskSet, instance: int, key: int) -> None:
        """Start lifetime ``which`` anew in one maze; all mazes are of one size.

        key: decides the random previous action that each rollout begins with
        """
        if self._size != task_set.size:
            self._size = task_set.size
            self._cells = np.zeros((len(self.instance), task_set.size**2), np.int8)
        self._cells[which] = task_set.cells[instance]
        self._start[which] = task_set.flat_start[instance]
        self._goal[which] = task_set.flat_goal[instance]
        self.instance[which], self._key[which] = instance, key
        self.rollout[which] = 0
        _begin(which, self._cells, self._size, self._start, self._key, self.rollout, self.steps,
               self.position, self.inputs)  # fmt: skip

    def step(
        self, actions: NDArray[np.integer[Any]], idle: NDArray[np.bool_]
    ) -> tuple[NDArray[np.float64], NDArray[np.bool_]]:
        """Let all but the idle ones act; their rewards and whether lifetimes ended, (count,)."""
        rewards, ended = np.zeros(len(idle)), np.zeros(len(idle), np.bool_)
        _step(actions, idle, self.rollouts, self._cells, self._size, self._start, self._goal,
              self._key, self.rollout, self.steps, self.position, self.inputs, rewards,
              ended)  # fmt: skip
        return rewards, ended

    def picture(self, which: int) -> NDArray[np.int8]:
        """Cells of a maze as an agent sees them, (size, size)."""
        cells: NDArray[np.int8] = self._cells[which].reshape(self._size, self._size)
        return cells


@jit
def _begin(
    which: Any, cells: Any, size: Any, start: Any, key: Any, rollout: Any, steps: Any,
    position: Any, inputs: Any,
) -> None:  # fmt: skip
    position[which] = start[which]
    steps[which] = 0
    begin_rollout(key[which], rollout[which], inputs, which)
    observe(cells, which, size, start[which], inputs, which)


@jit
def _step(
    actions: Any, idle: Any, rollouts: int, cells: Any, size: Any, start: Any, goal: Any,
    key: Any, rollout: Any, steps: Any, position: Any, inputs: Any, rewards: Any, ended: Any,
) -> None:  # fmt: skip
    for i in range(len(actions)):
        if idle[i]:
            continue
        action = np.int64(actions[i])
        position[i] = move(cells, i, size, position[i], action)
        steps[i] += 1
        reached = position[i] == goal[i]
        rewards[i] = STEP_REWARD + (GOAL_REWARD if reached else 0.0)
        if not reached and steps[i] < MAX_STEPS:
            remember(action, inputs, i)
            observe(cells, i, size, position[i], inputs, i)
        elif rollout[i] + 1 == rollouts:
            ended[i] = True
        else:
            rollout[i] += 1
            _begin(i, cells, size, start, key, rollout, steps, position, inputs)
