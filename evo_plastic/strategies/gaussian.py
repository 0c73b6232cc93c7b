"""Candidates of a Gaussian with a diagonal covariance matrix: how they are drawn, no update."""

from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from os import cpu_count
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from evo_plastic.strategies.base import Vector, noise

BLOCK = 16
"""Candidates whose sum is taken by one thread: so few that two cores end together."""
WORTH_THREADS = 1 << 18
"""Numbers to draw, below which starting threads costs more than they save."""


class Proposal(NamedTuple):
    """All that candidates m + σ √C ∘ z of one generation are drawn from."""

    mean: Vector  # m, (size,)
    scale: Vector  # σ √C, (size,)
    population: int
    seed: int  # of the run
    generation: int
    line: Vector | None = None
    """Direction of z_0 and of z_1 = -z_0, of length 1, (size,); null: they are like the others."""


class Moments(NamedTuple):
    """Weighted sums over candidates."""

    first: Vector  # Σ a_k z_k, (size,)
    second: Vector  # Σ b_k z_k², (size,)


@dataclass(frozen=True)
class DiagonalGaussian:
    """Candidates m + σ √C ∘ z with z ~ N(0, I).

    sigma is the step size of the first generation, seed that of the run.
    """

    population: int
    sigma: float
    seed: int

    def draw(self, proposal: Proposal, k: int) -> Vector:
        """z of candidate k, (size,)."""
        if proposal.line is None or k > 1:
            return _normal(proposal, k)
        length = np.sqrt(np.square(_normal(proposal, 0)).sum())
        return np.asarray((length if k == 0 else -length) * proposal.line)

    def candidate(self, proposal: Proposal, k: int) -> Vector:
        return proposal.mean + proposal.scale * self.draw(proposal, k)

    def candidates(self, proposal: Proposal, first: int, last: int) -> Vector:
        rows = np.empty((last - first, proposal.mean.size))
        for row, k in zip(rows, range(first, last), strict=True):
            row[:] = self.candidate(proposal, k)
        return rows

    def moments(
        self, proposal: Proposal, ranked: NDArray[np.intp], a: Vector, b: Vector, unit: int
    ) -> Moments:
        """Sums over candidates in the order of ``ranked``, their weights a and b in that order.

        From the place ``unit`` on, z² is scaled to a sum of ``size`` before it is weighted.
        Sums are taken in blocks, in the same order on any number of threads.
        """
        size = proposal.mean.size

        def sums(start: int) -> Moments:
            first, second = np.zeros(size), np.zeros(size)
            for place in range(start, min(start + BLOCK, len(ranked))):
                z = self.draw(proposal, int(ranked[place]))
                if a[place] != 0:
                    first += a[place] * z
                np.square(z, out=z)
                z *= b[place] if place < unit else b[place] * size / z.sum()
                second += z
            return Moments(first, second)

        starts = range(0, len(ranked), BLOCK)
        threads = (cpu_count() or 1) if len(ranked) * size >= WORTH_THREADS else 1
        with ThreadPoolExecutor(threads) as pool:
            blocks = list(pool.map(sums, starts) if threads > 1 else map(sums, starts))
        first, second = zip(*blocks, strict=True)
        return Moments(np.sum(first, axis=0), np.sum(second, axis=0))


def _normal(proposal: Proposal, k: int) -> Vector:
    return noise(proposal.seed, proposal.generation, k).standard_normal(proposal.mean.size)
