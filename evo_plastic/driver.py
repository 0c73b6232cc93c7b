"""The generation loop: advance, record, validate, checkpoint.

Nothing here depends on how genomes are found, nor on where or how lifetimes are computed: the
caller gives a ``Search`` and an ``Evaluator``. All that a run carries from one generation to the
next is in ``Progress``; a checkpoint holds it whole, so a resumed run is the run that was never
stopped.
"""

import time
from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass, replace
from typing import Any, NamedTuple, Protocol

import numpy as np
from numpy.typing import NDArray

from evo_plastic.analysis.evaluation import RolloutTable, summarise
from evo_plastic.arrays import Arrays
from evo_plastic.config import Experiment
from evo_plastic.errors import Abandoned, InputError
from evo_plastic.networks.spec import NetworkSpec
from evo_plastic.records.checkpoints import Checkpoint, newest_checkpoint, save_checkpoint
from evo_plastic.records.directory import RunDirectory
from evo_plastic.records.genomes import save_genome
from evo_plastic.records.metrics import append, truncate_after
from evo_plastic.records.search_facts import read_facts
from evo_plastic.seeding import STREAM_VALIDATION, fold
from evo_plastic.strategies import first_mean
from evo_plastic.tasks import named_set
from evo_plastic.tasks.fitness import lifetime_fitness, rollout_rewards, rollout_weights
from evo_plastic.tasks.maze import OBSERVATION, REWARD_INPUT
from evo_plastic.tasks.task_sets import TaskSet

Row = dict[str, Any]
_BEST = "best_genome"
Floats = NDArray[np.float64]


class LifeOutcomes(Protocol):
    @property
    def steps(self) -> NDArray[np.int16]: ...
    @property
    def outcome(self) -> NDArray[np.int8]: ...


class Evaluator(Protocol):
    def live(
        self, genome: Floats, task_set: TaskSet, keys: NDArray[np.uint64], rollouts: int
    ) -> LifeOutcomes:
        """Lifetimes of one genome; keys (instances, repeats), results (lives, rollouts)."""


class State(Protocol):
    """All that a search knows, as a value."""

    @property
    def generation(self) -> int:
        """How many generations it has been through."""


class Outcome(NamedTuple):
    """Of one generation."""

    state: State
    fitness: Floats  # of candidates, or of lifetimes
    env_steps: int
    lifetimes: int
    seconds: float  # CPU time
    figures: dict[str, float]


class Search(Protocol):
    """What finds the genome: evolution or gradients. A pure function of its state."""

    def init(self, genome: Floats) -> Any:
        """Begin at a genome, (n_gene,)."""

    def advance(self, state: Any) -> Outcome:
        """Go through one generation. ``TrainingFailed`` if there is no way on."""

    def genome(self, state: Any) -> Floats:
        """The genome that is validated, (n_gene,)."""

    def to_arrays(self, state: Any) -> Arrays: ...

    def from_arrays(self, arrays: Mapping[str, NDArray[Any]]) -> Any: ...


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


Report = Callable[[Progress, Row], None]


