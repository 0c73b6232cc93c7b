"""Who is selected, and with what weight: the only place where fitness is read."""

from typing import Literal

import numpy as np
from numpy.typing import NDArray

from evo_plastic.errors import TrainingFailed
from evo_plastic.strategies.base import Vector

FEWEST = 2  # one candidate alone is not a selection
_ADVICE = (
    "check for genomes that overflow (smaller strategy.sigma, strategy.initial_spread or "
    "network.scale) and for workers that fail"
)


def best_first(fitness: Vector, ties: Literal["lower", "larger"]) -> NDArray[np.intp]:
    """Indices of the candidates with finite fitness, the best one first.

    fitness: (population,), higher is better. Equal ones follow by index, ``lower`` or
    ``larger`` first. ``TrainingFailed`` when fewer than two are finite.
    """
    (finite,) = np.nonzero(np.isfinite(fitness))
    if finite.size < FEWEST:
        raise TrainingFailed(
            f"{finite.size} of {len(fitness)} candidates have a finite fitness, at least {FEWEST} "
            f"are needed; {_ADVICE}"
        )
    if ties == "larger":
        finite = finite[::-1]
    return finite[np.argsort(-fitness[finite], kind="stable")]


def log_weights(parents: int, vanishing: float) -> Vector:
    """Recombination weights ∝ ln(vanishing) - ln i, i = 1 … parents, of sum 1.

    ``vanishing`` is the rank, beyond ``parents``, at which the weight would be zero.
    """
    weights = np.log(vanishing) - np.log(np.arange(1, parents + 1))
    return np.asarray(weights / weights.sum())


def effective_parents(weights: Vector) -> float:
    """μ_eff = 1 / Σ w², between 1 and the number of weights."""
    return 1 / float(np.square(weights).sum())


def complete_pairs(fitness: Vector) -> tuple[NDArray[np.intp], Vector]:
    """Pairs of mirrored candidates 2i and 2i + 1 whose fitnesses are both finite.

    fitness: (population,). Returns their numbers i, (pairs,), and fitnesses, (pairs, 2).
    ``TrainingFailed`` when there is none.
    """
    values = np.reshape(fitness, (-1, 2))
    (pairs,) = np.nonzero(np.isfinite(values).all(axis=1))
    if pairs.size == 0:
        raise TrainingFailed(
            f"none of {len(values)} pairs of candidates has two finite fitnesses; {_ADVICE}"
        )
    return pairs, values[pairs]


def centred_ranks(values: Vector) -> Vector:
    """Ranks from -1/2, the lowest value, to 1/2, shape (size,); equal values share their mean."""
    _, place, count = np.unique(values, return_inverse=True, return_counts=True)
    mean_rank = np.cumsum(count) - (count + 1) / 2
    return np.asarray(mean_rank[place] / (len(values) - 1) - 0.5)
