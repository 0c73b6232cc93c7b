"""The generation loop: propose, evaluate, tell, record, validate, checkpoint.

Nothing here depends on where or how lifetimes are computed: the caller gives an ``Evaluator``.
All that a run carries from one generation to the next is in ``Progress``; a checkpoint holds
it whole, so a resumed run is the run that was never stopped.
"""

import time
from collections.abc import Callable
from dataclasses import asdict, dataclass, replace
from typing import Any, NamedTuple, Protocol

import numpy as np
from numpy.typing import NDArray

from evo_plastic.analysis.evaluation import RolloutTable, summarise
from evo_plastic.config import Experiment, Stage
from evo_plastic.errors import InputError
from evo_plastic.networks.spec import NetworkSpec
from evo_plastic.racing import finalists, settle
from evo_plastic.records.checkpoints import Checkpoint, newest_checkpoint, save_checkpoint
from evo_plastic.records.directory import RunDirectory
from evo_plastic.records.genomes import save_genome
from evo_plastic.records.metrics import append, truncate_after
from evo_plastic.seeding import STREAM_VALIDATION, fold
from evo_plastic.strategies import AnyStrategy, Proposal, State, create, first_mean
from evo_plastic.tasks import named_set, training_tasks
from evo_plastic.tasks.fitness import lifetime_fitness, rollout_rewards, rollout_weights
from evo_plastic.tasks.maze import OBSERVATION, REWARD_INPUT
from evo_plastic.tasks.task_sets import TaskSet
from evo_plastic.tasks.trial import Trial

Row = dict[str, Any]
_BEST = "best_genome"
Floats = NDArray[np.float64]


class PopulationFitness(Protocol):
    @property
    def fitness(self) -> Floats: ...
    @property
    def steps(self) -> int: ...
    @property
    def seconds(self) -> float: ...


class LifeOutcomes(Protocol):
    @property
    def steps(self) -> NDArray[np.int16]: ...
    @property
    def outcome(self) -> NDArray[np.int8]: ...


class Evaluator(Protocol):
    def fitness(
        self, strategy: AnyStrategy, proposal: Proposal, trial: Trial
    ) -> PopulationFitness:
        """Fitness of the members of a trial, (members,)."""

    def live(
        self, genome: Floats, task_set: TaskSet, keys: NDArray[np.uint64], rollouts: int
    ) -> LifeOutcomes:
        """Lifetimes of one genome; keys (instances, repeats), results (lives, rollouts)."""


class _Judged(NamedTuple):
    """A generation's candidates after their lifetimes."""

    estimate: Floats  # mean fitness, (population,)
    order: Floats  # what they are ranked by, (population,)
    lifetimes: int
    steps: int
    seconds: float


@dataclass(frozen=True)
class Totals:
    """Sums over a run, all its sessions together."""

    env_steps: int = 0
    """Steps of candidates; validation is not training."""
    lifetimes: int = 0
    core_seconds: float = 0.0
    """CPU time that workers spent on candidates."""
    wall_seconds: float = 0.0


@dataclass(frozen=True)
class Best:
    """The mean with the best validation score so far."""

    genome: Floats
    score: float
    generation: int
    rollout_mean: tuple[float, ...]


@dataclass(frozen=True)
class Progress:
    state: State
    totals: Totals = Totals()
    best: Best | None = None

    @property
    def generation(self) -> int:
        return self.state.generation


