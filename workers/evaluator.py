"""Lifetimes on a pool: cut a job into chunks, hand them out, put the results together."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from functools import partial
from typing import Any

import numpy as np
from numpy.typing import NDArray

from evo_plastic.config import NetworkConfig, PoolConfig
from evo_plastic.networks.spec import NetworkSpec
from evo_plastic.strategies import AnyStrategy, Proposal
from evo_plastic.tasks.behaviour import Behaviour
from evo_plastic.tasks.task_sets import TaskSet
from evo_plastic.tasks.trial import Trial
from workers import pool
from workers.cutting import cut
from workers.jobs import Job, Lived, LivesJob, PopulationJob, PopulationResult, warm_worker
from workers.patience import never


class PoolEvaluator:
    """Evaluates on ``workers_pool``, whose workers are ``LifetimeWorker``s of one network."""

    def __init__(self, workers_pool: pool.Pool) -> None:
        self._pool = workers_pool
        self._population: PopulationJob | None = None
        self._life_seconds: float | None = None
        """CPU time of a lifetime, as the last job had it."""

    def fitness(self, strategy: AnyStrategy, proposal: Proposal, trial: Trial) -> PopulationResult:
        """Fitness of the members of a trial, (members,)."""
        job = self._population
        if job is None or job.strategy is not strategy or job.proposal is not proposal:
            self._population = job = PopulationJob(strategy, proposal)
        lives = len(trial.task_set) * trial.repeats
        parts = self._cut(len(trial.members), lives)
        trials = [replace(trial, members=trial.members[part.start : part.stop]) for part in parts]
        results = self._map(job, trials, [len(part) * lives for part in parts])
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
        parts = self._cut(keys.size, 1)
        results = self._map(job, parts, [len(part) for part in parts])
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

    def _cut(self, count: int, lives: int) -> list[range]:
        """lives: how many lifetimes each of the ``count`` items is."""
        seconds = None if self._life_seconds is None else self._life_seconds * lives
        return cut(count, self._pool.size, self._pool.call_seconds, seconds)

    def _map(self, job: Job, chunks: list[Any], lives: list[int]) -> list[Any]:
        results = self._pool.map(job, chunks, lives)
        self._life_seconds = sum(one.seconds for one in results) / sum(lives)
        return results


@contextmanager
def open_evaluator(
    config: PoolConfig,
    network: NetworkConfig,
    spec: NetworkSpec,
    stopping: Callable[[], bool] = never,
    insecure: bool = False,
) -> Iterator[PoolEvaluator]:
    """Start the configured pool for one network; it ends with the block.

    stopping: whether an end was asked for, see ``Pool.map``. insecure: see ``pool.create``.
    """
    make_worker = partial(warm_worker, spec, network.precision)
    make_worker()  # once, before there are several
    with pool.create(config, make_worker, stopping, insecure) as workers_pool:
        yield PoolEvaluator(workers_pool)