class Training:
    """One run of an experiment in a locked run directory."""

    def __init__(
        self,
        experiment: Experiment,
        spec: NetworkSpec,
        run: RunDirectory,
        search: Search,
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
        self._search = search

    def start(self) -> Progress:
        """Before the first generation."""
        spread = self._experiment.strategy.initial_spread
        first = self._first
        if first is None:
            first = first_mean(self._spec.n_gene, self._experiment.seed, spread)
        return Progress(self._search.init(first))

    def resume(self) -> Progress:
        """From the newest good checkpoint; what was written after it is dropped.

        A run that was stopped before its first checkpoint starts again. ``InputError`` if the
        checkpoints are all damaged, or of another run.
        """
        run = self._run
        begun = run.checkpoints.is_dir()
        progress = self._restore(newest_checkpoint(run)) if begun else self.start()
        self._drop_after(progress)
        if progress.best is not None:
            self._save(progress.best)
        return progress

    def _drop_after(self, progress: Progress) -> None:
        """Forget what was written about later generations."""
        # A validation at the very end, off schedule, belongs to that end: the run that goes
        # on must not show it, nor keep a genome that only it chose.
        validated = progress.generation - progress.generation % self._settings.validation.every
        truncate_after(self._run.validations, validated)
        truncate_after(self._run.metrics, progress.generation)
        truncate_after(self._run.timings, progress.generation)

    def evolve(
        self,
        progress: Progress,
        stopping: Callable[[], bool],
        report: Report,
    ) -> Progress:
        """Train to the end, or until ``stopping()``; the last state is checkpointed.

        A generation that is ``Abandoned`` never was: the state is that before it. The validation
        at the very end raises ``Abandoned``.

        report: given the progress and a row of figures after every generation and validation.
        """
        before, begun = progress.totals.wall_seconds, time.perf_counter()
        settings = self._settings
        while not self.finished(progress) and not stopping():
            try:
                progress = self._step(progress, before - begun, report)
            except Abandoned:
                self._drop_after(progress)
                break
            if progress.generation % settings.checkpoint_every == 0:
                self._checkpoint(progress)
        self._checkpoint(progress)
        if self.finished(progress) and progress.generation % settings.validation.every != 0:
            progress, row = self._validate(progress)
            report(progress, row)
        return progress

    def _step(self, progress: Progress, before: float, report: Report) -> Progress:
        """A generation, and its validation if one is due.

        before: wall clock of earlier sessions, less the clock's reading when this one began.
        """
        progress, row = self._generation(progress)
        wall = before + time.perf_counter()
        progress = replace(progress, totals=replace(progress.totals, wall_seconds=wall))
        self._record_times(progress)
        report(progress, row)
        if progress.generation % self._settings.validation.every == 0:
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
        outcome = self._search.advance(progress.state)
        totals = replace(
            progress.totals,
            env_steps=progress.totals.env_steps + outcome.env_steps,
            lifetimes=progress.totals.lifetimes + outcome.lifetimes,
            core_seconds=progress.totals.core_seconds + outcome.seconds,
        )
        progress = replace(progress, state=outcome.state, totals=totals)
        row = {
            "generation": progress.generation,
            **_fitness_figures(outcome.fitness),
            **outcome.figures,
            "env_steps": totals.env_steps,
            "lifetimes": totals.lifetimes,
        }
        append(self._run.metrics, row)
        return progress, row

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
        genome = self._search.genome(progress.state)
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
        arrays = self._search.to_arrays(progress.state)
        facts: Row = {"search": self._identity(), "totals": asdict(progress.totals), "best": None}
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
        facts, arrays = read_facts(checkpoint), dict(checkpoint.arrays)
        if facts.search != self._identity():
            raise InputError(
                f"{checkpoint.path} belongs to another run: its network, strategy or seed are "
                f"not those of {self._run.config}"
            )
        best_genome = arrays.pop(_BEST, np.empty(0))
        try:
            state = self._search.from_arrays(arrays)
        except InputError as error:
            raise InputError(f"{checkpoint.path}: {error}") from error
        best = None if facts.best is None else Best(best_genome, **facts.best.model_dump())
        genomes = [self._search.genome(state), *([best.genome] if best else [])]
        if state.generation != checkpoint.generation or not all(map(self._fits, genomes)):
            raise InputError(
                f"{checkpoint.path}: expected generation {checkpoint.generation} and genomes of "
                f"{self._spec.n_gene} genes"
            )
        return Progress(state, Totals(**facts.totals.model_dump()), best)

    def _fits(self, genome: NDArray[Any]) -> bool:
        return genome.shape == (self._spec.n_gene,) and genome.dtype.kind == "f"

    def _identity(self) -> Row:
        """What a search state belongs to."""
        return {
            "layout": self._spec.layout.to_json(),
            "strategy": self._experiment.strategy.model_dump(mode="json"),
            "seed": self._experiment.seed,
        }


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
