"""Real training with one and two workers on an embedded Ray, beside what the model says of it.

The model is told how many steps each generation took, and how many times as long as measured its
chunks took, all together: other programs may have part of the machine, and two busy cores share
caches. All else is its own: how chunks are cut and packed onto workers, what calls, the driver and
``tell`` add.
"""

import statistics
import tempfile
import time
from collections.abc import Sequence
from functools import partial
from pathlib import Path
from typing import Any, NamedTuple

from benchmarks.clocks import ClockedPool, ClockedWorker
from benchmarks.common import configure
from benchmarks.simulation.lifetimes import (
    LIVES,
    POPULATION,
    REPEATS,
    TASKS,
    Candidates,
    Case,
    search,
    title,
)
from benchmarks.simulation.model import Simulation
from benchmarks.simulation.parameters import Cluster, Costs
from benchmarks.simulation.parts import Batch, Generation
from evo_plastic.config import (
    Experiment,
    PoolConfig,
    SepCMAESConfig,
    Stage,
    TrainingConfig,
    ValidationConfig,
)
from evo_plastic.driver import Progress, Training
from evo_plastic.evolution import Evolution
from evo_plastic.records.directory import RunDirectory
from evo_plastic.strategies import create
from workers.evaluator import PoolEvaluator
from workers.pool import create as create_pool

GENERATIONS = 8
SETTLED = 2
"""Generations before that: the pool does not know yet how long lifetimes take."""


class Real(NamedTuple):
    """A generation of a real run."""

    seconds: float
    driver: float  # CPU time of the driver's process, Ray's threads in it too
    work: float  # CPU time of the workers
    steps: int
    chunks: float  # wall clock of all its chunks
    slowdown: float  # the same over the CPU time that was measured before


class Watcher:
    """Reads the clocks after every generation."""

    def __init__(self, workers: ClockedPool, known: Candidates) -> None:
        self.found: list[Real] = []
        self._workers, self._known = workers, known
        self._begin(0, 0.0)

    def __call__(self, progress: Progress, row: dict[str, Any]) -> None:
        if "fitness_mean" not in row:
            return  # a validation
        seconds = time.perf_counter() - self._wall
        driver = time.process_time() - self._cpu
        totals = progress.totals
        steps, work = totals.env_steps - self._steps, totals.core_seconds - self._work
        spans = [span for one in self._workers.maps for span in one.spans]
        lived = sum(span.ended - span.begun for span in spans)
        expected = float(self._known.seconds.sum()) * steps / self._known.steps
        self.found.append(Real(seconds, driver, work, steps, lived, lived / expected))
        self._begin(totals.env_steps, totals.core_seconds)

    def _begin(self, steps: int, work: float) -> None:
        self._steps, self._work = steps, work
        self._workers.maps.clear()
        self._wall, self._cpu = time.perf_counter(), time.process_time()


def measure(case: Case, known: Candidates, costs: Costs, workers: int) -> dict[str, Any]:
    """A real run, the model's of the same generations, and the ratio of the two."""
    real = train(case, known, workers)[SETTLED:]
    told = predict(known, costs, workers, real)
    return {
        "network": title(case),
        "workers": workers,
        "generations": len(real),
        "slowdown": statistics.median(one.slowdown for one in real),
        "real_seconds": statistics.median(one.seconds for one in real),
        "predicted_seconds": statistics.median(one.seconds for one in told),
        "ratio": statistics.median(
            there.seconds / here.seconds for here, there in zip(real, told, strict=True)
        ),
        "real_rest": statistics.median(one.seconds - one.chunks / workers for one in real),
        "predicted_rest": statistics.median(
            there.seconds - here.chunks / workers for here, there in zip(real, told, strict=True)
        ),
        "real_driver": statistics.median(one.driver / one.seconds for one in real),
        "real_work": statistics.median(one.work / one.seconds / workers for one in real),
    }


def train(case: Case, known: Candidates, workers: int) -> list[Real]:
    """Real generations of the paper's setting, in a run directory."""
    settings = SepCMAESConfig(population=POPULATION)
    experiment = Experiment(
        network=configure(case.name, case.modulation),
        strategy=settings,
        training=TrainingConfig(
            generations=GENERATIONS,
            curriculum=(Stage(start=0, tasks=TASKS),),
            repeats=REPEATS,
            validation=ValidationConfig(lifetimes=1),
        ),
    )
    one = search(case)
    make = partial(ClockedWorker, one.spec, experiment.network.precision)
    pool = PoolConfig(backend="ray", workers=workers)
    with tempfile.TemporaryDirectory() as folder, create_pool(pool, make) as inner:
        run = RunDirectory.create(Path(folder) / "run")
        clocked = ClockedPool(inner)
        evaluator, watcher = PoolEvaluator(clocked), Watcher(clocked, known)
        strategy = create(settings, one.spec.layout, experiment.seed)
        searching = Evolution(experiment, strategy, evaluator)
        with run.lock():
            training = Training(experiment, one.spec, run, searching, evaluator, one.state.mean)
            training.evolve(training.start(), lambda: False, watcher)
    return watcher.found


def predict(
    known: Candidates, costs: Costs, workers: int, real: Sequence[Real]
) -> list[Generation]:
    """The same generations on paper: a machine of its own, hence without a network."""
    simulation = Simulation(costs, Cluster(workers))
    simulation.generation(Batch(known.seconds, LIVES))
    return [
        simulation.generation(Batch(known.seconds * one.slowdown * one.steps / known.steps, LIVES))
        for one in real
    ]
