"""What ``evaluate`` does: genomes × task sets → scores and pictures."""

from collections.abc import Generator, Mapping, Sequence
from contextlib import closing
from dataclasses import dataclass
from itertools import groupby
from pathlib import Path

import numpy as np
from pydantic import ValidationError

from evo_plastic.analysis.bars import rollout_bars
from evo_plastic.analysis.comparison import Scored, anchors, evaluation_keys, score
from evo_plastic.analysis.lifetimes_figure import lifetimes_grid
from evo_plastic.config import PoolConfig, TaskConfig, faults
from evo_plastic.errors import InputError
from evo_plastic.networks.spec import NetworkSpec
from evo_plastic.records.genome_sources import open_network
from evo_plastic.records.genomes import GenomeFile
from evo_plastic.tasks import load_set
from evo_plastic.tasks.maze import OBSERVATION, REWARD_INPUT
from evo_plastic.tasks.task_sets import TaskSet
from workers.evaluator import PoolEvaluator, open_evaluator

DEFAULT_ROLLOUTS = 3
DRAWN_LIFETIMES = 4


@dataclass(frozen=True)
class Settings:
    lifetimes: int | None
    repeats: int
    rollouts: int | None
    seed: int
    pool: PoolConfig
    figures: Path | None
    files: Mapping[str, Path]
    """Where the tables go, by option without dashes: json, csv, markdown."""


@dataclass(frozen=True)
class Subject:
    """A genome to evaluate."""

    number: int
    """Place on the command line, from 1 on."""
    name: str
    """As given there."""
    file: GenomeFile
    spec: NetworkSpec
    rollouts: int
    """As asked for, else as trained, else three."""


def score_all(
    genomes: Sequence[str], tasks: Sequence[str], settings: Settings
) -> list[list[Scored]]:
    """One list per task set: its genomes in order, then oracle and random policy."""
    _prepare_folders(settings)
    subjects = [
        open_subject(n, name, settings.rollouts) for n, name in enumerate(genomes, start=1)
    ]
    task_sets = [load_set(name) for name in tasks]
    if settings.lifetimes is not None:
        task_sets = [first_mazes(task_set, settings.lifetimes) for task_set in task_sets]
    results: list[list[Scored]] = [[] for _ in task_sets]
    folder = settings.figures
    with closing(with_evaluators(subjects, settings.pool)) as pairs:
        for subject, evaluator in pairs:
            for place, (task_set, scores) in enumerate(zip(task_sets, results, strict=True), 1):
                scores.append(score_subject(subject, task_set, evaluator, settings))
                if folder is not None:
                    name = f"{place}-{_slug(task_set.name)}-lifetimes-{subject.number}.png"
                    _draw_lifetimes(folder / name, subject, task_set, evaluator, settings)
    rollouts = max(subject.rollouts for subject in subjects)
    for place, (task_set, scores) in enumerate(zip(task_sets, results, strict=True), 1):
        keys = evaluation_keys(settings.seed, len(task_set), settings.repeats)
        scores += anchors(task_set, keys, rollouts)
        if folder is not None:
            _draw_bars(folder / f"{place}-{_slug(task_set.name)}-rollouts.png", scores)
    return results


def with_evaluators(
    subjects: Sequence[Subject], pool: PoolConfig
) -> Generator[tuple[Subject, PoolEvaluator], None, None]:
    """Each subject in order; neighbours of one network share a pool, which is slow to start."""
    for (network, spec), same in groupby(subjects, lambda one: (one.file.network, one.spec)):
        with open_evaluator(pool, network, spec) as evaluator:
            for subject in same:
                yield subject, evaluator


def _prepare_folders(settings: Settings) -> None:
    """What cannot be written is said before anything is computed."""
    for option, path in settings.files.items():
        if not path.parent.is_dir():
            raise InputError(f"--{option} {path}: there is no folder {path.parent}")
        if path.is_dir():
            raise InputError(f"--{option} {path} is a folder: expected the name of a file")
    if settings.figures is not None:
        try:
            settings.figures.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise InputError(f"--figures {settings.figures}: {error.strerror}") from error


def open_subject(number: int, name: str, asked: int | None) -> Subject:
    """The genome called ``name``; ``InputError`` if it cannot live in our mazes."""
    file, spec = open_network(name)
    for fact, ours in (("observation", OBSERVATION), ("reward_input", REWARD_INPUT)):
        theirs = file.facts.get(fact, ours)
        if theirs != ours:
            raise InputError(f"{name} was trained with {fact} {theirs!r}; here it is {ours!r}")
    return Subject(number, name, file, spec, asked or _trained_rollouts(name, file))


def _trained_rollouts(name: str, file: GenomeFile) -> int:
    if "task" not in file.facts:
        return DEFAULT_ROLLOUTS
    try:
        return TaskConfig.model_validate(file.facts["task"]).rollouts
    except ValidationError as error:
        raise InputError(
            f"{name}: the task it says it was trained on is none: {faults(error)}"
        ) from error


def first_mazes(task_set: TaskSet, count: int) -> TaskSet:
    """``InputError`` if there are fewer."""
    if count > len(task_set):
        raise InputError(
            f"--lifetimes {count} is more than the {len(task_set)} mazes of {task_set.name}; "
            f"--repeats gives several lifetimes to each maze"
        )
    return task_set.subset(slice(count))


def score_subject(
    subject: Subject, task_set: TaskSet, evaluator: PoolEvaluator, settings: Settings
) -> Scored:
    """One lifetime per maze and repeat; the same mazes and noise for every subject."""
    keys = evaluation_keys(settings.seed, len(task_set), settings.repeats)
    lives = evaluator.live(subject.file.genome, task_set, keys, subject.rollouts, record=True)
    return score(
        subject.name, task_set, lives.steps, lives.outcome, settings.repeats, lives.behaviour
    )


def _draw_lifetimes(
    path: Path,
    subject: Subject,
    task_set: TaskSet,
    evaluator: PoolEvaluator,
    settings: Settings,
) -> None:
    some = task_set.subset(slice(DRAWN_LIFETIMES))
    keys = evaluation_keys(settings.seed, len(some), 1)
    lives = evaluator.live(subject.file.genome, some, keys, subject.rollouts, record=True)
    lifetimes_grid(path, some, lives.actions, lives.steps, lives.outcome, range(len(some)))
    print(path)


def _draw_bars(path: Path, scores: list[Scored]) -> None:
    bars = [(one.policy, np.array(one.table.mean), np.array(one.table.se)) for one in scores]
    rollout_bars(path, bars, title=f"{scores[0].task_set}: reward per rollout")
    print(path)


def _slug(name: str) -> str:
    return "".join(c if c.isalnum() or c in "._-" else "-" for c in name).strip("-.")
