"""From lifetimes to a table: what a genome is worth, rollout by rollout.

The instance (a maze) is the unit: repeats on it are averaged first, so the standard error is
that of a mean over mazes.
"""

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from evo_plastic.tasks.fitness import REACHED, rollout_rewards


@dataclass(frozen=True)
class RolloutTable:
    """One number per rollout in each field."""

    instances: int
    mean: tuple[float, ...]
    """Reward."""
    se: tuple[float, ...]
    """Standard error of the mean over instances; NaN for a single one."""
    goal_rate: tuple[float, ...]
    """Share of lifetimes that reach the goal."""
    steps: tuple[float, ...]
    """Mean steps, unsuccessful rollouts counting in full."""


def summarise(steps: NDArray[Any], outcome: NDArray[Any], repeats: int) -> RolloutTable:
    """Summarise lifetimes, (instances · repeats, rollouts), repeats of an instance together."""
    rewards = rollout_rewards(steps, outcome)
    per_instance = rewards.reshape(-1, repeats, rewards.shape[1]).mean(axis=1)
    count = len(per_instance)
    spread = per_instance.std(axis=0, ddof=1) if count > 1 else np.full(rewards.shape[1], np.nan)
    return RolloutTable(
        instances=count,
        mean=_numbers(per_instance.mean(axis=0)),
        se=_numbers(spread / np.sqrt(count)),
        goal_rate=_numbers((outcome == REACHED).mean(axis=0)),
        steps=_numbers(steps.mean(axis=0)),
    )


def _numbers(values: NDArray[Any]) -> tuple[float, ...]:
    return tuple(float(value) for value in values)
