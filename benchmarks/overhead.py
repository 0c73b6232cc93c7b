"""What a training run spends its cores on, and how much of it is lifetimes.

Real generations of the paper's protocol, DecPRNN(PostDN) on 9×9 mazes, 360 candidates × 8 mazes
× 4 repeats, in a run directory of their own, from untrained genomes and around the published
one, whose lifetimes are half as long. Shares of wall clock × cores:

    kernels      CPU time of lifetimes (``Engine.live_population``)
    candidates   CPU time of workers besides: drawing genomes, fitness
    driver       CPU time of the generation loop: tell, mazes, records
    pool         CPU time of all else that belongs to the run: handing out, unpickling, Ray
    others       what other processes and the host took
    idle         the rest

Other processes fill gaps that would otherwise be idle. ``kernels, alone`` is therefore what the
share of kernels would be if nobody else were on the machine: the chunks' CPU times, packed onto
the workers in the order in which they were handed out, one after the other with the median gap
that was seen between two, after the CPU time of the driver, which nothing runs beside. The
pool's own CPU time is not in it: with Ray, which works beside the workers, it is an upper limit.
"""

import statistics
import tempfile
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from functools import partial
from pathlib import Path

import numpy as np

from benchmarks import clocks
from benchmarks.clocks import ClockedPool, ClockedWorker
from benchmarks.common import HOME, MAIN, ROLLOUTS, Row, configure, create_network
from benchmarks.schedule import gaps, packed, tail
from evo_plastic import config as settings
from evo_plastic import driver, evolution
from evo_plastic.cli.output import print_table
from evo_plastic.config import Experiment, PoolConfig
from evo_plastic.driver import Progress, Training
from evo_plastic.evolution import Evolution
from evo_plastic.records.directory import RunDirectory
from evo_plastic.records.genome_sources import open_genome
from evo_plastic.seeding import STREAM_NOISE, fold
from evo_plastic.strategies import create
from evo_plastic.tasks import training_tasks
from workers import pool
from workers.evaluator import PoolEvaluator
from workers.jobs import warm_worker
from workers.pool import available_cpus

PUBLISHED = HOME / "runs" / "published" / "dec-prnn-post-maze9"
BACKENDS = ("local", "ray")
STARTS = ("untrained", "evolved")
TASKS, REPEATS = 8, 4
MILLI = 1e3


def measure(
    generations: int = 30,
    population: int = 360,
    backends: Sequence[str] = BACKENDS,
    starts: Sequence[str] = STARTS,
) -> list[Row]:
    rows = []
    for backend in backends:
        with _open_pool(PoolConfig.model_validate({"backend": backend})) as workers:
            for start in starts:
                about = {"pool": backend, "start": start, "workers": workers.size}
                experiment = _experiment(generations, population)
                rows.append(about | _train(experiment, workers, start))
    return rows


def _experiment(generations: int, population: int) -> Experiment:
    """One checkpoint and one validation, at the end: a whole run has them every hundred."""
    return Experiment(
        network=configure(*MAIN[0]),
        strategy=settings.SepCMAESConfig(population=population),
        training=settings.TrainingConfig(
            generations=generations,
            curriculum=(settings.Stage(start=0, tasks=TASKS),),
            repeats=REPEATS,
            validation=settings.ValidationConfig(every=generations),
            checkpoint_every=generations,
        ),
    )


@contextmanager
def _open_pool(config: PoolConfig) -> Iterator[ClockedPool]:
    """A pool all of whose workers have begun: that is paid once per run."""
    network = configure(*MAIN[0])
    spec = create_network(network)
    warm_worker(spec, network.precision)
    with pool.create(config, partial(ClockedWorker, spec, network.precision)) as inner:
        workers = ClockedPool(inner)
        while len({span.worker for one in workers.maps for span in one.spans}) < workers.size:
            keys = fold(0, STREAM_NOISE, np.arange(8 * workers.size))[:, None]
            mazes = training_tasks("maze9", 0, 0, len(keys))
            PoolEvaluator(workers).live(np.zeros(spec.n_gene), mazes, keys, ROLLOUTS)
        yield workers


