"""CMA-ES of the ``cma`` package (Hansen et al.): full covariance matrix, or diagonal.

The package's search is an object that changes; a ``State`` holds the numbers it consists of
(``attributes``), so that any state can be gone on from, in this process or from a checkpoint.
Candidates are the package's own, drawn from the run's noise; workers are sent all of them.
The step size follows the path length: two-point adaptation of the package draws from numpy's
global generator. Where ``stop()`` says that a search has ended, ``restarts`` may begin another
at the first mean; otherwise the search goes on.
"""

import warnings
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any, NamedTuple

import cma
import numpy as np
from numpy.typing import NDArray

from evo_plastic.config import CMAConfig
from evo_plastic.errors import InputError, TrainingFailed
from evo_plastic.strategies import attributes, states
from evo_plastic.strategies.base import Vector, noise
from evo_plastic.strategies.limits import check_size
from evo_plastic.strategies.ranking import best_first
from evo_plastic.strategies.restarts import Search, first_search, next_search, spend

_OWN = "own."
_PACKAGE = "cma."


class State(NamedTuple):
    numbers: Mapping[str, NDArray[Any]]  # of the package's search, by name of attribute
    search: Search
    start: Vector  # the first mean, (size,)
    generation: int

    @property
    def mean(self) -> Vector:
        return np.array(self.numbers["mean"])


class Proposal(NamedTuple):
    genomes: Vector  # (population, size)
    seed: int
    generation: int

    @property
    def population(self) -> int:
        return len(self.genomes)


@dataclass
class _Normal:
    """The package's source of random numbers."""

    stream: np.random.Generator

    def __call__(self, *shape: int) -> Vector:
        return self.stream.standard_normal(shape)


@dataclass
class _Live:
    """The package's object of the state that was asked for last: it need not be made again."""

    state: State | None = None
    strategy: Any = None
    genomes: Any = None


@dataclass(frozen=True)
class CMA:
    """``seed`` is that of the run."""

    config: CMAConfig
    seed: int
    _live: _Live = field(default_factory=_Live, compare=False, repr=False)

    def __reduce__(self) -> Any:
        return CMA, (self.config, self.seed)

    def init(self, mean: Vector) -> State:
        check_size(self.config, mean.size)
        start = np.array(mean, np.float64)
        search = first_search(self.config.population, self.config.sigma)
        return self._begin(start, search, generation=0)

    def proposal(self, state: State) -> Proposal:
        return Proposal(self._ask(state), self.seed, state.generation)

    def candidate(self, proposal: Proposal, k: int) -> Vector:
        return np.array(proposal.genomes[k])

    def candidates(self, proposal: Proposal, first: int, last: int) -> Vector:
        return np.array(proposal.genomes[first:last])

    def tell(self, state: State, fitness: Vector) -> State:
        ranked = best_first(fitness, ties="lower")
        if len(ranked) < (len(fitness) + 1) // 2:
            raise TrainingFailed(
                f"{len(ranked)} of {len(fitness)} candidates have a finite fitness, strategy "
                f"cma needs half of them"
            )
        genomes = self._ask(state)
        strategy, self._live.state = self._live.strategy, None
        with _quiet():
            strategy.tell(list(genomes[ranked]), list(-fitness[ranked]))
        search, generation = spend(state.search), state.generation + 1
        config = self.config
        if config.restarts != "none" and strategy.stop():
            search = next_search(
                config.restarts, search, config.population, config.sigma, self.seed
            )
            return self._begin(state.start, search, generation)
        told = State(attributes.read(strategy), search, state.start, generation)
        self._keep(told, strategy, None)
        return told

    def mean(self, state: State) -> Vector:
        return state.mean

    def figures(self, state: State) -> dict[str, float]:
        sigma = float(state.numbers["sigma"])
        return {"sigma": sigma, "population": state.search.population,
                "restarts": state.search.number}  # fmt: skip

    def to_arrays(self, state: State) -> dict[str, NDArray[Any]]:
        own = {"start": state.start, "generation": state.generation, **state.search._asdict()}
        arrays = {_OWN + name: np.array(value) for name, value in own.items()}
        return arrays | {_PACKAGE + name: np.array(v) for name, v in state.numbers.items()}

    def from_arrays(self, arrays: Mapping[str, NDArray[Any]]) -> State:
        own = {n.removeprefix(_OWN): v for n, v in arrays.items() if n.startswith(_OWN)}
        numbers = {
            n.removeprefix(_PACKAGE): np.array(v)
            for n, v in arrays.items()
            if n.startswith(_PACKAGE)
        }
        names = {"start", "generation", *Search._fields}
        if set(own) != names or len(own) + len(numbers) != len(arrays) or "mean" not in numbers:
            raise InputError(
                f"not the search state of this strategy: expected {', '.join(sorted(names))} and "
                f"the numbers of the cma package, given were {', '.join(arrays) or 'none'}"
            )
        counts = {n: states.as_count(n, own[n]) for n in Search._fields if n != "sigma"}
        search = Search(**counts, sigma=states.as_float("sigma", own["sigma"]))
        start = states.as_vector("start", own["start"])
        return State(numbers, search, start, states.as_count("generation", own["generation"]))

    def _begin(self, start: Vector, search: Search, generation: int) -> State:
        strategy = self._make(start, search, generation)
        state = State(attributes.read(strategy), search, start, generation)
        self._keep(state, strategy, None)
        return state

    def _make(self, start: Vector, search: Search, generation: int) -> Any:
        """A search of the package whose noise is that of the run."""
        diagonal = self.config.covariance == "diagonal"
        options = {
            "CMA_diagonal": diagonal,
            "AdaptSigma": cma.sigma_adaptation.CMAAdaptSigmaCSA,
            "popsize": search.population,
            "seed": np.nan,
            "verbose": -9,
            "randn": _Normal(noise(self.seed, generation, 0)),
        }
        with _quiet():
            return cma.CMAEvolutionStrategy(start, search.sigma, options)

    def _restore(self, state: State) -> Any:
        strategy = self._make(state.start, state.search, state.generation)
        if state.search.told > 0:
            # Some parts of the package's object are made when they are first needed.
            with _quiet():
                strategy.tell(strategy.ask(), list(range(state.search.population)))
            attributes.write(strategy, state.numbers)
        return strategy

    def _ask(self, state: State) -> Vector:
        """All candidates; leaves in ``_live`` the object that is to be told about them."""
        live = self._live
        if live.state is not state:
            self._keep(state, self._restore(state), None)
        if live.genomes is None:
            live.strategy.opts["randn"].stream = noise(self.seed, state.generation, 0)
            with _quiet():
                live.genomes = np.array(live.strategy.ask())
        genomes: Vector = live.genomes
        return genomes

    def _keep(self, state: State, strategy: Any, genomes: Vector | None) -> None:
        self._live.state, self._live.strategy = state, strategy
        self._live.genomes = genomes


@contextmanager
def _quiet() -> Iterator[None]:
    """The package warns of much that is no fault of a user's: unusual options, long paths."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        yield
