"""Training runs in groups: those of one configuration, which differ in their seed alone.

Where a run was computed (``pool``) does not tell it apart: its results do not depend on it.
"""

import json
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from evo_plastic.analysis.learning import LearningCurve, curve_of
from evo_plastic.config import Experiment, PoolConfig
from evo_plastic.errors import InputError
from evo_plastic.parsing import load_experiment
from evo_plastic.records.directory import RunDirectory

Values = dict[str, Any]
"""All values of a configuration by dotted key."""
SHARED = ("task.name", "task.rollouts", "training.validation.lifetimes")
"""Keys that decide what a validation is: runs are comparable where these are equal."""


@dataclass(frozen=True)
class Run:
    path: Path
    experiment: Experiment
    curve: LearningCurve

    @property
    def name(self) -> str:
        return self.curve.run


@dataclass(frozen=True)
class Group:
    label: str
    """What tells it from the other groups."""
    runs: tuple[Run, ...]

    @property
    def curves(self) -> tuple[LearningCurve, ...]:
        return tuple(run.curve for run in self.runs)

    @property
    def several(self) -> str:
        """The label with the number of runs."""
        return f"{self.label} ({count(len(self.runs), 'run')})"


def count(number: int, word: str) -> str:
    return f"{number} {word}" if number == 1 else f"{number} {word}s"


def open_runs(paths: Sequence[Path]) -> list[Run]:
    """``InputError`` unless all are runs that were validated in the same way.

    A run is called by its folder, or by its path where two folders have one name.
    """
    runs = list[Run]()
    for path in paths:
        directory = RunDirectory.open(path)
        experiment = load_experiment(directory.config, ()).experiment
        if runs:
            _check_comparable(runs[0], path, experiment)
        runs.append(Run(path, experiment, curve_of(directory, experiment)))
    times = Counter(run.name for run in runs)
    return [
        replace(run, curve=replace(run.curve, run=str(run.path))) if times[run.name] > 1 else run
        for run in runs
    ]


def _check_comparable(first: Run, path: Path, experiment: Experiment) -> None:
    ours, theirs = _values(experiment), _values(first.experiment)
    for key in SHARED:
        if ours[key] != theirs[key]:
            raise InputError(
                f"{RunDirectory(path).config}: {key} is {_text(ours[key])}; expected "
                f"{_text(theirs[key])}, as in {RunDirectory(first.path).config}: runs of "
                f"different tasks or validations cannot be compared"
            )


def group_runs(runs: Sequence[Run]) -> list[Group]:
    """In the order of their first runs; ``InputError`` if a run has the seed of another."""
    members: dict[Experiment, list[Run]] = {}
    for run in runs:
        mine = members.setdefault(
            run.experiment.model_copy(update={"seed": 0, "pool": PoolConfig()}), []
        )
        for other in mine:
            if other.experiment.seed == run.experiment.seed:
                raise InputError(
                    f"{RunDirectory(run.path).config}: seed is {run.experiment.seed}, and all "
                    f"else that matters as in {RunDirectory(other.path).config}; expected another "
                    f"seed: the same run twice says no more than once"
                )
        mine.append(run)
    labels = _labels(list(members), [mine[0].curve.network for mine in members.values()])
    return [Group(*pair) for pair in zip(labels, map(tuple, members.values()), strict=True)]


def _labels(experiments: Sequence[Experiment], titles: Sequence[str]) -> list[str]:
    """Strategy and network, each where it differs or nothing does; then the differing keys."""
    named = [(one.strategy.name, title) for one, title in zip(experiments, titles, strict=True)]
    told = [place for place in (0, 1) if len({names[place] for names in named}) > 1]
    labels = [", ".join(names[place] for place in told or (0, 1)) for names in named]
    values = [_values(experiment) for experiment in experiments]
    return [
        ", ".join([label, *_differences(mine, [v for v, same in zip(values, labels, strict=True)
                                               if same == label])])
        for mine, label in zip(values, labels, strict=True)
    ]  # fmt: skip


def _differences(mine: Values, namesakes: Sequence[Values]) -> list[str]:
    """``key value`` of what is not equal among all that have the label of this one.

    A key is shortened to its last part where that is clear.
    """
    keys = [key for key in mine if any(other.get(key) != mine[key] for other in namesakes)]
    times = Counter(key.rpartition(".")[2] for key in keys)
    short = [key.rpartition(".")[2] for key in keys]
    names = [last if times[last] == 1 else key for key, last in zip(keys, short, strict=True)]
    return [f"{name} {_text(mine[key])}" for name, key in zip(names, keys, strict=True)]


def _values(experiment: Experiment) -> Values:
    found: Values = {}

    def collect(value: Any, key: str) -> None:
        if isinstance(value, dict):
            for name, part in value.items():
                collect(part, f"{key}.{name}" if key else name)
        else:
            found[key] = value

    collect(experiment.model_dump(mode="json"), "")
    return found


def _text(value: Any) -> str:
    if isinstance(value, float):
        return f"{value:g}"
    return value if isinstance(value, str) else json.dumps(value)
