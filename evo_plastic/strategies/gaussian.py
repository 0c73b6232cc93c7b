"""Candidates of a Gaussian with a diagonal covariance matrix: how they are drawn, no update."""

from dataclasses import dataclass, field
from typing import Any, NamedTuple, Protocol

import numpy as np
from numpy.typing import NDArray

from evo_plastic.strategies.base import Vector, noise
from evo_plastic.strategies.blocks import add_up

MOST_KEPT = 1 << 24
"""Numbers of one generation: 128 MB."""


class Proposal(NamedTuple):
    """All that candidates m + σ √C ∘ z of one generation are drawn from."""

    mean: Vector  # m, (size,)
    scale: Vector  # σ √C, (size,)
    population: int
    seed: int  # of the run
    generation: int
    line: Vector | None = None
    """Direction of z_0 and of z_1 = -z_0, of length 1, (size,); null: they are like the others."""


class GaussianState(Protocol):
    @property
    def mean(self) -> Vector:
        """m, (size,)."""

    @property
    def C(self) -> Vector:
        """Relative variance of each gene, (size,)."""

    @property
    def sigma(self) -> float:
        """σ, in units of the genes."""


class Moments(NamedTuple):
    """Weighted sums over candidates."""

    first: Vector  # Σ a_k z_k, (size,)
    second: Vector  # Σ b_k z_k², (size,)


class Draws:
    """Draws of one generation, kept since ``tell`` wants those that candidates were made of."""

    def __init__(self) -> None:
        self._kept: tuple[tuple[int, ...], dict[int, Vector]] = ((), {})

    def __reduce__(self) -> Any:
        return Draws, ()

    def normal(self, proposal: Proposal, k: int) -> Vector:
        """N(0, I) from block k of the generation's stream, (size,), not to be written to."""
        size = proposal.mean.size
        generation = (proposal.seed, proposal.generation, size)
        # Read and replaced as one: threads of two generations never share rows.
        kept = self._kept
        if kept[0] != generation:
            kept = self._kept = (generation, {})
        rows = kept[1]
        row = rows.get(k)
        if row is None:
            row = noise(proposal.seed, proposal.generation, k).standard_normal(size)
            row.flags.writeable = False
            if proposal.population * size <= MOST_KEPT:
                rows[k] = row
        return row


@dataclass(frozen=True)
class DiagonalGaussian:
    """Candidates m + σ √C ∘ z with z ~ N(0, I).

    sigma is the step size of the first generation, seed that of the run.
    """

    population: int
    sigma: float
    seed: int
    _draws: Draws = field(default_factory=Draws, compare=False, repr=False, kw_only=True)

    def draw(self, proposal: Proposal, k: int) -> Vector:
        """z of candidate k, (size,)."""
        if proposal.line is None or k > 1:
            return self._draws.normal(proposal, k)
        length = np.sqrt(np.square(self._draws.normal(proposal, 0)).sum())
        return np.asarray((length if k == 0 else -length) * proposal.line)

    def candidate(self, proposal: Proposal, k: int) -> Vector:
        genome = proposal.scale * self.draw(proposal, k)
        genome += proposal.mean
        return genome

    def candidates(self, proposal: Proposal, first: int, last: int) -> Vector:
        rows = np.empty((last - first, proposal.mean.size))
        for row, k in zip(rows, range(first, last), strict=True):
            row[:] = self.candidate(proposal, k)
        return rows

    def mean(self, state: GaussianState) -> Vector:
        return state.mean.copy()

    def figures(self, state: GaussianState) -> dict[str, float]:
        return {"sigma": state.sigma, "spread": float(np.sqrt(state.C).mean())}

    def moments(
        self, proposal: Proposal, ranked: NDArray[np.intp], a: Vector, b: Vector, unit: int
    ) -> Moments:
        """Sums over candidates in the order of ``ranked``, their weights a and b in that order.

        From the place ``unit`` on, z² is scaled to a sum of ``size`` before it is weighted.
        """
        size = proposal.mean.size

        def add(place: int, total: Vector) -> None:
            z = self.draw(proposal, int(ranked[place]))
            if a[place] != 0:
                total[0] += a[place] * z
            squares = np.square(z)
            squares *= b[place] if place < unit else b[place] * size / squares.sum()
            total[1] += squares

        return Moments(*add_up(add, len(ranked), (2, size)))
