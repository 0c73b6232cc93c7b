"""What ``report`` does: a run directory → scores and lifetimes → one page."""

import sys
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from evo_plastic.analysis.comparison import Scored, evaluation_keys
from evo_plastic.cli import scoring
from evo_plastic.cli.output import printable
from evo_plastic.cli.tables import write_text
from evo_plastic.config import PoolConfig
from evo_plastic.errors import InputError
from evo_plastic.networks.spec import NetworkSpec
from evo_plastic.records.genome_sources import open_network
from evo_plastic.records.genomes import GenomeFile
from evo_plastic.report.data import Report, TaskResults, read_run
from evo_plastic.report.lifetimes import choose_mazes, read_lifetimes
from evo_plastic.report.page import build_page
from evo_plastic.tasks import load_set
from workers.evaluator import PoolEvaluator, open_evaluator

TRANSFERS = {
    "maze9": ("maze9", "maze15"),
    "maze15": ("maze15", "maze21", "maze15-crowded", "maze15-spacious"),
}
"""Task sets by the task of the run: its own, then those of Wang 2022, section 4.3."""
SEED = 0
"""Of the action noise, as ``evaluate`` has it unless told otherwise."""
LARGE_BYTES = 5_000_000
"""From here on browsers take seconds to open a page, and mail servers refuse it."""


@dataclass(frozen=True)
class Settings:
    tasks: tuple[str, ...]
    """Names or files of task sets; none: those of ``TRANSFERS``."""
    lifetimes: int | None
    mazes: int
    pool: PoolConfig


def write_report(path: Path, out: Path, settings: Settings) -> None:
    """Write the page of the run at ``path`` to ``out`` and print its size."""
    if out.suffix != ".html":
        raise InputError(f"--out {out}: expected a name that ends in .html")
    run = read_run(path)
    task = run.experiment.task.name
    names = settings.tasks or TRANSFERS.get(task, (task,))
    scores = scoring.score_all([str(path)], names, _scored_alone(out, settings))
    file, spec = open_network(str(path))
    with open_evaluator(settings.pool, file.network, spec) as evaluator:
        results = tuple(
            _result(name, found, file, spec, evaluator, settings)
            for name, found in zip(names, scores, strict=True)
        )
    generation = file.facts.get("generation")
    known = generation if isinstance(generation, int) else None
    write_text(out, build_page(Report(run, spec, known, results)))
    _tell_size(out)


def _scored_alone(out: Path, settings: Settings) -> scoring.Settings:
    return scoring.Settings(
        lifetimes=settings.lifetimes,
        repeats=1,
        rollouts=None,
        seed=SEED,
        pool=settings.pool,
        figures=None,
        files={"out": out},
    )


def _result(
    name: str,
    scores: Sequence[Scored],
    file: GenomeFile,
    spec: NetworkSpec,
    evaluator: PoolEvaluator,
    settings: Settings,
) -> TaskResults:
    """The scores of one task set, and some of the lifetimes behind them lived again."""
    genome, *anchors = scores
    task_set = load_set(name).subset(slice(genome.table.instances))
    which = choose_mazes(task_set, settings.mazes)
    keys = evaluation_keys(SEED, len(task_set), repeats=1)[which]
    rollouts = len(genome.table.mean)
    lived = evaluator.live(file.genome, task_set.subset(which), keys, rollouts, record=True)
    return TaskResults(
        name=task_set.name,
        size=task_set.size,
        scores=(replace(genome, policy=spec.title), *anchors),
        lifetimes=read_lifetimes(spec, file.genome, task_set, which, keys[:, 0], lived),
    )


def _tell_size(out: Path) -> None:
    size = out.stat().st_size
    print(printable(f"{out}: {size / 1000:,.0f} kB"))
    if size > LARGE_BYTES:
        print(
            printable(f"{out} is large for a page: --mazes N embeds fewer lifetimes"),
            file=sys.stderr,
        )
