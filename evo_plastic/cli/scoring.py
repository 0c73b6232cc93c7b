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
from evo_plastic.cli.options import SEED
from evo_plastic.cli.targets import check_file, draw, make_folder
from evo_plastic.config import PoolConfig, TaskConfig, faults
from evo_plastic.errors import InputError, brief
from evo_plastic.networks.spec import NetworkSpec
from evo_plastic.records.genome_sources import open_network
from evo_plastic.records.genomes import GenomeFile
from evo_plastic.tasks import load_set
from evo_plastic.tasks.maze import OBSERVATION, REWARD_INPUT
from evo_plastic.tasks.task_sets import TaskSet
from workers.evaluator import PoolEvaluator, open_evaluator

DEFAULT_ROLLOUTS = 3
DRAWN_LIFETIMES = 4
TRANSFERS = {
    "maze9": ("maze9", "maze15"),
    "maze15": ("maze15", "maze21", "maze15-crowded", "maze15-spacious"),
}
"""Task sets by the task of training: its own, then those of Wang 2022, section 4.3."""


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
    for option, path in settings.files.items():
        check_file(option, path)
    if settings.figures is not None:
        make_folder("figures", settings.figures)
    subjects = [
        open_subject(n, name, settings.rollouts) for n, name in enumerate(genomes, start=1)
    ]
    task_sets = open_sets(tasks, settings.lifetimes)
    seed, repeats = settings.seed, settings.repeats
    results: list[list[Scored]] = [[] for _ in task_sets]
    folder = settings.figures
    with closing(with_evaluators(subjects, settings.pool)) as pairs:
        for subject, evaluator in pairs:
            for place, (task_set, scores) in enumerate(zip(task_sets, results, strict=True), 1):
                scores.append(score_subject(subject, task_set, evaluator, seed, repeats))
                if folder is not None:
                    name = f"{place}-{_slug(task_set.name)}-lifetimes-{subject.number}"
                    _draw_lifetimes(folder, name, subject, task_set, evaluator, seed)
    rollouts = max(subject.rollouts for subject in subjects)
    for place, (task_set, scores) in enumerate(zip(task_sets, results, strict=True), 1):
        scores += anchors(task_set, evaluation_keys(seed, len(task_set), repeats), rollouts)
        if folder is not None:
            _draw_bars(folder, f"{place}-{_slug(task_set.name)}-rollouts", scores)
    return results


def with_evaluators(
    subjects: Sequence[Subject], pool: PoolConfig
) -> Generator[tuple[Subject, PoolEvaluator], None, None]:
    """Each subject in order; neighbours of one network share a pool, which is slow to start."""
    for (network, spec), same in groupby(subjects, lambda one: (one.file.network, one.spec)):
        with open_evaluator(pool, network, spec) as evaluator:
            for subject in same:
                yield subject, evaluator


def open_subject(number: int, name: str, asked: int | None) -> Subject:
    """The genome called ``name``; ``InputError`` if it cannot live in our mazes."""
    file, spec = open_network(name)
    for fact, ours in (("observation", OBSERVATION), ("reward_input", REWARD_INPUT)):
        theirs = file.facts.get(fact, ours)
        if theirs != ours:
            raise InputError(
                f"{name} was trained with {fact} {brief(repr(theirs))}; here it is {ours!r}"
            )
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


def sets_for(task: str) -> tuple[str, ...]:
    """Names of the task sets that a genome trained on ``task`` is tested on."""
    return TRANSFERS.get(task, (task,))


def open_sets(names: Sequence[str], lifetimes: int | None) -> list[TaskSet]:
    """The task sets called ``names``, cut to their first mazes."""
    return [first_mazes(one, lifetimes) for one in [load_set(name) for name in names]]


def first_mazes(task_set: TaskSet, count: int | None) -> TaskSet:
    """All mazes if no number is asked for; ``InputError`` if there are fewer."""
    if count is None:
        return task_set
    if count > len(task_set):
        raise InputError(
            f"--lifetimes {count} is more than the {len(task_set)} mazes of {task_set.name}; "
            f"--repeats gives several lifetimes to each maze"
        )
    return task_set.subset(slice(count))


def score_subject(
    subject: Subject,
    task_set: TaskSet,
    evaluator: PoolEvaluator,
    seed: int = SEED,
    repeats: int = 1,
) -> Scored:
    """One lifetime per maze and repeat; the same mazes and noise for every subject."""
    keys = evaluation_keys(seed, len(task_set), repeats)
    lives = evaluator.live(subject.file.genome, task_set, keys, subject.rollouts, record=True)
    return score(subject.name, task_set, lives.steps, lives.outcome, repeats, lives.behaviour)


def _draw_lifetimes(
    folder: Path,
    name: str,
    subject: Subject,
    task_set: TaskSet,
    evaluator: PoolEvaluator,
    seed: int,
) -> None:
    some = task_set.subset(slice(DRAWN_LIFETIMES))
    keys = evaluation_keys(seed, len(some), 1)
    lives = evaluator.live(subject.file.genome, some, keys, subject.rollouts, record=True)
    rows, record = range(len(some)), (lives.actions, lives.steps, lives.outcome)
    draw(folder, name, lambda path: lifetimes_grid(path, some, *record, rows))


def _draw_bars(folder: Path, name: str, scores: list[Scored]) -> None:
    bars = [(one.policy, np.array(one.table.mean), np.array(one.table.se)) for one in scores]
    title = f"{scores[0].task_set}: reward per rollout"
    draw(folder, name, lambda path: rollout_bars(path, bars, title))


def _slug(name: str) -> str:
    return "".join(c if c.isalnum() or c in "._-" else "-" for c in name).strip("-.")
