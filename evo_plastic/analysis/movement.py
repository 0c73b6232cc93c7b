"""Vibration and migration: how far a trajectory moves at every step, and how far it gets.

For x(t), t = 0 … T − 1, all plastic weights or all activity after step t as one vector, with
Euclidean distances:

    step(t)         = |x(t + 1) − x(t)|
    path(t)         = Σ_{s < t} step(s)
    displacement(t) = |x(t) − x(0)|
    excursion(t)    = |x(t) − x(where the rollout of step t began)|
    lagged(k)       = mean over t of |x(t + k) − x(t)|        k = 1, 2, 4, … ≤ T / 2
    straightness    = net / path                               of a rollout or of the lifetime

A rollout begins where the one before it ended, so that the paths of all rollouts add up to that
of the lifetime. The first one begins at x(0), after its first step.

What only vibrates travels far and stays where it is: straightness near 0, lagged(k) the same for
all k. What migrates gets away: lagged(k) ∝ k on a straight line, ∝ √k in a random walk (the two
parts that Wang et al., TMLR 2022, appendix A.4, tell apart).
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]


@dataclass(frozen=True)
class Movement:
    """One trajectory of T points; distances are in the units of its numbers."""

    step: Floats
    """(T - 1,)"""
    path: Floats
    """(T,)"""
    displacement: Floats
    """(T,)"""
    excursion: Floats
    """(T,)"""
    lags: NDArray[np.int64]
    """k, (L,); there is none for a single point."""
    lagged: Floats
    """(L,)"""
    rollout_path: Floats
    """Path of each rollout, (rollouts,)."""
    rollout_net: Floats
    """Distance from the beginning of each rollout to its end, (rollouts,)."""

    @property
    def straightness(self) -> float:
        """Of the lifetime; NaN where nothing moves."""
        return float(_ratio(self.displacement[-1:], self.path[-1:])[0])

    @property
    def rollout_straightness(self) -> Floats:
        """Of each rollout, (rollouts,); NaN where nothing moves."""
        return _ratio(self.rollout_net, self.rollout_path)


def movement(points: Floats, ends: NDArray[np.integer]) -> Movement:
    """Measure a trajectory.

    points : (T, units), T ≥ 1      ends : number of the last step of each rollout, (rollouts,)
    """
    step = _lengths(np.diff(points, axis=0))
    path = np.concatenate([[0.0], np.cumsum(step)])
    starts = rollout_starts(ends)
    excursion = _lengths(points - points[np.repeat(starts, np.diff(ends, prepend=-1))])
    lags = 2 ** np.arange((len(points) // 2).bit_length())
    return Movement(
        step=step,
        path=path,
        displacement=_lengths(points - points[0]),
        excursion=excursion,
        lags=lags,
        lagged=np.array([_lengths(points[k:] - points[:-k]).mean() for k in lags]),
        rollout_path=path[ends] - path[starts],
        rollout_net=excursion[ends],
    )


def rollout_starts(ends: NDArray[np.integer]) -> NDArray[np.int64]:
    """Number of the step after which each rollout begins, (rollouts,)."""
    return np.concatenate([[0], ends[:-1]]).astype(np.int64)


def _lengths(vectors: Floats) -> Floats:
    return np.asarray(np.linalg.norm(vectors, axis=1))


def _ratio(net: Floats, path: Floats) -> Floats:
    nothing = np.full(len(path), np.nan)
    return np.asarray(np.divide(net, path, out=nothing, where=path > 0))
