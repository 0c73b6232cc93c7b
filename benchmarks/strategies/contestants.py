"""Strategies behind one interface: they live one generation, given who evaluates it."""
# mypy: disable-error-code="no-untyped-call,import-untyped,import-not-found"

import importlib.util
import logging
import warnings
from collections.abc import Callable
from typing import Any, Protocol

import numpy as np

from benchmarks.strategies.objectives import Floats
from evo_plastic.config import SepCMAESConfig
from evo_plastic.layout import ArraySpec, Layout
from evo_plastic.strategies import create

Evaluate = Callable[[Floats], Floats]
"""Genomes, (population, n), to losses, (population,); lower is better."""


class Contestant(Protocol):
    def step(self, evaluate: Evaluate) -> None:
        """One generation."""


class Ours:
    def __init__(self, start: Floats, sigma: float, population: int, seed: int, **options: Any):
        config = SepCMAESConfig(population=population, sigma=sigma, **options)
        self._strategy = create(config, Layout((ArraySpec("x", start.shape),)), seed)
        self._state = self._strategy.init(start)

    def step(self, evaluate: Evaluate) -> None:
        proposal = self._strategy.proposal(self._state)
        genomes = self._strategy.candidates(proposal, 0, proposal.population)
        self._state = self._strategy.tell(self._state, -evaluate(genomes))


class PyCMA:
    def __init__(self, start: Floats, sigma: float, population: int, seed: int) -> None:
        import cma

        rng = np.random.default_rng(seed)
        # Its two-point adaptation draws from numpy's global generator.
        np.random.seed(seed)  # noqa: NPY002
        options = {
            "CMA_diagonal": True,
            "popsize": population,
            "seed": np.nan,
            "randn": lambda *shape: rng.standard_normal(shape),
            "verbose": -9,
        }
        warnings.simplefilter("ignore")
        self._search = cma.CMAEvolutionStrategy(start, sigma, options)

    def step(self, evaluate: Evaluate) -> None:
        genomes = self._search.ask()
        self._search.tell(genomes, list(evaluate(np.array(genomes))))


class CMAES:
    def __init__(self, start: Floats, sigma: float, population: int, seed: int) -> None:
        import cmaes

        self._search = cmaes.SepCMA(mean=start, sigma=sigma, population_size=population, seed=seed)
        self._population = population

    def step(self, evaluate: Evaluate) -> None:
        genomes = np.array([self._search.ask() for _ in range(self._population)])
        self._search.tell(list(zip(genomes, evaluate(genomes).tolist(), strict=True)))


class Evosax:
    """float64, as all others are."""

    def __init__(self, start: Floats, sigma: float, population: int, seed: int) -> None:
        import jax

        jax.config.update("jax_enable_x64", True)
        from evosax.algorithms import Sep_CMA_ES

        self._search = Sep_CMA_ES(population_size=population, solution=jax.numpy.asarray(start))
        self._params = self._search.default_params.replace(std_init=sigma)
        self._key, key = jax.random.split(jax.random.key(seed))
        self._state = self._search.init(key, jax.numpy.asarray(start), self._params)
        self._split, self._array = jax.random.split, jax.numpy.asarray
        self._ask, self._tell = jax.jit(self._search.ask), jax.jit(self._search.tell)

    def step(self, evaluate: Evaluate) -> None:
        self._key, key, other = self._split(self._key, 3)
        genomes, state = self._ask(key, self._state, self._params)
        losses = self._array(evaluate(np.asarray(genomes)))
        self._state, _ = self._tell(other, genomes, losses, state, self._params)


class EvoTorch:
    """float64; its search calls the evaluation itself."""

    def __init__(self, start: Floats, sigma: float, population: int, seed: int) -> None:
        import torch
        from evotorch import Problem
        from evotorch.algorithms import CMAES

        logging.getLogger("evotorch").setLevel(logging.WARNING)
        torch.manual_seed(seed)
        torch.set_num_threads(1)
        self._evaluate: Evaluate | None = None
        problem = Problem(
            "min",
            lambda x: torch.as_tensor(self._evaluate(x.numpy())),  # type: ignore[misc]
            solution_length=start.size,
            initial_bounds=(-4, 4),
            dtype=torch.float64,
            vectorized=True,
        )
        self._search = CMAES(
            problem, stdev_init=sigma, popsize=population, separable=True,
            center_init=torch.as_tensor(start),
        )  # fmt: skip

    def step(self, evaluate: Evaluate) -> None:
        self._evaluate = evaluate
        self._search.step()


DEFAULT = "ours"
CONTESTANTS: dict[str, Callable[[Floats, float, int, int], Contestant]] = {
    DEFAULT: Ours,
    "ours, csa": lambda *given: Ours(*given, step_size="csa"),
    "ours, tpa": lambda *given: Ours(*given, step_size="tpa"),
    "ours, wang2022": lambda *given: Ours(*given, variant="wang2022"),
    "cma": PyCMA,
    "cmaes": CMAES,
    "evosax": Evosax,
    "evotorch": EvoTorch,
}
PACKAGES = {name: name for name in ("cma", "cmaes", "evosax", "evotorch")}


def installed() -> list[str]:
    """Contestants whose package is there."""
    return [
        name
        for name in CONTESTANTS
        if name not in PACKAGES or importlib.util.find_spec(PACKAGES[name]) is not None
    ]
