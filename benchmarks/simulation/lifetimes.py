"""What the model is fed with, but for Ray: candidates, tell, records, sizes."""

import pickle
import tempfile
import time
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from benchmarks.common import HOME, ROLLOUTS, configure, create_network
from evo_plastic.config import SepCMAESConfig
from evo_plastic.networks.spec import NetworkSpec
from evo_plastic.records.checkpoints import save_checkpoint
from evo_plastic.records.directory import RunDirectory
from evo_plastic.records.genome_sources import open_genome
from evo_plastic.records.metrics import append
from evo_plastic.strategies import AnyStrategy, Proposal, create, first_mean
from evo_plastic.tasks import training_tasks
from evo_plastic.tasks.trial import Trial
from workers.jobs import PopulationJob, PopulationResult, warm_worker

TASK, TASKS, REPEATS, POPULATION = "maze9", 8, 4, 360
LIVES = TASKS * REPEATS
"""Of a candidate in a generation: the paper's setting."""
TABLE = HOME / "runs" / "published" / "table1-maze9"
EVERY = 100
"""Generations between two checkpoints."""
EVOLVED_SIGMA = 0.04
"""Of the published searches after 1800 generations: 0.036 and 0.068."""


class Case(NamedTuple):
    """A network, and genomes of it to be evolved further: untrained or published ones."""

    name: str
    modulation: str
    evolved: bool

    @property
    def start(self) -> str:
        return "evolved" if self.evolved else "untrained"


CASES = tuple(
    Case(name, "post", evolved) for name in ("dec-prnn", "prnn") for evolved in (False, True)
)


def title(case: Case) -> str:
    """As in the paper."""
    return create_network(configure(case.name, case.modulation)).title


class Search(NamedTuple):
    """A generation about to be evaluated."""

    spec: NetworkSpec
    strategy: AnyStrategy
    state: Any
    proposal: Proposal
    trial: Trial


def search(case: Case, population: int = POPULATION, seed: int = 0) -> Search:
    """One of ``population`` candidates of the strategy that configurations have."""
    spec = create_network(configure(case.name, case.modulation))
    settings = SepCMAESConfig(population=population)
    mean = first_mean(spec.n_gene, seed, settings.initial_spread)
    if case.evolved:
        mean = open_genome(str(TABLE / f"{case.name}-{case.modulation}")).genome
        settings = settings.model_copy(update={"sigma": EVOLVED_SIGMA})
    strategy = create(settings, spec.layout, seed)
    state = strategy.init(mean)
    tasks = training_tasks(TASK, seed, 0, TASKS)
    trial = Trial(np.arange(population), tasks, REPEATS, np.eye(ROLLOUTS)[-1], True)
    return Search(spec, strategy, state, strategy.proposal(state), trial)


class Candidates(NamedTuple):
    """Of a generation, one by one."""

    seconds: NDArray[np.float64]
    """CPU time, (candidates,)."""
    steps: int
    """Of all."""


def candidates(case: Case, rounds: int) -> Candidates:
    """Let candidates live as a worker does; medians over rounds."""
    found, steps = [], 0
    for _ in range(rounds):
        one = search(case)  # anew, since strategies keep their draws
        worker = worker_of(case)
        job = PopulationJob(one.strategy, one.proposal)
        results = [worker.run(job, chunk) for chunk in alone(one.trial)]
        found.append([result.seconds for result in results])
        steps = sum(result.steps for result in results)
    return Candidates(np.median(found, axis=0), steps)


def worker_of(case: Case) -> Any:
    config = configure(case.name, case.modulation)
    return warm_worker(create_network(config), config.precision)


def alone(trial: Trial) -> list[Trial]:
    """Every candidate in a chunk of its own."""
    return [replace(trial, members=trial.members[k : k + 1]) for k in range(len(trial.members))]


class Driving(NamedTuple):
    """Seconds of the driver in a generation, without the pool."""

    prepare: float
    pack: float  # of a chunk
    tell: float
    tell_candidate: float
    records: float


def driving(case: Case, rounds: int) -> Driving:
    """CPU time, records wall clock: the least of some rounds."""
    small, large = (_tells(case, times * POPULATION, rounds) for times in (1, 2))
    per_candidate = max(0.0, large - small) / POPULATION
    return Driving(
        _least(rounds, lambda: _prepare(case)),
        _least(rounds, lambda: _pack(case)),
        max(0.0, small - per_candidate * POPULATION),
        per_candidate,
        _records(case, rounds),
    )


def _least(rounds: int, work: Callable[[], float]) -> float:
    return min(work() for _ in range(rounds))


def _tells(case: Case, population: int, rounds: int) -> float:
    def once() -> float:
        one = search(case, population)  # as behind Ray: the driver itself drew nobody yet
        fitness = np.random.default_rng(0).standard_normal(population)
        begun = time.process_time()
        one.strategy.tell(one.state, fitness)
        return time.process_time() - begun

    return _least(rounds, once)


def _prepare(case: Case) -> float:
    one = search(case)
    begun = time.process_time()
    training_tasks(TASK, 0, 1, TASKS)
    one.strategy.proposal(one.state)
    return time.process_time() - begun


def _pack(case: Case) -> float:
    trial = search(case).trial
    begun = time.process_time()
    for chunk in alone(trial):
        pickle.dumps(chunk, protocol=5)
    return (time.process_time() - begun) / len(trial.members)


def _records(case: Case, rounds: int) -> float:
    """Two rows and a hundredth of a checkpoint."""
    one = search(case)
    row = {"generation": 1, **dict.fromkeys("abcdefgh", 0.123456789012345)}
    with tempfile.TemporaryDirectory() as folder:
        run = RunDirectory.create(Path(folder) / "run")
        arrays = one.strategy.to_arrays(one.state)

        def rows() -> float:
            begun = time.perf_counter()
            append(run.metrics, row)
            append(run.timings, row)
            return time.perf_counter() - begun

        def checkpoint() -> float:
            begun = time.perf_counter()
            save_checkpoint(run, 1, arrays, {}, 3)
            return time.perf_counter() - begun

        return _least(rounds, rows) + _least(rounds, checkpoint) / EVERY


class Sizes(NamedTuple):
    """Pickled bytes."""

    proposal: int
    chunk: int
    candidate: int  # of a chunk, for each of its candidates
    result: int


def sizes(case: Case) -> Sizes:
    one = search(case)
    job = PopulationJob(one.strategy, one.proposal)

    def pickled(value: object) -> int:
        return len(pickle.dumps(value, protocol=5))

    def chunk(count: int) -> int:
        return pickled(replace(one.trial, members=one.trial.members[:count]))

    each = (chunk(POPULATION) - chunk(1)) // (POPULATION - 1)
    result = PopulationResult(np.zeros(1), 1, 1.0)
    return Sizes(pickled(job), chunk(1) - each, each, pickled(result))
