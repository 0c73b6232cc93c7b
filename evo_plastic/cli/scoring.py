"""What ``evaluate`` does: genomes × task sets → scores, tables, pictures."""

import json
from collections.abc import Generator, Sequence
from contextlib import closing
from dataclasses import dataclass
from itertools import groupby
from pathlib import Path

import numpy as np
from pydantic import ValidationError

from evo_plastic.analysis.bars import rollout_bars
from evo_plastic.analysis.comparison import Scored, anchors, evaluation_keys, score
from evo_plastic.analysis.lifetimes_figure import lifetimes_grid
from evo_plastic.cli.output import Cell, print_table
from evo_plastic.config import PoolConfig, TaskConfig, faults
from evo_plastic.errors import InputError
from evo_plastic.files import write_whole
from evo_plastic.networks.spec import NetworkSpec
from evo_plastic.records import provenance
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
    json_path: Path | None


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
    subjects = [_open(n, name, settings.rollouts) for n, name in enumerate(genomes, start=1)]
    task_sets = [load_set(name) for name in tasks]
    if settings.lifetimes is not None:
        task_sets = [_first(task_set, settings.lifetimes) for task_set in task_sets]
    results: list[list[Scored]] = [[] for _ in task_sets]
    folder = settings.figures
    with closing(_with_evaluators(subjects, settings.pool)) as pairs:
        for subject, evaluator in pairs:
            for place, (task_set, scores) in enumerate(zip(task_sets, results, strict=True), 1):
                scores.append(_score(subject, task_set, evaluator, settings))
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


def _with_evaluators(
    subjects: Sequence[Subject], pool: PoolConfig
) -> Generator[tuple[Subject, PoolEvaluator], None, None]:
    """Each subject in order; neighbours of one network share a pool, which is slow to start."""
    for (network, spec), same in groupby(subjects, lambda one: (one.file.network, one.spec)):
        with open_evaluator(pool, network, spec) as evaluator:
            for subject in same:
                yield subject, evaluator


def _prepare_folders(settings: Settings) -> None:
    """What cannot be written is said before anything is computed."""
    folder = settings.json_path.parent if settings.json_path is not None else None
    if folder is not None and not folder.is_dir():
        raise InputError(f"--json {settings.json_path}: there is no folder {folder}")
    if settings.json_path is not None and settings.json_path.is_dir():
        raise InputError(f"--json {settings.json_path} is a folder: expected the name of a file")
    if settings.figures is not None:
        try:
            settings.figures.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise InputError(f"--figures {settings.figures}: {error.strerror}") from error


def _open(number: int, name: str, asked: int | None) -> Subject:
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


def _first(task_set: TaskSet, count: int) -> TaskSet:
    if count > len(task_set):
        raise InputError(
            f"--lifetimes {count} is more than the {len(task_set)} mazes of {task_set.name}; "
            f"--repeats gives several lifetimes to each maze"
        )
    return task_set.subset(slice(count))


def _score(
    subject: Subject, task_set: TaskSet, evaluator: PoolEvaluator, settings: Settings
) -> Scored:
    keys = evaluation_keys(settings.seed, len(task_set), settings.repeats)
    lives = evaluator.live(subject.file.genome, task_set, keys, subject.rollouts)
    return score(subject.name, task_set, lives.steps, lives.outcome, settings.repeats)


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


def print_scores(results: list[list[Scored]]) -> None:
    """A row per policy and task set, a column per rollout, goals and steps of the last one."""
    rollouts = max(len(one.table.mean) for scores in results for one in scores)
    headers = ["tasks", "mazes", "policy", *(f"rollout {r + 1}" for r in range(rollouts))]
    headers += ["goals, last", "steps, last"]
    rows: list[list[Cell]] = []
    for one in (one for scores in results for one in scores):
        table = one.table
        cells = [f"{m:.3f} ± {s:.3f}" for m, s in zip(table.mean, table.se, strict=True)]
        cells += [""] * (rollouts - len(cells))
        ends = [f"{100 * table.goal_rate[-1]:.1f} %", f"{table.steps[-1]:.1f}"]
        rows.append([one.task_set, str(table.instances), one.policy, *cells, *ends])
    print_table(headers, rows)


def write_json(path: Path, results: list[list[Scored]], settings: Settings) -> None:
    document = {
        "schema": "evo_plastic/evaluate/1",
        "seed": settings.seed,
        "repeats": settings.repeats,
        "provenance": provenance.collect().model_dump(mode="json"),
        "scores": [one.to_json() for scores in results for one in scores],
    }
    try:
        write_whole(path, json.dumps(document, indent=2).encode() + b"\n")
    except OSError as error:
        raise InputError(f"--json {path} cannot be written: {error.strerror}") from error
