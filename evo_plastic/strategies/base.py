"""What an evolution strategy is: ``init``, ``proposal``, ``candidate``, ``tell``.

A strategy **maximises** fitness. It is a value that never changes: all that does is in the
``State`` its caller holds. No method alters its arguments, and equal arguments give equal
bits, so a checkpoint of the state resumes the search exactly.

Candidate k of generation g is drawn from the Philox stream keyed by (run seed, g)
and block k alone (``noise``). A worker that holds the strategy and the ``Proposal`` of a
generation therefore redraws any candidate bit for bit, and ``tell`` is given fitnesses only.
"""

from collections.abc import Mapping
from typing import Any, Protocol, TypeVar

import numpy as np
from numpy.typing import NDArray

Vector = NDArray[np.float64]


class State(Protocol):
    """Search state: a NamedTuple of arrays, floats and ints."""

    @property
    def generation(self) -> int:
        """How many generations were told so far."""


class Proposal(Protocol):
    """All that the candidates of one generation are made from; picklable."""

    @property
    def population(self) -> int:
        """How many candidates the generation has."""

    @property
    def seed(self) -> int:
        """Of the run."""

    @property
    def generation(self) -> int: ...


S = TypeVar("S", bound=State)
P = TypeVar("P", bound=Proposal)


class Strategy(Protocol[S, P]):
    def init(self, mean: Vector) -> S:
        """State before the first generation, around ``mean`` (size,)."""

    def proposal(self, state: S) -> P:
        """Say what the workers of this generation need."""

    def candidate(self, proposal: P, k: int) -> Vector:
        """Genome k of the generation, 0 ≤ k < population: a new array, (size,)."""

    def candidates(self, proposal: P, first: int, last: int) -> Vector:
        """Genomes first ≤ k < last as rows, (last - first, size)."""

    def tell(self, state: S, fitness: Vector) -> S:
        """State of the next generation.

        fitness: (population,), higher is better; only its order matters. Candidates whose
        fitness is not finite are left out. ``TrainingFailed`` when fewer than two are finite.
        """

    def mean(self, state: S) -> Vector:
        """Genome to validate and to keep: a new array, (size,)."""

    def figures(self, state: S) -> dict[str, float]:
        """Name what to watch of the search, for the metrics of a generation."""

    def to_arrays(self, state: S) -> dict[str, NDArray[Any]]:
        """Named arrays from which ``from_arrays`` makes the same state, bit for bit."""

    def from_arrays(self, arrays: Mapping[str, NDArray[Any]]) -> S:
        """Inverse of ``to_arrays``; ``InputError`` when the names are not those of a state."""


AnyStrategy = Strategy[Any, Any]


def noise(seed: int, generation: int, block: int) -> np.random.Generator:
    """Open one block of the Philox stream keyed by (seed, generation).

    The block is the highest of the four counter words: 2^192 draws away from the next one.
    """
    key = np.array([seed, generation], np.uint64)
    counter = np.array([0, 0, 0, block], np.uint64)
    return np.random.Generator(np.random.Philox(key=key, counter=counter))
