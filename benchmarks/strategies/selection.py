"""``python -m benchmarks.strategies.selection RUN``: how to spend a generation's lifetimes.

Takes the candidates that RUN would draw next, learns what they are worth from many lifetimes, and
asks how much of it selection gains from a few: the weighted mean worth of the better half, in
standard deviations of the population, by the number of mazes, repeats, kind of noise, size of the
population, and racing. Everything is measured on real lifetimes.
"""

import json
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import click
import numpy as np

from benchmarks.common import Row, create_network
from benchmarks.strategies.objectives import Floats
from evo_plastic.cli.output import print_table
from evo_plastic.config import Experiment
from evo_plastic.files import write_whole
from evo_plastic.parsing import load_experiment
from evo_plastic.racing import finalists, settle
from evo_plastic.records import provenance
from evo_plastic.records.checkpoints import newest_checkpoint
from evo_plastic.records.directory import RunDirectory
from evo_plastic.strategies import AnyStrategy, Proposal, create
from evo_plastic.strategies.ranking import effective_parents, log_weights
from evo_plastic.tasks import training_tasks
from evo_plastic.tasks.fitness import rollout_weights
from evo_plastic.tasks.trial import Trial
from workers.evaluator import PoolEvaluator, open_evaluator

SCHEMA = "evo_plastic/selection/1"
WORTH, FEW, REPEATS = 512, 128, 4
"""Mazes that tell a candidate's worth; mazes to pick from; lifetimes in each of some of these."""
PICKS = 1000
FAR = 1 << 40
"""Generations beyond any run: these mazes were never trained on."""


class Lifetimes:
    """Fitness of all candidates in one maze after another, (population, mazes)."""

    def __init__(
        self,
        experiment: Experiment,
        strategy: AnyStrategy,
        proposal: Proposal,
        pool: PoolEvaluator,
    ) -> None:
        self._experiment, self._pool = experiment, pool
        self._strategy, self._proposal = strategy, proposal

    def matrix(self, part: int, mazes: int, repeats: int, common: bool) -> Floats:
        name, seed = self._experiment.task.name, self._experiment.seed
        tasks = training_tasks(name, seed, FAR + part, mazes)
        weights = rollout_weights(self._experiment.task)
        members = np.arange(self._proposal.population)
        columns = []
        for k in range(mazes):
            one = tasks.subset(slice(k, k + 1))
            trial = Trial(members, one, repeats, weights, common, first=1000 * (part + 1) + k)
            columns.append(self._pool.fitness(self._strategy, self._proposal, trial).fitness)
        return np.stack(columns, axis=1)


def gain(worth: Floats, estimate: Floats) -> float:
    """Σ w_i worth_(i) over the better half by ``estimate``; worth has mean 0 and variance 1."""
    parents = len(estimate) // 2
    weights = log_weights(parents, (len(estimate) + 1) / 2)
    return float(weights @ worth[np.argsort(-estimate, kind="stable")[:parents]])


@dataclass(frozen=True)
class Sample:
    """Fitness of all candidates, one lifetime per maze; judging picks mazes at random."""

    worth: Floats  # (population,)
    common: Floats  # (population, mazes), as is training with common noise
    apart: Floats  # the same, every candidate with noise of its own
    repeated: Floats  # mean of REPEATS lifetimes in each maze
    rng: np.random.Generator

    def mazes(self, matrix: Floats, count: int) -> Floats:
        return matrix[:, self.rng.choice(matrix.shape[1], count, replace=False)]

    def race(self, count: int) -> Floats:
        chosen = self.mazes(self.common, count // 2 + count)
        opening = chosen[:, : count // 2].mean(axis=1)
        members = finalists(opening)
        return settle(opening, members, chosen[members, count // 2 :].mean(axis=1)).order

    def ways(self, count: int) -> dict[str, Callable[[], Floats]]:
        """How to judge all candidates by ``count`` lifetimes of each, by name."""
        return {
            f"{count} mazes": lambda: self.mazes(self.common, count).mean(axis=1),
            f"{count} mazes, noise of one's own": lambda: self.mazes(self.apart, count).mean(1),
            f"{count // REPEATS} mazes × {REPEATS}":
                lambda: self.mazes(self.repeated, count // REPEATS).mean(axis=1),
            f"race over {count // 2} + {count}": lambda: self.race(count),
        }  # fmt: skip

    def row(self, way: str, lifetimes: int, size: int, judge: Callable[[], Floats]) -> Row:
        """Mean gain over PICKS draws of mazes, and of as many candidates as ``size``."""
        gains = []
        for _ in range(PICKS):
            members = self.rng.choice(len(self.worth), size, replace=False)
            gains.append(gain(self.worth[members], judge()[members]))
        parents = effective_parents(log_weights(size // 2, (size + 1) / 2))
        mean = float(np.mean(gains))
        return {"way": way, "population": size, "lifetimes": lifetimes, "gain": mean,
                "progress": mean * parents**0.5}  # fmt: skip


def measure(lifetimes: Lifetimes) -> list[Row]:
    """One row per way to spend lifetimes."""
    worth = lifetimes.matrix(0, WORTH, 1, common=False).mean(axis=1)
    sample = Sample(
        worth=(worth - worth.mean()) / worth.std(),
        common=lifetimes.matrix(1, FEW, 1, common=True),
        apart=lifetimes.matrix(2, FEW, 1, common=False),
        repeated=lifetimes.matrix(3, FEW // REPEATS, REPEATS, common=True),
        rng=np.random.default_rng(0),
    )
    population = len(worth)
    rows = [
        sample.row(way, count, population, judge)
        for count in (4, 8, 16, 32)
        for way, judge in sample.ways(count).items()
    ]
    for part, count in ((2, 16), (4, 32)):
        (way, judge), *_ = sample.ways(count).items()
        rows.append(sample.row(way, count, population // part, judge))
    return rows


@click.command()
@click.argument("run", type=click.Path(exists=True, path_type=Path))
@click.option("--out", type=click.Path(dir_okay=False, path_type=Path))
def main(run: Path, out: Path | None) -> None:
    """Measure selection among the candidates that RUN would draw next."""
    directory = RunDirectory.open(run)
    experiment = load_experiment(directory.config).experiment
    spec = create_network(experiment.network)
    strategy = create(experiment.strategy, spec.layout, experiment.seed)
    checkpoint = newest_checkpoint(directory)
    arrays = {name: a for name, a in checkpoint.arrays.items() if name != "best_genome"}
    state = strategy.from_arrays(arrays)
    with open_evaluator(experiment.pool, experiment.network, spec) as pool:
        rows = measure(Lifetimes(experiment, strategy, strategy.proposal(state), pool))
    headers = ("way", "population", "lifetimes", "gain", "progress")
    print_table(headers, [tuple(row[key] for key in headers) for row in rows])
    if out:
        document = {"schema": SCHEMA, "provenance": provenance.collect().model_dump(mode="json")}
        document |= {"generation": state.generation, "rows": rows}
        write_whole(out, json.dumps(document, indent=1).encode() + b"\n")


if __name__ == "__main__":
    main()
