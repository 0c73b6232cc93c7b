"""How an agent acted: how much of the maze it saw, how sure it was of what it did.

The policy decides for the action a* of the highest output with probability p = σ(2 o_4), and
otherwise samples the softmax of outputs 0 … 3 (Wang 2022, section 4.1):

    π(a) = p [a = a*] + (1 - p) exp(o_a) / Σ_b exp(o_b)        H = -Σ_a π(a) log2 π(a)
"""

from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from evo_plastic.functions import sigmoid
from evo_plastic.jit import jit
from evo_plastic.tasks.maze import ACTIONS, MAX_STEPS
from evo_plastic.tasks.maze_step import draw_uniform, move
from evo_plastic.tasks.task_sets import TaskSet

Floats = NDArray[np.float64]


class Behaviour(NamedTuple):
    """One number per rollout, (lives, rollouts); None for what a policy has not."""

    coverage: Floats | None
    """Share of the maze's free cells that were visited, the start included."""
    decisive: Floats | None
    """Share of steps on which the action of the highest output was taken without sampling."""
    entropy: Floats | None
    """Mean of H over the steps, in bits: 0 to 2."""


def behaviour(
    task_set: TaskSet,
    instance: NDArray[np.int32],
    keys: NDArray[np.uint64],
    steps: NDArray[np.int16],
    actions: NDArray[np.uint8],
    outputs: NDArray[Any],
) -> Behaviour:
    """Behaviour of recorded lifetimes.

    instance, keys : (lives,)      steps : (lives, rollouts)
    actions : (lives, rollouts · MAX_STEPS)      outputs : (lives, rollouts · MAX_STEPS, outputs)
    """
    visited, decisive, entropy = np.empty((3, *steps.shape))
    _measure(
        task_set.cells, task_set.flat_start, task_set.size, instance, keys, steps, actions,
        outputs, visited, decisive, entropy,
    )  # fmt: skip
    return Behaviour(visited / task_set.free[instance][:, None], decisive, entropy)


@jit
def _measure(
    cells: Any, start: Any, size: int, instance: Any, keys: Any, steps: Any, actions: Any,
    outputs: Any, visited: Any, decisive: Any, entropy: Any,
) -> None:  # fmt: skip
    uniform = np.empty((2, 1), np.float32)
    policy = np.empty(ACTIONS)
    for life in range(steps.shape[0]):
        maze, age = instance[life], 0
        for rollout in range(steps.shape[1]):
            seen = np.zeros(size * size, np.bool_)
            here = start[maze]
            seen[here] = True
            cells_seen, decided, bits = 1, 0, 0.0
            for step in range(steps[life, rollout]):
                place = rollout * MAX_STEPS + step
                o = outputs[life, place]
                draw_uniform(keys[life], age, uniform, 0)
                age += 1
                decided += uniform[0, 0] < sigmoid(o[4] + o[4])
                bits += _entropy(o, policy)
                here = move(cells, maze, size, here, actions[life, place])
                cells_seen += not seen[here]
                seen[here] = True
            visited[life, rollout] = cells_seen
            decisive[life, rollout] = decided / steps[life, rollout]
            entropy[life, rollout] = bits / steps[life, rollout]


@jit
def _entropy(o: Any, policy: Any) -> float:
    """H of the policy with outputs ``o``, (outputs,); ``policy``, (ACTIONS,), is scratch."""
    best = 0
    for a in range(ACTIONS):
        if o[a] > o[best]:
            best = a
    total = 0.0
    for a in range(ACTIONS):
        policy[a] = np.exp(np.float64(o[a]) - np.float64(o[best]))
        total += policy[a]
    p = sigmoid(2 * np.float64(o[4]))
    entropy = 0.0
    for a in range(ACTIONS):
        share = (1 - p) * policy[a] / total + (p if a == best else 0.0)
        # 0 log 0 = 0, and what is no number stays none.
        if share != 0:
            entropy -= share * np.log2(share)
    return entropy
