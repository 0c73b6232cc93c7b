"""What ``inspect`` does: a genome and a maze → a file, figures and a table of one lifetime."""

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from evo_plastic.analysis.comparison import evaluation_keys
from evo_plastic.analysis.embedding_figure import embedding_figure
from evo_plastic.analysis.inside import Inside, look_inside, save_inside
from evo_plastic.analysis.modulation_figure import modulation_figure
from evo_plastic.analysis.movement_figure import movement_figure
from evo_plastic.analysis.trace import Trace, trace
from evo_plastic.cli.output import Cell, print_table
from evo_plastic.cli.scoring import Subject, open_subject
from evo_plastic.cli.targets import make_folder
from evo_plastic.config import PoolConfig
from evo_plastic.errors import InputError
from evo_plastic.files import writing
from evo_plastic.tasks import load_set
from evo_plastic.tasks.fitness import DIVERGED
from evo_plastic.tasks.task_sets import TaskSet
from workers.evaluator import open_evaluator


@dataclass(frozen=True)
class Settings:
    maze: int
    rollouts: int | None
    seed: int
    suffix: str
    """Of the figures: png, pdf or svg."""
    out: Path


def inspect_lifetime(source: str, tasks: str, settings: Settings) -> None:
    """Live, trace and measure one lifetime of the genome at ``source``; write and print it."""
    subject = open_subject(1, source, settings.rollouts)
    task_set = load_set(tasks)
    if settings.maze >= len(task_set):
        raise InputError(
            f"--maze {settings.maze}: {task_set.name} has mazes 0 to {len(task_set) - 1}"
        )
    make_folder("out", settings.out)
    inside = look_inside(_live(subject, task_set, settings))
    facts: dict[str, str | int] = {
        "genome": source,
        "network": subject.spec.title,
        "task_set": task_set.name,
        "sha256": task_set.content_hash,
        "maze": settings.maze,
        "seed": settings.seed,
    }
    _write(inside, facts, subject, settings)
    _print_rollouts(inside, _modulated(subject))


def _live(subject: Subject, task_set: TaskSet, settings: Settings) -> Trace:
    """The lifetime that ``evaluate`` lives in that maze, led through the oracle."""
    only = slice(settings.maze, settings.maze + 1)
    keys = evaluation_keys(settings.seed, only.stop, 1)[only]
    one, genome = task_set.subset(only), subject.file.genome
    pool = PoolConfig(backend="local", workers=1)
    with open_evaluator(pool, subject.file.network, subject.spec) as evaluator:
        lived = evaluator.live(genome, one, keys, subject.rollouts, record=True)
    steps, outcome, actions = lived.steps[0], lived.outcome[0], lived.actions[0]
    if DIVERGED in outcome:
        rollout = 1 + int(np.argmax(outcome == DIVERGED))
        raise InputError(
            f"{subject.name} diverges in rollout {rollout} of maze {settings.maze}: its activity "
            f"is no number any more"
        )
    return trace(subject.spec, genome, one, 0, int(keys[0, 0]), steps, actions)


def _write(
    inside: Inside, facts: dict[str, str | int], subject: Subject, settings: Settings
) -> None:
    file = settings.out / "trace.npz"
    save_inside(file, inside, facts)
    print(file)
    found = inside.trace
    figures: dict[str, Callable[..., None]] = {
        "embedding": partial(embedding_figure, embeddings=inside.embeddings),
        "movement": partial(movement_figure, movements=inside.movements),
    }
    if _modulated(subject):
        figures["modulation"] = partial(modulation_figure, modulation=found.modulation)
    else:
        # One of another genome would be taken for this one's.
        older = settings.out / f"modulation.{settings.suffix}"
        with writing(older):
            older.unlink(missing_ok=True)
    for name, draw in figures.items():
        path = settings.out / f"{name}.{settings.suffix}"
        draw(path, ends=found.ends, reached=found.reached)
        print(path)


def _modulated(subject: Subject) -> bool:
    return subject.spec.modulation != "none"


def _print_rollouts(inside: Inside, modulated: bool) -> None:
    """One row for each rollout, and one for the lifetime."""
    found = inside.trace
    owned = [found.rollout == r for r in range(len(found.ends))]
    owned.append(np.ones_like(found.rollout, np.bool_))
    columns: dict[str, list[Cell]] = {
        "rollout": [*range(1, len(owned)), "all"],
        "steps": [int(own.sum()) for own in owned],
        "reward": [float(found.rewards[own].sum()) for own in owned],
        "goals": [int((found.rewards[own] > 0).sum()) for own in owned],
    }
    for what, one in inside.movements.items():
        columns[f"{what}: path"] = [*map(float, one.rollout_path), float(one.path[-1])]
        columns[f"{what}: net"] = [*map(float, one.rollout_net), float(one.displacement[-1])]
        columns[f"{what}: net/path"] = [*map(float, one.rollout_straightness), one.straightness]
    if modulated:
        for name, signal in found.modulation.items():
            columns[f"m, {name}"] = [_range(signal[own]) for own in owned]
    print_table(list(columns), list(zip(*columns.values(), strict=True)))


def _range(signal: NDArray[np.float64]) -> str:
    return f"{signal.min():.2g}–{signal.max():.2g}"
