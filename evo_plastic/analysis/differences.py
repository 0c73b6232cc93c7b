"""Which of two genomes is better: differences maze by maze, with bootstrap intervals.

Genomes are lived in the same mazes with the same action noise, so most of what makes mazes
differ cancels. The interval is about these two genomes on such mazes; it says nothing about
two ways of training, for which runs with several seeds are to be compared.
"""

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from itertools import combinations
from typing import Any

import numpy as np

from evo_plastic.analysis.comparison import ORACLE, RANDOM, Scored

RESAMPLES = 9999
LEVEL = 0.95


@dataclass(frozen=True)
class Difference:
    """Mean reward of ``first`` minus that of ``second`` in one rollout of the same lifetimes."""

    first: str
    second: str
    task_set: str
    rollout: int
    """From 1 on."""
    mean: float
    low: float
    high: float
    """Ends of the interval: percentiles of means over resampled instances; NaN where there is
    only one, or where a network diverged."""

    def to_json(self) -> dict[str, Any]:
        """Its fields; NaN becomes null."""
        fields = asdict(self)
        ends = ("mean", "low", "high")
        return fields | {end: None if np.isnan(fields[end]) else fields[end] for end in ends}


def differences(scores: Sequence[Scored]) -> list[Difference]:
    """All pairs of genomes on one task set, in the last rollout that both have."""
    genomes = [one for one in scores if one.policy not in (ORACLE, RANDOM)]
    return [_difference(first, second) for first, second in combinations(genomes, 2)]


def _difference(first: Scored, second: Scored) -> Difference:
    last = min(first.rewards.shape[1], second.rewards.shape[1])
    apart = first.rewards[:, last - 1] - second.rewards[:, last - 1]
    low = high = np.nan
    if len(apart) > 1 and np.isfinite(apart).all():
        # Slow to import: commands that compare nothing need not wait for it.
        from scipy import stats

        found = stats.bootstrap(
            (apart,), np.mean, n_resamples=RESAMPLES, confidence_level=LEVEL,
            method="percentile", batch=500, rng=np.random.default_rng(0),
        )  # fmt: skip
        low, high = map(float, found.confidence_interval)
    names = first.policy, second.policy, first.task_set
    return Difference(*names, last, float(apart.mean()), low, high)
