"""From rewards to fitness (Wang 2022, section 4.1).

    F = Σ w_i (R_i − λ) / Σ w_i        λ = 1e-6 · rms(genome)

averaged over lifetimes. The paper weights eight rollouts by 0.8^(7−i) from the third on; its
code had other weights for the third to fifth of them, and these are the ones used here.
"""

from typing import Any

import numpy as np
from numpy.typing import NDArray

from evo_plastic.config import TaskConfig
from evo_plastic.tasks.maze import GOAL_REWARD, STEP_REWARD

PAPER_WEIGHTS = {
    3: (0.0, 0.0, 1.0),
    8: (0.0, 0.0, 0.16, 0.22, 0.36, 0.64, 0.80, 1.0),
}
GENOME_PENALTY = 1e-6
"""Below one step's reward: it only orders candidates that are otherwise equal."""

FAILED, REACHED, DIVERGED = 0, 1, -1
"""How a rollout ended; a network whose activity is no number has diverged."""


def rollout_weights(task: TaskConfig) -> NDArray[np.float64]:
    """w, shape (rollouts,), as configured or else the paper's."""
    return np.array(PAPER_WEIGHTS[task.rollouts] if task.weights is None else task.weights)


def rollout_rewards(steps: NDArray[Any], outcome: NDArray[Any]) -> NDArray[np.float64]:
    """Summed reward of each rollout, of the shape of both arguments; NaN where diverged."""
    rewards = STEP_REWARD * steps + GOAL_REWARD * (outcome == REACHED)
    return np.where(outcome == DIVERGED, np.nan, rewards)


def lifetime_fitness(
    rewards: NDArray[np.float64], weights: NDArray[np.float64], genomes: NDArray[np.float64]
) -> NDArray[np.float64]:
    """F of each genome, (genomes,), for rewards (genomes, lives, rollouts)."""
    penalty = GENOME_PENALTY * np.sqrt(np.mean(np.square(genomes), axis=1))
    # Weighted sums over single axes: a matrix product's bits may depend on the batch.
    per_life = np.sum(rewards * weights, axis=2) / weights.sum()
    return np.asarray(np.mean(per_life, axis=1) - penalty)
