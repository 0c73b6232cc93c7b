"""What ``compare`` does: run directories → scores → tables, figures, a paragraph, JSON."""

from collections.abc import Sequence
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path

from evo_plastic.analysis.adaptation_figure import adaptation_figure, adaptations
from evo_plastic.analysis.bands import bands
from evo_plastic.analysis.comparison import anchors, evaluation_keys, validation_anchors
from evo_plastic.analysis.costs_figure import costs_figure
from evo_plastic.analysis.groups import Group, Run, group_runs, open_runs
from evo_plastic.analysis.intervals_figure import (
    improvement_panels,
    intervals_figure,
    score_panels,
)
from evo_plastic.analysis.learning_figure import learning_figure
from evo_plastic.analysis.measures import Levels, SetScores, measure
from evo_plastic.analysis.words import describe
from evo_plastic.cli.comparison_json import write_document
from evo_plastic.cli.comparison_tables import Comparison, print_comparison, write_tables
from evo_plastic.cli.options import SEED
from evo_plastic.cli.scoring import (
    Subject,
    open_sets,
    open_subject,
    score_subject,
    sets_for,
    with_evaluators,
)
from evo_plastic.cli.targets import draw, make_folder
from evo_plastic.config import PoolConfig
from evo_plastic.errors import InputError
from evo_plastic.records.directory import RunDirectory
from evo_plastic.tasks.task_sets import TaskSet

_SCORE = "reward (dots: runs; diamond: interquartile mean, open: under five runs; bar: 95 %)"
_BETTER = "probability that a run of the first is better (bar: 95 %; open: under five runs)"


@dataclass(frozen=True)
class Settings:
    tasks: tuple[str, ...]
    """Names or files of task sets; none: those of ``sets_for``."""
    lifetimes: int | None
    evaluate: bool
    threshold: float | None
    """None: half-way between random policy and oracle."""
    pool: PoolConfig


def compare_runs(paths: Sequence[Path], out: Path, settings: Settings) -> None:
    """Write the folder ``out``; ``InputError`` before any work if something cannot be."""
    groups = group_runs(open_runs(paths))
    runs = [run for group in groups for run in group.runs]
    task, subjects, task_sets = runs[0].curve.task, list[Subject](), list[TaskSet]()
    if settings.evaluate:
        task_sets = open_sets(settings.tasks or sets_for(task), settings.lifetimes)
        subjects = [_open(n, run) for n, run in enumerate(runs)]
    make_folder("out", out)
    oracle, random = validation_anchors(task)
    threshold = (oracle + random) / 2 if settings.threshold is None else settings.threshold
    levels = Levels(oracle, random, threshold)
    sets = _evaluate(groups, subjects, task_sets, settings.pool) if subjects else []
    measures = measure(groups, levels, sets)
    text = describe(groups, measures, levels)
    comparison = Comparison(groups, levels, sets, measures, text)
    print_comparison(comparison)
    write_tables(comparison, out)
    write_document(comparison, out / "comparison.json")
    _draw(comparison, out)


def _open(number: int, run: Run) -> Subject:
    genome = RunDirectory(run.path).genome
    if not genome.exists():
        raise InputError(f"{genome} does not exist: expected the run's genome, or --no-evaluate")
    return open_subject(number, str(run.path), run.curve.rollouts)


def _evaluate(
    groups: Sequence[Group],
    subjects: Sequence[Subject],
    task_sets: Sequence[TaskSet],
    pool: PoolConfig,
) -> list[SetScores]:
    """Every genome on every task set, the same mazes and noise for all."""
    with closing(with_evaluators(subjects, pool)) as pairs:
        found = [
            [score_subject(subject, one, evaluator) for one in task_sets]
            for subject, evaluator in pairs
        ]
    starts = [sum(len(group.runs) for group in groups[:place]) for place in range(len(groups))]
    scores = []
    for place, task_set in enumerate(task_sets):
        by_group = tuple(
            tuple(of_run[place] for of_run in found[start : start + len(group.runs)])
            for start, group in zip(starts, groups, strict=True)
        )
        keys = evaluation_keys(SEED, len(task_set), 1)
        beside = anchors(task_set, keys, subjects[0].rollouts)
        scores.append(SetScores(task_set.name, by_group, *beside))
    return scores


def _draw(comparison: Comparison, out: Path) -> None:
    groups, levels, sets, measures, _ = comparison
    if all(len(group.runs) == 1 for group in groups):
        # No spread over seeds to be seen: what there is of error is that over mazes.
        curves = [group.curves[0] for group in groups]
        draw(out, "learning",
             lambda path: learning_figure(path, curves, levels.oracle, levels.random))  # fmt: skip
    by_cost, by_rollout = bands(groups), adaptations(groups, levels, sets)
    draw(out, "costs", lambda path: costs_figure(path, groups, by_cost, levels))
    draw(out, "rollouts", lambda path: adaptation_figure(path, groups, by_rollout))
    rewards = [one for one in measures if not one.falls]
    labels = [group.several for group in groups]
    draw(out, "scores", lambda path: intervals_figure(path, labels, score_panels(rewards), _SCORE))
    if any(one.low is not None for one in measures[0].improvements.values()):
        pairs = [f"{groups[i].label} over {groups[j].label}" for i, j in measures[0].improvements]
        panels = improvement_panels([one for one in measures if one.deciding])
        draw(out, "improvement", lambda path: intervals_figure(path, pairs, panels, _BETTER))