def _train(experiment: Experiment, workers: ClockedPool, start: str) -> Row:
    with tempfile.TemporaryDirectory() as folder:
        run = RunDirectory.create(Path(folder) / "run")
        with run.lock():
            spec = create_network(experiment.network)
            evaluator = PoolEvaluator(workers)
            strategy = create(experiment.strategy, spec.layout, experiment.seed)
            search = Evolution(experiment, strategy, evaluator)
            training = Training(experiment, spec, run, search, evaluator)
            progress = training.start()
            if start == "evolved":
                mean = open_genome(str(PUBLISHED)).genome
                progress = replace(progress, state=progress.state._replace(mean=mean))
            return _account(training, type(strategy), progress, workers)


def _account(training: Training, strategy: type, progress: Progress, workers: ClockedPool) -> Row:
    """Train to the end; where its time went."""
    functions = {
        "map": (ClockedPool, "map"),
        "tell": (strategy, "tell"),
        "mazes": (evolution, "training_tasks"),
        "rows": (driver, "append"),
        "checkpoint": (driver, "save_checkpoint"),
        "genome": (driver, "save_genome"),
    }
    workers.maps.clear()
    own, machine = clocks.own_seconds(), clocks.machine_seconds()
    wall, cpu = time.perf_counter(), time.thread_time()
    with clocks.clocked(functions) as phases:
        ended = training.evolve(progress, lambda: False, lambda progress, row: None)
    wall, cpu = time.perf_counter() - wall, time.thread_time() - cpu
    own, machine = clocks.own_seconds() - own, clocks.machine_seconds() - machine
    phases["other"] = cpu - sum(phases.values())
    driving = cpu - phases.pop("map")
    spans = [span for one in workers.maps for span in one.spans]
    kernels, chunks = sum(span.kernel for span in spans), sum(span.cpu for span in spans)
    seconds = {
        "kernels": kernels,
        "candidates": chunks - kernels,
        "driver": driving,
        "pool": own - chunks - driving,
        "others": machine - own,
    }
    gap = statistics.median(gap for one in workers.maps for gap in gaps(one))
    alone = driving + sum(packed(one, workers.size, gap) for one in workers.maps)
    cores, generations = available_cpus(), ended.generation
    return {
        "cores": cores,
        "generations": generations,
        "steps": ended.totals.env_steps,
        "wall_seconds": wall,
        "shares": _shares(seconds, wall * cores),
        "kernels_alone": kernels / (alone * cores),
        "driver_ms": {name: MILLI * taken / generations for name, taken in phases.items()},
        "gap_ms": MILLI * gap,
        "tail_ms": MILLI * statistics.median(tail(one, workers.size) for one in workers.maps),
    }


def _shares(seconds: dict[str, float], available: float) -> dict[str, float]:
    """Of the cores' time; clocks tick, so that a small one could come out below zero."""
    shares = {name: min(max(0.0, taken / available), 1.0) for name, taken in seconds.items()}
    return shares | {"idle": max(0.0, 1 - sum(shares.values()))}


def show(rows: Sequence[Row]) -> None:
    print("shares of wall clock × cores in training, 360 candidates × 32 lifetimes")
    names = list(rows[0]["shares"])
    print_table(
        ["pool", "start", "ms/generation", *names, "kernels, alone"],
        [
            [row["pool"], row["start"], MILLI * row["wall_seconds"] / row["generations"],
             *row["shares"].values(), row["kernels_alone"]] for row in rows
        ],
    )  # fmt: skip
    print("\nmilliseconds of CPU time per generation in the driver; then of wall clock")
    names = list(rows[0]["driver_ms"])
    print_table(
        ["pool", "start", *names, "gap between chunks", "idle end"],
        [
            [row["pool"], row["start"], *row["driver_ms"].values(), row["gap_ms"], row["tail_ms"]]
            for row in rows
        ],
    )


def main() -> None:
    show(measure())


if __name__ == "__main__":
    main()
