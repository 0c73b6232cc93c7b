"""What ``report`` does: a run directory → scores and lifetimes → one page."""

import sys
from contextlib import closing
from dataclasses import dataclass, replace
from pathlib import Path

from evo_plastic.analysis.comparison import anchors, evaluation_keys
from evo_plastic.cli.options import SEED
from evo_plastic.cli.output import printable
from evo_plastic.cli.scoring import (
    Subject,
    open_sets,
    open_subject,
    score_subject,
    sets_for,
    with_evaluators,
)
from evo_plastic.cli.tables import write_text
from evo_plastic.cli.targets import check_file
from evo_plastic.config import PoolConfig
from evo_plastic.errors import InputError
from evo_plastic.report.data import Report, TaskResults, read_run
from evo_plastic.report.lifetimes import choose_mazes, read_lifetimes
from evo_plastic.report.page import build_page
from evo_plastic.tasks.task_sets import TaskSet
from workers.evaluator import PoolEvaluator

LARGE_BYTES = 5_000_000
"""From here on browsers take seconds to open a page, and mail servers refuse it."""


@dataclass(frozen=True)
class Settings:
    tasks: tuple[str, ...]
    """Names or files of task sets; none: those of ``sets_for``."""
    lifetimes: int | None
    mazes: int
    pool: PoolConfig


def write_report(path: Path, out: Path, settings: Settings) -> None:
    """Write the page of the run at ``path`` to ``out`` and print its size."""
    if out.suffix != ".html":
        raise InputError(f"--out {out}: expected a name that ends in .html")
    run = read_run(path)
    task = run.experiment.task.name
    names = settings.tasks or sets_for(task)
    check_file("out", out)
    subject = open_subject(1, str(path), None)
    task_sets = open_sets(names, settings.lifetimes)
    with closing(with_evaluators([subject], settings.pool)) as pairs:
        _, evaluator = next(pairs)
        results = [_result(subject, one, evaluator, settings.mazes) for one in task_sets]
    generation = subject.file.facts.get("generation")
    known = generation if isinstance(generation, int) else None
    write_text(out, build_page(Report(run, subject.spec, known, tuple(results))))
    _tell_size(out)


def _result(
    subject: Subject, task_set: TaskSet, evaluator: PoolEvaluator, mazes: int
) -> TaskResults:
    """The scores of one task set, and some of the lifetimes behind them lived again."""
    genome, spec, rollouts = subject.file.genome, subject.spec, subject.rollouts
    keys = evaluation_keys(SEED, len(task_set), repeats=1)
    own = replace(score_subject(subject, task_set, evaluator), policy=spec.title)
    which = choose_mazes(task_set, mazes)
    lived = evaluator.live(genome, task_set.subset(which), keys[which], rollouts, record=True)
    return TaskResults(
        name=task_set.name,
        size=task_set.size,
        scores=(own, *anchors(task_set, keys, rollouts)),
        lifetimes=read_lifetimes(spec, genome, task_set, which, keys[which, 0], lived),
    )


def _tell_size(out: Path) -> None:
    size = out.stat().st_size
    print(printable(f"{out}: {size / 1000:,.0f} kB"))
    if size > LARGE_BYTES:
        print(
            printable(f"{out} is large for a page: --mazes N embeds fewer lifetimes"),
            file=sys.stderr,
        )