class Training:
    """One run of an experiment in a locked run directory."""

    def __init__(
        self,
        experiment: Experiment,
        spec: NetworkSpec,
        run: RunDirectory,
        evaluator: Evaluator,
        first: Floats | None = None,
    ) -> None:
        """first: genome the search begins at, (n_gene,); None: a random one."""
        self._experiment = experiment
        self._settings = experiment.training
        self._run = run
        self._evaluator = evaluator
        self._spec = spec
        self._first = first
        self._weights = rollout_weights(experiment.task)
        self.strategy = create(experiment.strategy, self._spec.layout, experiment.seed)

    def start(self) -> Progress:
        """Before the first generation."""
        spread = self._experiment.strategy.initial_spread
        mean = self._first
        if mean is None:
            mean = first_mean(self._spec.n_gene, self._experiment.seed, spread)
        return Progress(self.strategy.init(mean))

    def resume(self) -> Progress:
        """From the newest good checkpoint; what was written after it is dropped.

        A run that was stopped before its first checkpoint starts again. ``InputError`` if the
        checkpoints are all damaged, or of another run.
        """
        run = self._run
        begun = run.checkpoints.is_dir()
        progress = self._restore(newest_checkpoint(run)) if begun else self.start()
        # A validation at the very end, off schedule, belongs to that end: the run that goes
        # on must not show it, nor keep a genome that only it chose.
        validated = progress.generation - progress.generation % self._settings.validation.every
        truncate_after(run.validations, validated)
        truncate_after(run.metrics, progress.generation)
        truncate_after(run.timings, progress.generation)
        if progress.best is not None:
            self._save(progress.best)
        return progress

    def evolve(
        self,
        progress: Progress,
        stopping: Callable[[], bool],
        report: Callable[[Progress, Row], None],
    ) -> Progress:
        """Train to the end, or until ``stopping()``; the last state is checkpointed.

        report: given the progress and a row of figures after every generation and validation.
        """
        before, begun = progress.totals.wall_seconds, time.perf_counter()
        settings = self._settings
        while not self.finished(progress) and not stopping():
            progress, row = self._generation(progress)
            wall = before + time.perf_counter() - begun
            progress = replace(progress, totals=replace(progress.totals, wall_seconds=wall))
            self._record_times(progress)
            report(progress, row)
            if progress.generation % settings.validation.every == 0:
                progress, row = self._validate(progress)
                report(progress, row)
            if progress.generation % settings.checkpoint_every == 0:
                self._checkpoint(progress)
        self._checkpoint(progress)
        if self.finished(progress) and progress.generation % settings.validation.every != 0:
            progress, row = self._validate(progress)
            report(progress, row)
        return progress

    def finished(self, progress: Progress) -> bool:
        """Whether the last generation was trained or the budget is spent."""
        settings = self._settings
        spent = progress.totals.wall_seconds
        over = settings.budget_seconds is not None and spent >= settings.budget_seconds
        return over or progress.generation >= settings.generations

    def _generation(self, progress: Progress) -> tuple[Progress, Row]:
        result = self._evaluate(progress.state)
        state = self.strategy.tell(progress.state, result.order)
        totals = replace(
            progress.totals,
            env_steps=progress.totals.env_steps + result.steps,
            lifetimes=progress.totals.lifetimes + result.lifetimes,
            core_seconds=progress.totals.core_seconds + result.seconds,
        )
        progress = replace(progress, state=state, totals=totals)
        row = {
            "generation": state.generation,
            **_fitness_figures(result.estimate),
            **self.strategy.figures(state),
            "env_steps": totals.env_steps,
            "lifetimes": totals.lifetimes,
        }
        append(self._run.metrics, row)
        return progress, row

    def _evaluate(self, state: State) -> _Judged:
        """Let a generation's candidates live: all in all its tasks, or as a race."""
        experiment, training = self._experiment, self._settings
        proposal = self.strategy.proposal(state)
        count = stage_of(training.curriculum, state.generation).tasks
        everyone = np.arange(proposal.population)

        def judge(tasks: TaskSet, members: NDArray[np.int64], first: int = 0) -> PopulationFitness:
            common = training.noise == "common"
            trial = Trial(members, tasks, training.repeats, self._weights, common, first)
            return self._evaluator.fitness(self.strategy, proposal, trial)

        def draw(count: int) -> TaskSet:
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

    def _record_times(self, progress: Progress) -> None:
        # Apart from the metrics, which a resumed run repeats to the last bit.
        totals = progress.totals
        row = {"core_seconds": totals.core_seconds, "wall_seconds": totals.wall_seconds}
        append(self._run.timings, {"generation": progress.generation, **row})

    def _validate(self, progress: Progress) -> tuple[Progress, Row]:
        """Score the mean; the same mazes and the same noise at every validation."""
        experiment = self._experiment
        settings = experiment.training.validation
        task_set = named_set(f"{experiment.task.name}/validate").subset(slice(settings.lifetimes))
        instances, repeats = np.arange(settings.lifetimes), np.arange(settings.repeats)
        keys = fold(experiment.seed, STREAM_VALIDATION, instances[:, None], repeats)
        genome = self.strategy.mean(progress.state)
        lives = self._evaluator.live(genome, task_set, keys, experiment.task.rollouts)
        rewards = rollout_rewards(lives.steps, lives.outcome)
        score = float(lifetime_fitness(rewards[None], self._weights, genome[None])[0])
        table = summarise(lives.steps, lives.outcome, settings.repeats)
        row = _validation_row(progress, score, table)
        append(self._run.validations, row)
        if np.isfinite(score) and (progress.best is None or score > progress.best.score):
            best = Best(genome, score, progress.generation, table.mean)
            self._save(best)
            progress = replace(progress, best=best)
        return progress, row

    def _save(self, best: Best) -> None:
        facts = {
            "run": self._run.path.name,
            "generation": best.generation,
            "validation_score": best.score,
            "validation_rollout_mean": list(best.rollout_mean),
            "task": self._experiment.task.model_dump(mode="json"),
            "observation": OBSERVATION,
            "reward_input": REWARD_INPUT,
        }
        layout, network = self._spec.layout, self._experiment.network
        save_genome(self._run.genome, layout, best.genome, network, facts, self._spec.ties)

    def _checkpoint(self, progress: Progress) -> None:
        arrays = self.strategy.to_arrays(progress.state)
        facts: Row = {"search": self._search(), "totals": asdict(progress.totals), "best": None}
        if progress.best is not None:
            arrays[_BEST] = progress.best.genome
            facts["best"] = {
                "score": progress.best.score,
                "generation": progress.best.generation,
                "rollout_mean": list(progress.best.rollout_mean),
            }
        kept = self._settings.checkpoints_kept
        save_checkpoint(self._run, progress.generation, arrays, facts, kept)

    def _restore(self, checkpoint: Checkpoint) -> Progress:
        facts, arrays = checkpoint.facts, dict(checkpoint.arrays)
        if facts.get("search") != self._search():
            raise InputError(
                f"{checkpoint.path} belongs to another run: its network, strategy or seed are "
                f"not those of {self._run.config}"
            )
        best = None
        if facts["best"] is not None:
            about = facts["best"] | {"rollout_mean": tuple(facts["best"]["rollout_mean"])}
            best = Best(genome=arrays.pop(_BEST), **about)
        return Progress(self.strategy.from_arrays(arrays), Totals(**facts["totals"]), best)

    def _search(self) -> Row:
        """What a search state belongs to."""
        return {
            "layout": self._spec.layout.to_json(),
            "strategy": self._experiment.strategy.model_dump(mode="json"),
            "seed": self._experiment.seed,
        }


def stage_of(curriculum: tuple[Stage, ...], generation: int) -> Stage:
    """The stage that a generation, counted from 0, belongs to."""
    return [stage for stage in curriculum if stage.start <= generation][-1]


def _fitness_figures(fitness: Floats) -> Row:
    finite = fitness[np.isfinite(fitness)]
    return {
        "fitness_mean": float(finite.mean()),
        "fitness_median": float(np.median(finite)),
        "fitness_best": float(finite.max()),
        "finite": int(finite.size),
    }


def _validation_row(progress: Progress, score: float, table: RolloutTable) -> Row:
    return {
        "generation": progress.generation,
        "score": score,
        "rollout_mean": list(table.mean),
        "rollout_se": list(table.se),
        "goal_rate": list(table.goal_rate),
        "env_steps": progress.totals.env_steps,
    }
