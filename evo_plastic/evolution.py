"""Search by an evolution strategy: propose, evaluate, tell; all lifetimes at once, or a race."""

from collections.abc import Mapping
from typing import Any, NamedTuple, Protocol

import numpy as np
from numpy.typing import NDArray

from evo_plastic.arrays import Arrays
from evo_plastic.config import Experiment, Stage
from evo_plastic.driver import Outcome
from evo_plastic.racing import finalists, settle
from evo_plastic.strategies import AnyStrategy, Proposal
from evo_plastic.tasks import training_tasks
from evo_plastic.tasks.fitness import rollout_weights
from evo_plastic.tasks.task_sets import TaskSet
from evo_plastic.tasks.trial import Trial

Floats = NDArray[np.float64]


class PopulationFitness(Protocol):
    @property
    def fitness(self) -> Floats: ...
    @property
    def steps(self) -> int: ...
    @property
    def seconds(self) -> float: ...


class PopulationEvaluator(Protocol):
    def fitness(
        self, strategy: AnyStrategy, proposal: Proposal, trial: Trial
    ) -> PopulationFitness:
        """Fitness of the members of a trial, (members,)."""


class _Judged(NamedTuple):
    """A generation's candidates after their lifetimes."""

    estimate: Floats  # mean fitness, (population,)
    order: Floats  # what they are ranked by, (population,)
    lifetimes: int
    steps: int
    seconds: float


class Evolution:
    """A ``driver.Search`` whose state is the strategy's."""

    def __init__(
        self, experiment: Experiment, strategy: AnyStrategy, evaluator: PopulationEvaluator
    ) -> None:
        self._experiment, self._settings = experiment, experiment.training
        self.strategy, self._evaluator = strategy, evaluator
        self._weights = rollout_weights(experiment.task)

    def init(self, genome: Floats) -> Any:
        return self.strategy.init(genome)

    def genome(self, state: Any) -> Floats:
        """The mean of the distribution."""
        return self.strategy.mean(state)

    def to_arrays(self, state: Any) -> Arrays:
        return self.strategy.to_arrays(state)

    def from_arrays(self, arrays: Mapping[str, NDArray[Any]]) -> Any:
        return self.strategy.from_arrays(arrays)

    def advance(self, state: Any) -> Outcome:
        judged = self._judge(state)
        state = self.strategy.tell(state, judged.order)
        costs = judged.steps, judged.lifetimes, judged.seconds
        return Outcome(state, judged.estimate, *costs, self.strategy.figures(state))

    def _judge(self, state: Any) -> _Judged:
        """Let a generation's candidates live: all in all its tasks, or as a race."""
        training = self._settings
        proposal = self.strategy.proposal(state)
        count = stage_of(training.curriculum, state.generation).tasks
        everyone = np.arange(proposal.population)

        def judge(tasks: TaskSet, members: NDArray[np.int64], first: int = 0) -> PopulationFitness:
            common = training.noise == "common"
            trial = Trial(members, tasks, training.repeats, self._weights, common, first)
            return self._evaluator.fitness(self.strategy, proposal, trial)

        def draw(count: int) -> TaskSet:
            experiment = self._experiment
            return training_tasks(experiment.task.name, experiment.seed, state.generation, count)

        if not training.racing:
            all_of_them = judge(draw(count), everyone)
            lifetimes = everyone.size * count * training.repeats
            return _Judged(all_of_them.fitness, all_of_them.fitness, lifetimes,
                           all_of_them.steps, all_of_them.seconds)  # fmt: skip
        half = count // 2
        tasks = draw(half + count)
        opening = judge(tasks.subset(slice(half)), everyone)
        members = finalists(opening.fitness)
        final = judge(tasks.subset(slice(half, None)), members, first=half)
        standing = settle(opening.fitness, members, final.fitness)
        lifetimes = (everyone.size * half + members.size * count) * training.repeats
        return _Judged(*standing, lifetimes, opening.steps + final.steps,
                       opening.seconds + final.seconds)  # fmt: skip


def stage_of(curriculum: tuple[Stage, ...], generation: int) -> Stage:
    """The stage that a generation, counted from 0, belongs to."""
    return [stage for stage in curriculum if stage.start <= generation][-1]
