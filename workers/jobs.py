"""What a pool's workers are asked to do, as values that can be sent to another process.

A job and a chunk of it determine the result: who computes it, when and beside what does not
matter.
"""

import time
from dataclasses import dataclass
from typing import Any, NamedTuple, Protocol

import numpy as np
from numpy.typing import NDArray

from evo_plastic.networks.spec import NetworkSpec
from evo_plastic.seeding import STREAM_NOISE, fold
from evo_plastic.strategies import AnyStrategy, Proposal
from evo_plastic.tasks import training_tasks
from evo_plastic.tasks.behaviour import Behaviour, behaviour
from evo_plastic.tasks.fitness import lifetime_fitness, rollout_rewards
from evo_plastic.tasks.task_sets import TaskSet
from evo_plastic.tasks.trial import Trial
from workers.engine import Engine


class Job(Protocol):
    def run(self, engine: Engine, chunk: Any) -> object:
        """Do one chunk of the job."""


class PopulationResult(NamedTuple):
    fitness: NDArray[np.float64]  # (candidates,)
    steps: int  # environment steps lived
    seconds: float  # CPU time


class Lived(NamedTuple):
    """Lifetimes of one genome."""

    steps: NDArray[np.int16]  # (lives, rollouts)
    outcome: NDArray[np.int8]  # (lives, rollouts), see ``tasks.fitness``
    actions: NDArray[np.uint8]  # (lives, rollouts · MAX_STEPS); (0, 0) without a record
    behaviour: Behaviour | None  # None without a record
    seconds: float  # CPU time


@dataclass(frozen=True)
class PopulationJob:
    """Fitness of candidates of one generation; a chunk is a trial of some of them.

    Every node is sent the distribution once a generation, and draws its candidates itself.
    """

    strategy: AnyStrategy
    proposal: Proposal

    def run(self, engine: Engine, chunk: Trial) -> PopulationResult:
        begun = time.thread_time()
        trial = chunk
        genomes = np.stack([self.strategy.candidate(self.proposal, int(k)) for k in trial.members])
        instance = np.repeat(np.arange(len(trial.task_set), dtype=np.int32), trial.repeats)
        keys = self._keys(trial, instance)
        outcomes = engine.live_population(
            genomes, trial.task_set, instance, keys, trial.weights.size
        )
        rewards = rollout_rewards(outcomes.steps, outcomes.outcome)
        fitness = lifetime_fitness(rewards, trial.weights, genomes)
        seconds = time.thread_time() - begun
        return PopulationResult(fitness, int(outcomes.steps.sum(dtype=np.int64)), seconds)

    def _keys(self, trial: Trial, instance: NDArray[np.int32]) -> NDArray[np.uint64]:
        proposal = self.proposal
        repeat = np.tile(np.arange(trial.repeats), len(trial.task_set))
        maze = trial.first + instance
        words = (proposal.seed, STREAM_NOISE, proposal.generation, maze, repeat)
        if trial.common_noise:
            return fold(*words)[None, :]
        return fold(*words, trial.members[:, None])


@dataclass(frozen=True)
class LivesJob:
    """Lifetimes of one genome; a chunk is a range of lifetimes.

    instance, keys: (lives,)      record: keep the actions, measure behaviour
    """

    genome: NDArray[np.float64]
    task_set: TaskSet
    instance: NDArray[np.int32]
    keys: NDArray[np.uint64]
    rollouts: int
    record: bool

    def run(self, engine: Engine, chunk: range) -> Lived:
        begun = time.thread_time()
        mine = slice(chunk.start, chunk.stop)
        instance, keys = self.instance[mine], self.keys[mine]
        genomes = self.genome[None, :]
        lived = engine.live_population(
            genomes, self.task_set, instance, keys[None, :], self.rollouts, self.record
        )
        steps, acted = lived.steps[0], None
        if self.record:
            acted = behaviour(self.task_set, instance, keys, steps, lived.actions, lived.outputs)
        seconds = time.thread_time() - begun
        return Lived(steps, lived.outcome[0], lived.actions, acted, seconds)


class LifetimeWorker:
    """A pool's worker for the lifetimes of one network."""

    def __init__(self, spec: NetworkSpec, precision: str) -> None:
        self._engine = Engine(spec, precision)

    def run(self, job: Job, chunk: Any) -> object:
        return job.run(self._engine, chunk)


def warm_worker(spec: NetworkSpec, precision: str) -> LifetimeWorker:
    """One whose kernels are compiled, or loaded from the cache on its machine's disk."""
    worker = LifetimeWorker(spec, precision)
    job = LivesJob(
        genome=np.zeros(spec.n_gene),
        task_set=training_tasks("maze9", 0, 0, 1),
        instance=np.zeros(1, np.int32),
        keys=np.zeros(1, np.uint64),
        rollouts=1,
        record=False,
    )
    worker.run(job, range(1))
    return worker
