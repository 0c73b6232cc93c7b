"""Lifetimes that were lived by the kernels, laid out for learning: step by step, longest first.

Kernels live a lifetime an order of magnitude faster than torch could, and say what was done; what
was seen follows from the mazes. So torch is given whole lifetimes, all inputs known.
"""

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from evo_plastic.analysis.replay import rollout_actions
from evo_plastic.tasks.lives import MazeLives
from evo_plastic.tasks.task_sets import TaskSet

Floats = NDArray[np.float64]


@dataclass(frozen=True)
class Experience:
    """T steps of the longest lifetime; whatever comes after the end of a shorter one is zero."""

    length: NDArray[np.int64]  # steps of each lifetime, (lives,), not increasing
    inputs: NDArray[np.float32]  # (T, lives, inputs)
    actions: NDArray[np.int64]  # (T, lives)
    rewards: Floats  # (T, lives)
    rollout: NDArray[np.int64]  # number of the rollout, (T, lives)

    @property
    def steps(self) -> int:
        """Of all lifetimes together."""
        return int(self.length.sum())

    @property
    def under_way(self) -> NDArray[np.bool_]:
        """Whether a lifetime goes on at a step, (T, lives)."""
        under_way: NDArray[np.bool_] = np.arange(len(self.inputs))[:, None] < self.length
        return under_way

    def select(self, lives: NDArray[np.integer[Any]]) -> "Experience":
        """Of some lifetimes only, in rising order."""
        last = self.length[lives].max()
        return Experience(
            length=self.length[lives],
            inputs=self.inputs[:last, lives],
            actions=self.actions[:last, lives],
            rewards=self.rewards[:last, lives],
            rollout=self.rollout[:last, lives],
        )


def relive(
    task_set: TaskSet,
    keys: NDArray[np.uint64],
    steps: NDArray[np.integer[Any]],
    actions: NDArray[np.integer[Any]],
) -> Experience:
    """Lead lifetimes through their mazes again; lifetime i lived in maze i.

    keys : (lives,)      steps : (lives, rollouts)      actions : (lives, rollouts · MAX_STEPS)
    """
    length = steps.sum(1, dtype=np.int64)
    order = np.argsort(-length, kind="stable")
    lives = MazeLives(len(order), steps.shape[1])
    shape = (int(length.max()), len(order))
    found = Experience(
        length=length[order],
        inputs=np.zeros((*shape, lives.inputs.shape[1]), np.float32),
        actions=np.zeros(shape, np.int64),
        rewards=np.zeros(shape),
        rollout=np.zeros(shape, np.int64),
    )
    for place, life in enumerate(order):
        lives.begin(place, task_set, int(life), int(keys[life]))
        done = np.concatenate(rollout_actions(actions[life], steps[life]))
        found.actions[: len(done), place] = done
    for t, awake in enumerate(found.under_way):
        found.inputs[t, awake] = lives.inputs[awake]
        found.rollout[t, awake] = lives.rollout[awake]
        found.rewards[t] = lives.step(found.actions[t], ~awake)[0]
    return found
