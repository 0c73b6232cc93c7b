"""``python -m benchmarks.strategies.mazes NAME CONFIG --run DIR``: other strategies on real mazes.

Trains as ``evo-plastic train CONFIG`` does, same mazes, same noise, same validation, but the
search is one of another library, with the population and the σ of CONFIG's strategy. The run
directory can be compared and evaluated like any other, but not resumed.

    cr-fm-nes   low rank plus diagonal (Nomura & Ono 2022), the package of its authors
    cma-full    full covariance matrix (``cmaes``)
    lra-cma     the same with a learning rate that follows the noise (Nomura et al. 2023)
"""
# mypy: disable-error-code="no-untyped-call,import-untyped,import-not-found"

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, NamedTuple, Protocol

import click
import numpy as np
from numpy.typing import NDArray

from benchmarks.common import create_network
from benchmarks.strategies.objectives import Floats
from evo_plastic.driver import Progress, Training
from evo_plastic.evolution import Evolution
from evo_plastic.parsing import load_experiment
from evo_plastic.records import manifest
from evo_plastic.records.directory import RunDirectory
from workers.evaluator import open_evaluator


class Search(Protocol):
    """Minimises, and keeps its state to itself."""

    def ask(self) -> Floats:
        """Candidates of the generation, (population, n); the same until told."""

    def tell(self, losses: Floats) -> None: ...

    @property
    def mean(self) -> Floats: ...

    @property
    def sigma(self) -> float: ...


class CRFMNES:
    def __init__(self, mean: Floats, sigma: float, population: int, seed: int) -> None:
        from crfmnes import CRFMNES as Package

        self._losses = iter(())
        self._package = Package(
            mean.size, lambda _: next(self._losses), mean[:, None].copy(), sigma, population,
            seed=seed, use_constraint_violation=False,
        )  # fmt: skip
        self._random = np.random.get_state()  # noqa: NPY002

    def ask(self) -> Floats:
        # The package draws from numpy's global generator and asks for one loss after the other.
        # What it will draw is drawn here before, so that a population is judged as a whole.
        it = self._package
        np.random.set_state(self._random)  # noqa: NPY002
        half = np.random.randn(it.dim, it.lamb // 2)  # noqa: NPY002
        z = np.concatenate([half, -half], axis=1)
        norm = np.linalg.norm(it.v)
        direction = it.v / norm
        y = z + (np.sqrt(1 + norm**2) - 1) * direction @ (direction.T @ z)
        return np.asarray((it.m + it.sigma * y * it.D).T)

    def tell(self, losses: Floats) -> None:
        self._losses = iter(losses.tolist())
        np.random.set_state(self._random)  # noqa: NPY002
        self._package.one_iteration()
        self._random = np.random.get_state()  # noqa: NPY002

    @property
    def mean(self) -> Floats:
        return np.array(self._package.m[:, 0])

    @property
    def sigma(self) -> float:
        return float(self._package.sigma)


class FullCMA:
    def __init__(
        self, mean: Floats, sigma: float, population: int, seed: int, adapt: bool
    ) -> None:
        import cmaes

        self._package = cmaes.CMA(
            mean, sigma, population_size=population, seed=seed, lr_adapt=adapt
        )
        self._asked: Floats | None = None

    def ask(self) -> Floats:
        if self._asked is None:
            draws = [self._package.ask() for _ in range(self._package.population_size)]
            self._asked = np.array(draws)
        return self._asked

    def tell(self, losses: Floats) -> None:
        self._package.tell(list(zip(self.ask(), losses.tolist(), strict=True)))
        self._asked = None

    @property
    def mean(self) -> Floats:
        return np.array(self._package.mean)

    @property
    def sigma(self) -> float:
        return float(self._package._sigma)


SEARCHES: dict[str, Callable[[Floats, float, int, int], Search]] = {
    "cr-fm-nes": CRFMNES,
    "cma-full": lambda *given: FullCMA(*given, adapt=False),
    "lra-cma": lambda *given: FullCMA(*given, adapt=True),
}


class State(NamedTuple):
    generation: int


class Proposal(NamedTuple):
    genomes: Floats  # (population, n)
    population: int
    seed: int
    generation: int


class Foreign:
    """A search as a ``Strategy``; what it remembers is its own, so no checkpoint holds it."""

    def __init__(self, make: Callable[[Floats], Search], seed: int) -> None:
        self._make, self._seed = make, seed
        self._search: Search | None = None

    @property
    def search(self) -> Search:
        assert self._search is not None, "a run of another library's strategy cannot be resumed"
        return self._search

    def init(self, mean: Floats) -> State:
        self._search = self._make(mean)
        return State(0)

    def proposal(self, state: State) -> Proposal:
        genomes = self.search.ask()
        return Proposal(genomes, len(genomes), self._seed, state.generation)

    def candidate(self, proposal: Proposal, k: int) -> Floats:
        return proposal.genomes[k].copy()

    def candidates(self, proposal: Proposal, first: int, last: int) -> Floats:
        return proposal.genomes[first:last].copy()

    def tell(self, state: State, fitness: Floats) -> State:
        # Without a number, the worst: not every package takes infinities.
        worst = np.min(fitness, where=np.isfinite(fitness), initial=np.inf)
        self.search.tell(-np.where(np.isfinite(fitness), fitness, worst))
        return State(state.generation + 1)

    def mean(self, state: State) -> Floats:
        return self.search.mean

    def figures(self, state: State) -> dict[str, float]:
        return {"sigma": self.search.sigma}

    def to_arrays(self, state: State) -> dict[str, NDArray[Any]]:
        return {"mean": self.search.mean}

    def from_arrays(self, arrays: Mapping[str, NDArray[Any]]) -> State:
        raise NotImplementedError("a run of another library's strategy cannot be resumed")


@click.command()
@click.argument("name", type=click.Choice(sorted(SEARCHES)))
@click.argument("config", type=click.Path(exists=True, dir_okay=False, path_type=Path))
@click.option("--set", "overrides", multiple=True, metavar="KEY=VALUE")
@click.option("--run", "path", required=True, type=click.Path(path_type=Path))
def main(name: str, config: Path, overrides: tuple[str, ...], path: Path) -> None:
    """Train CONFIG with a strategy of another library; population and σ are CONFIG's."""
    experiment = load_experiment(config, overrides).experiment
    run, spec = RunDirectory.create(path), create_network(experiment.network)
    population, seed = experiment.strategy.population, experiment.seed
    with run.lock(), open_evaluator(experiment.pool, experiment.network, spec) as evaluator:
        record = manifest.begin(experiment)
        run.write_config(experiment)
        manifest.save(run.manifest, record)
        strategy = Foreign(
            lambda mean: SEARCHES[name](mean, experiment.strategy.sigma, population, seed), seed
        )
        search = Evolution(experiment, strategy, evaluator)
        training = Training(experiment, spec, run, search, evaluator)
        done = training.evolve(training.start(), lambda: False, _report)
        totals = {"generations": done.generation, "env_steps": done.totals.env_steps}
        manifest.save(run.manifest, manifest.end(record, "done", totals))


def _report(progress: Progress, row: dict[str, Any]) -> None:
    if "score" in row:
        print(progress.generation, *(f"{mean:.3f}" for mean in row["rollout_mean"]), flush=True)


if __name__ == "__main__":
    main()
