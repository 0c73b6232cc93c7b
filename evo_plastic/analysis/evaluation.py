"""From lifetimes to a table: what a genome is worth, rollout by rollout.

The instance (a maze) is the unit: repeats on it are averaged first, so the standard error is
that of a mean over mazes.
"""

from dataclasses import dataclass, fields
from typing import Any

import numpy as np
from numpy.typing import NDArray

from evo_plastic.tasks.behaviour import Behaviour
from evo_plastic.tasks.fitness import REACHED, rollout_rewards


@dataclass(frozen=True)
class RolloutTable:
    """One number per rollout in each field; None for what was not measured."""

    instances: int
    mean: tuple[float, ...]
    """Reward."""
    se: tuple[float, ...]
    """Standard error of the mean over instances; NaN for a single one."""
    goal_rate: tuple[float, ...]
    """Share of lifetimes that reach the goal."""
    steps: tuple[float, ...]
    """Mean steps, unsuccessful rollouts counting in full."""
    coverage: tuple[float, ...] | None = None
    """Mean share of the free cells that were visited."""
    decisive: tuple[float, ...] | None = None
    """Mean share of steps that took the action of the highest output without sampling."""
    entropy: tuple[float, ...] | None = None
    """Mean entropy of the policy over the steps, in bits."""

    def of_last_rollout(self) -> list[str]:
        """Cells of goals, steps, coverage, decisive and entropy; empty if not measured."""
        shares = (self.goal_rate, self.coverage, self.decisive)
        goals, coverage, decisive = map(_percent, shares)
        entropy = "" if self.entropy is None else f"{self.entropy[-1]:.2f}"
        return [goals, f"{self.steps[-1]:.1f}", coverage, decisive, entropy]


MEASURES = tuple(field.name for field in fields(RolloutTable) if field.name != "instances")
"""What a ``RolloutTable`` has of every rollout."""


def with_error(mean: float, error: float) -> str:
    """The cell of a mean and its standard error."""
    return f"{mean:.3f} ± {error:.3f}"


def summarise(
    steps: NDArray[Any], outcome: NDArray[Any], repeats: int, acted: Behaviour | None = None
) -> RolloutTable:
    """Summarise lifetimes, (instances · repeats, rollouts), repeats of an instance together."""
    per_instance = instance_rewards(steps, outcome, repeats)
    count, rollouts = per_instance.shape
    spread = per_instance.std(axis=0, ddof=1) if count > 1 else np.full(rollouts, np.nan)
    coverage, decisive, entropy = acted or (None, None, None)
    return RolloutTable(
        instances=count,
        mean=_numbers(per_instance.mean(axis=0)),
        se=_numbers(spread / np.sqrt(count)),
        goal_rate=_numbers((outcome == REACHED).mean(axis=0)),
        steps=_numbers(steps.mean(axis=0)),
        coverage=_means(coverage),
        decisive=_means(decisive),
        entropy=_means(entropy),
    )


def instance_rewards(
    steps: NDArray[Any], outcome: NDArray[Any], repeats: int
) -> NDArray[np.float64]:
    """Mean reward of each instance, (instances, rollouts)."""
    rewards = rollout_rewards(steps, outcome)
    return np.asarray(rewards.reshape(-1, repeats, rewards.shape[1]).mean(axis=1))


def _percent(shares: tuple[float, ...] | None) -> str:
    return "" if shares is None else f"{100 * shares[-1]:.1f} %"


def _means(values: NDArray[np.float64] | None) -> tuple[float, ...] | None:
    return None if values is None else _numbers(values.mean(axis=0))


def _numbers(values: NDArray[Any]) -> tuple[float, ...]:
    return tuple(float(value) for value in values)
