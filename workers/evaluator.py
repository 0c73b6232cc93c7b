"""Lifetimes on a pool: cut a job into chunks, hand them out, put the results together."""

import math
from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial

import numpy as np
from numpy.typing import NDArray

from evo_plastic.config import NetworkConfig, PoolConfig
from evo_plastic.networks.spec import NetworkSpec
from evo_plastic.strategies import AnyStrategy, Proposal
from evo_plastic.tasks import training_tasks
from evo_plastic.tasks.behaviour import Behaviour
from evo_plastic.tasks.task_sets import TaskSet
from evo_plastic.tasks.trial import Trial
from workers import pool
from workers.jobs import Chunk, LifetimeWorker, Lived, LivesJob, PopulationJob, PopulationResult

SHARE = 1.5
"""A chunk is a worker's part of what is left, divided by this: large ones first, little at the
end, when workers would wait for one another."""
SMALLEST = 2


class PoolEvaluator:
    """Evaluates on ``workers_pool``, whose workers are ``LifetimeWorker``s of one network."""

    def __init__(self, workers_pool: pool.Pool) -> None:
        self._pool = workers_pool

    def fitness(self, strategy: AnyStrategy, proposal: Proposal, trial: Trial) -> PopulationResult:
        """Fitness of the members of a trial, (members,)."""
        job = PopulationJob(strategy, proposal, trial)
        results = self._pool.map(job, self._cut(len(trial.members)))
        fitness = np.concatenate([one.fitness for one in results])
        seconds = sum(one.seconds for one in results)
        return PopulationResult(fitness, sum(one.steps for one in results), seconds)

    def live(
        self,
        genome: NDArray[np.float64],
        task_set: TaskSet,
        keys: NDArray[np.uint64],
        rollouts: int,
        record: bool = False,
    ) -> Lived:
        """Lifetimes of one genome; keys: (instances, repeats). All axes (lives, …) in that order.

        record: keep every action and measure behaviour.
        """
        instance = np.repeat(np.arange(len(task_set), dtype=np.int32), keys.shape[1])
        job = LivesJob(genome, task_set, instance, keys.reshape(-1), rollouts, record)
        results = self._pool.map(job, self._cut(keys.size))
        steps, outcome, actions, acted, seconds = zip(*results, strict=True)
        behaviour = None
        if record:
            behaviour = Behaviour(*map(np.concatenate, zip(*acted, strict=True)))
        return Lived(
            np.concatenate(steps),
            np.concatenate(outcome),
            np.concatenate(actions),
            behaviour,
            sum(seconds),
        )

    def _cut(self, count: int) -> list[Chunk]:
        chunks, first = list[Chunk](), 0
        while first < count:
            part = math.ceil((count - first) / (SHARE * self._pool.size))
            last = min(first + max(part, SMALLEST), count)
            chunks.append(Chunk(first, last))
            first = last
        return chunks


@contextmanager
def open_evaluator(
    config: PoolConfig, network: NetworkConfig, spec: NetworkSpec
) -> Iterator[PoolEvaluator]:
    """Start the configured pool for one network; it ends with the block."""
    make_worker = partial(LifetimeWorker, spec, network.precision)
    warm_up(spec, network.precision)
    with pool.create(config, make_worker) as workers_pool:
        yield PoolEvaluator(workers_pool)


def warm_up(spec: NetworkSpec, precision: str) -> None:
    """Compile, or load from the cache, what a worker needs: once, before there are several."""
    job = LivesJob(
        genome=np.zeros(spec.n_gene),
        task_set=training_tasks("maze9", 0, 0, 1),
        instance=np.zeros(1, np.int32),
        keys=np.zeros(1, np.uint64),
        rollouts=1,
        record=False,
    )
    LifetimeWorker(spec, precision).run(job, Chunk(0, 1))
