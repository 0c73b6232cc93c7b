"""What all strategies with a diagonal Gaussian share: state, proposal and files, no update."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from evo_plastic.errors import InputError
from evo_plastic.strategies.base import Proposal, State, Vector, noise


@dataclass(frozen=True)
class DiagonalGaussian:
    """Candidates m + σ √C ∘ z with z ~ N(0, I).

    sigma is the step size of the first generation, seed that of the run.
    """

    population: int
    sigma: float
    seed: int

    def init(self, mean: Vector) -> State:
        start = np.array(mean, np.float64)
        paths = np.zeros((2, start.size))
        return State(start, np.ones_like(start), self.sigma, paths[0], paths[1], 0)

    def proposal(self, state: State) -> Proposal:
        scale = state.sigma * np.sqrt(state.C)
        return Proposal(state.mean, scale, self.seed, state.generation)

    def draw(self, proposal: Proposal, k: int) -> Vector:
        """z of candidate k, (size,)."""
        return noise(proposal.seed, proposal.generation, k).standard_normal(proposal.mean.size)

    def candidate(self, proposal: Proposal, k: int) -> Vector:
        return proposal.mean + proposal.scale * self.draw(proposal, k)

    def candidates(self, proposal: Proposal, first: int, last: int) -> Vector:
        rows = np.empty((last - first, proposal.mean.size))
        for row, k in zip(rows, range(first, last), strict=True):
            row[:] = self.candidate(proposal, k)
        return rows

    def mean(self, state: State) -> Vector:
        return state.mean.copy()

    def figures(self, state: State) -> dict[str, float]:
        return {"sigma": state.sigma, "spread": float(np.sqrt(state.C).mean())}

    def to_arrays(self, state: State) -> dict[str, NDArray[Any]]:
        return {name: np.array(value) for name, value in state._asdict().items()}

    def from_arrays(self, arrays: Mapping[str, NDArray[Any]]) -> State:
        if set(arrays) != set(State._fields):
            raise InputError(
                f"not the search state of this strategy: its arrays are "
                f"{', '.join(State._fields)}, given were {', '.join(arrays) or 'none'}"
            )
        mean, C, sigma, p_sigma, p_c, generation = (np.array(arrays[n]) for n in State._fields)
        return State(mean, C, float(sigma), p_sigma, p_c, int(generation))
