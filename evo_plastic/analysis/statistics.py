"""What several runs say of a way to train: interquartile mean and probability of improvement.

    IQM      mean of what is left of n sorted scores without the ⌊n/4⌋ least and greatest
    P(X > Y) share of all pairs of a run of X and a run of Y in which X is greater; ties are half

(Agarwal et al., "Deep reinforcement learning at the edge of the statistical precipice", NeurIPS
2021.) Intervals are percentiles over runs drawn anew with replacement, each group of runs by
itself. A score may have a column per task set: a run is then drawn with all its columns, so
every resample has as many scores of each set. Agarwal et al. draw the columns apart, since their
runs on different tasks are different runs; ours are one genome on several task sets, and columns
drawn apart would count it as several. Scores may be infinite: a threshold that was not reached.
"""

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from evo_plastic.analysis.differences import LEVEL, RESAMPLES

Floats = NDArray[np.float64]

LEAST_RUNS = 5
"""Fewer are described, without an interval: with three, one of nominally 95 % holds the truth in
40 % of cases."""
FULL_COVERAGE = 10
"""From here on an interval holds the truth about as often as it says."""


@dataclass(frozen=True)
class Estimate:
    """What the runs of one group scored."""

    runs: int
    iqm: float
    low: float | None
    """Ends of the interval; None with fewer than ``LEAST_RUNS`` runs."""
    high: float | None
    least: float
    """Of the runs, their mean where a score has columns."""
    greatest: float


@dataclass(frozen=True)
class Improvement:
    """How often a run of one group is better than one of another."""

    probability: float
    low: float | None
    """Ends of the interval; None unless both groups have ``LEAST_RUNS`` runs."""
    high: float | None

    @property
    def decided(self) -> bool:
        """Whether the interval leaves out that neither is better."""
        return self.low is not None and self.high is not None and not self.low <= 0.5 <= self.high

    @property
    def reverse(self) -> "Improvement":
        """Of the other over the first."""
        low = None if self.high is None else 1 - self.high
        return Improvement(1 - self.probability, low, None if self.low is None else 1 - self.low)


def interquartile_mean(scores: Floats, axis: int = 0) -> Any:
    """Along one axis of at least one score."""
    count = scores.shape[axis]
    middle = np.arange(count // 4, count - count // 4)
    return np.sort(scores, axis).take(middle, axis).mean(axis)


def estimate(scores: Floats) -> Estimate:
    """scores : (runs,) or (runs, task sets), at least one run, no NaN."""
    runs = len(scores)
    by_run = scores.reshape(runs, -1).mean(axis=1)
    low = high = None
    if runs >= LEAST_RUNS:
        drawn = scores[_draw(np.random.default_rng(0), runs)]
        low, high = _interval(interquartile_mean(drawn.reshape(RESAMPLES, -1), axis=1))
    whole = float(interquartile_mean(scores.reshape(-1)))
    return Estimate(runs, whole, low, high, float(by_run.min()), float(by_run.max()))


def improvement(first: Floats, second: Floats) -> Improvement:
    """Of ``first`` over ``second``, (runs,) or (runs, task sets) each; greater is better."""
    ours, theirs = len(first), len(second)
    one, other = first.reshape(ours, 1, -1), second.reshape(1, theirs, -1)
    wins = ((one > other) + 0.5 * (one == other)).mean(axis=2)  # (ours, theirs)
    low = high = None
    if min(ours, theirs) >= LEAST_RUNS:
        rng = np.random.default_rng(0)
        rows, columns = _draw(rng, ours)[:, :, None], _draw(rng, theirs)[:, None, :]
        low, high = _interval(wins[rows, columns].mean(axis=(1, 2)))
    return Improvement(float(wins.mean()), low, high)


def _draw(rng: np.random.Generator, runs: int) -> NDArray[np.int64]:
    """Numbers of the runs in each resample, (RESAMPLES, runs)."""
    return rng.integers(runs, size=(RESAMPLES, runs))


def _interval(resampled: Floats) -> tuple[float, float]:
    # Values that occur, none in between: they may be infinite.
    tail = (1 - LEVEL) / 2
    low, high = np.quantile(resampled, (tail, 1 - tail), method="inverted_cdf")
    return float(low), float(high)
