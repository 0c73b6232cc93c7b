"""What an evolution strategy is: ``init``, ``proposal``, ``candidate``, ``tell``.

A strategy **maximises** fitness. It is a value that never changes: all that does is in the
``State`` its caller holds. No method alters its arguments, and equal arguments give equal
bits, so a checkpoint of the state resumes the search exactly.

Candidate k of generation g is drawn from the Philox stream keyed by (run seed, g)
and block k alone (``noise``). A worker that holds the strategy and the ``Proposal`` of a
generation therefore redraws any candidate bit for bit, and ``tell`` is given fitnesses only.
"""

from collections.abc import Mapping
from typing import Any, NamedTuple, Protocol

import numpy as np
from numpy.typing import NDArray

Vector = NDArray[np.float64]


class State(NamedTuple):
    """Search state of a diagonal Gaussian: mean m, standard deviations σ √C."""

    mean: Vector  # m, (size,)
    C: Vector  # relative variance of each gene, (size,)
    sigma: float  # σ, in units of the genes
    p_sigma: Vector  # path of the step size, (size,)
    p_c: Vector  # path of the variances, (size,)
    generation: int  # g, how many were told so far


class Proposal(NamedTuple):
    """All that candidates of one generation are drawn from, whatever the population."""

    mean: Vector  # m, (size,)
    scale: Vector  # σ √C, (size,)
    seed: int  # of the run
    generation: int


class Strategy(Protocol):
    @property
    def population(self) -> int:
        """Candidates per generation."""

    def init(self, mean: Vector) -> State:
        """State before the first generation, around ``mean`` (size,)."""

    def proposal(self, state: State) -> Proposal:
        """Say what the workers of this generation need; small and picklable."""

    def candidate(self, proposal: Proposal, k: int) -> Vector:
        """Genome k of the generation, 0 ≤ k < population: a new array, (size,)."""

    def candidates(self, proposal: Proposal, first: int, last: int) -> Vector:
        """Genomes first ≤ k < last as rows, (last - first, size)."""

    def tell(self, state: State, fitness: Vector) -> State:
        """State of the next generation.

        fitness: (population,), higher is better; only its order matters. Candidates whose
        fitness is not finite are left out. ``TrainingFailed`` when fewer than two are finite.
        """

    def mean(self, state: State) -> Vector:
        """Genome to validate and to keep: a new array, (size,)."""

    def figures(self, state: State) -> dict[str, float]:
        """Name what to watch of the search, for the metrics of a generation."""

    def to_arrays(self, state: State) -> dict[str, NDArray[Any]]:
        """Named arrays from which ``from_arrays`` makes the same state, bit for bit."""

    def from_arrays(self, arrays: Mapping[str, NDArray[Any]]) -> State:
        """Inverse of ``to_arrays``; ``InputError`` when the names are not those of a state."""


def noise(seed: int, generation: int, block: int) -> np.random.Generator:
    """Open one block of the Philox stream keyed by (seed, generation).

    The block is the highest of the four counter words: 2^192 draws away from the next one.
    """
    key = np.array([seed, generation], np.uint64)
    counter = np.array([0, 0, 0, block], np.uint64)
    return np.random.Generator(np.random.Philox(key=key, counter=counter))
