"""What a pool's workers are asked to do, as values that can be sent to another process.

A job and a range of it (candidates, or lifetimes) determine the result: who computes it, when
and beside what does not matter.
"""

import time
from dataclasses import dataclass
from typing import NamedTuple, Protocol

import numpy as np
from numpy.typing import NDArray

from evo_plastic.networks.spec import NetworkSpec
from evo_plastic.seeding import STREAM_NOISE, fold
from evo_plastic.strategies import AnyStrategy, Proposal
from evo_plastic.tasks.behaviour import Behaviour, behaviour
from evo_plastic.tasks.fitness import lifetime_fitness, rollout_rewards
from evo_plastic.tasks.task_sets import TaskSet
from evo_plastic.tasks.trial import Trial
from workers.engine import Engine


class Chunk(NamedTuple):
    first: int
    last: int  # exclusive


class Job(Protocol):
    def run(self, engine: Engine, chunk: Chunk) -> object:
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
    """Fitness of candidates of one generation; a chunk is a range of the trial's members."""

    strategy: AnyStrategy
    proposal: Proposal
    trial: Trial

    def run(self, engine: Engine, chunk: Chunk) -> PopulationResult:
        begun = time.thread_time()
        trial = self.trial
        members = trial.members[chunk.first : chunk.last]
        genomes = np.stack([self.strategy.candidate(self.proposal, int(k)) for k in members])
        instance = np.repeat(np.arange(len(trial.task_set), dtype=np.int32), trial.repeats)
        keys = self._keys(instance, members)
        outcomes = engine.live_population(
            genomes, trial.task_set, instance, keys, trial.weights.size
        )
        rewards = rollout_rewards(outcomes.steps, outcomes.outcome)
        fitness = lifetime_fitness(rewards, trial.weights, genomes)
        seconds = time.thread_time() - begun
        return PopulationResult(fitness, int(outcomes.steps.sum(dtype=np.int64)), seconds)

    def _keys(self, instance: NDArray[np.int32], members: NDArray[np.int64]) -> NDArray[np.uint64]:
        trial, proposal = self.trial, self.proposal
        repeat = np.tile(np.arange(trial.repeats), len(trial.task_set))
        maze = trial.first + instance
        words = (proposal.seed, STREAM_NOISE, proposal.generation, maze, repeat)
        if trial.common_noise:
            return fold(*words)[None, :]
        return fold(*words, members[:, None])


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

    def run(self, engine: Engine, chunk: Chunk) -> Lived:
        begun = time.thread_time()
        mine = slice(chunk.first, chunk.last)
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

    def run(self, job: Job, chunk: Chunk) -> object:
        return job.run(self._engine, chunk)
