"""Racing: lifetimes go to the candidates that selection weighs.

All candidates live in the first half of a generation's mazes. The better half of them then live
in as many more mazes as the generation has, and are judged by all of theirs; the others rank
below them, by their first ones. That takes as many lifetimes as if all lived in all mazes.
"""

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from evo_plastic.strategies.ranking import best_first

Floats = NDArray[np.float64]
SHARE = 1 / 3
"""Of a finalist's lifetimes, those in the first half of the mazes."""


class Standing(NamedTuple):
    estimate: Floats  # mean fitness over a candidate's lifetimes, (population,)
    order: Floats  # the same, the finalists above all others, (population,)


def finalists(opening: Floats) -> NDArray[np.int64]:
    """Numbers of the better half, in increasing order; ``TrainingFailed`` as ``best_first``."""
    return np.sort(best_first(opening, ties="lower")[: len(opening) // 2]).astype(np.int64)


def settle(opening: Floats, members: NDArray[np.int64], final: Floats) -> Standing:
    """Join the fitness of all, (population,), and that of ``members`` in the further mazes."""
    estimate = opening.copy()
    estimate[members] = SHARE * opening[members] + (1 - SHARE) * final
    order = estimate.copy()
    others = np.ones(len(opening), bool)
    others[members] = False
    lowest = np.min(estimate[members], where=np.isfinite(estimate[members]), initial=np.inf)
    highest = np.max(opening[others], where=np.isfinite(opening[others]), initial=-np.inf)
    if np.isfinite(lowest) and np.isfinite(highest):
        order[others] -= max(0.0, highest - lowest + 1.0)
    return Standing(estimate, order)
