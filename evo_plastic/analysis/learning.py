"""How training runs learned: the validations of each, and what it had cost until then."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from evo_plastic import networks
from evo_plastic.analysis.operations import training_operations
from evo_plastic.config import Experiment
from evo_plastic.errors import InputError
from evo_plastic.parsing import load_experiment
from evo_plastic.records import metrics
from evo_plastic.records.directory import RunDirectory
from evo_plastic.records.metrics import Row
from evo_plastic.tasks.maze import INTERFACE

Floats = NDArray[np.float64]


@dataclass(frozen=True)
class LearningCurve:
    """The validations of one run, in order."""

    run: str
    network: str
    genes: int
    memories: int
    seed: int
    task: str
    lifetimes: int
    """It was validated on as many mazes, the first of its task's validation set."""
    rollouts: int
    generation: Floats  # (points,)
    minutes: Floats  # (points,) of wall clock
    core_seconds: Floats  # (points,) of CPU time in training, as the run measured it
    env_steps: Floats  # (points,) of training
    operations: Floats  # (points,) of training, estimated, see ``operations``
    mean: Floats  # (points, rollouts) reward
    error: Floats  # (points, rollouts) standard error of the mean

    @property
    def last(self) -> Floats:
        """Reward of the last rollout, (points,); NaN where the network diverged."""
        return self.mean[:, -1]

    @property
    def best(self) -> int:
        """The point whose last rollout is best."""
        return int(np.nan_to_num(self.last, nan=-np.inf).argmax())


def read_curve(path: Path) -> LearningCurve:
    """Of the run directory at ``path``; ``InputError`` if it has no validation yet."""
    run = RunDirectory.open(path)
    return curve_of(run, load_experiment(run.config, ()).experiment)


def curve_of(run: RunDirectory, experiment: Experiment) -> LearningCurve:
    """Of a run whose configuration is known; ``InputError`` if it has no validation yet."""
    validations = metrics.read(run.validations)
    if not validations:
        raise InputError(f"{run.validations} has no validation: expected at least one row")
    spec = networks.create(experiment.network, INTERFACE)
    generation = metrics.column(validations, "generation", str(run.validations))
    env_steps = metrics.column(validations, "env_steps", str(run.validations))
    timings, rollouts = metrics.read(run.timings), experiment.task.rollouts
    return LearningCurve(
        run=run.path.resolve().name,
        network=spec.title,
        genes=spec.n_gene,
        memories=spec.n_mem,
        seed=experiment.seed,
        task=experiment.task.name,
        lifetimes=experiment.training.validation.lifetimes,
        rollouts=rollouts,
        generation=generation,
        minutes=_clock(run.timings, timings, "wall_seconds", generation) / 60,
        core_seconds=_clock(run.timings, timings, "core_seconds", generation),
        env_steps=env_steps,
        operations=training_operations(experiment, spec, env_steps, generation),
        mean=metrics.column(validations, "rollout_mean", str(run.validations), rollouts),
        error=metrics.column(validations, "rollout_se", str(run.validations), rollouts),
    )


def _clock(path: Path, timings: Sequence[Row], key: str, generation: Floats) -> Floats:
    """Seconds since the beginning; timings may be thinned out."""
    known = np.concatenate([[0], metrics.column(timings, "generation", str(path))])
    seconds = np.concatenate([[0], metrics.column(timings, key, str(path))])
    if generation[-1] > known[-1]:
        raise InputError(f"{path}: expected the clock of generation {generation[-1]:.0f}")
    read: Floats = np.interp(generation, known, seconds)
    return read
