"""What ``reproduce`` does: runs → scores on their task sets → Table 1 and figures."""

from collections.abc import Iterator, Sequence
from contextlib import closing
from dataclasses import replace
from pathlib import Path
from typing import NamedTuple

from evo_plastic.analysis.bottleneck import BottleneckPoint, bottleneck
from evo_plastic.analysis.bottleneck_figure import bottleneck_figure
from evo_plastic.analysis.comparison import Scored, anchors, evaluation_keys
from evo_plastic.analysis.evaluation import with_error
from evo_plastic.analysis.paper import CAVEATS, TABLE_1, Printed
from evo_plastic.analysis.reproduction import Block, Reproduced, in_order
from evo_plastic.analysis.rollout_lines import Panel, rollout_lines
from evo_plastic.cli.options import SEED
from evo_plastic.cli.output import Cell, print_table
from evo_plastic.cli.score_tables import long_table
from evo_plastic.cli.scoring import (
    Subject,
    first_mazes,
    open_subject,
    score_subject,
    with_evaluators,
)
from evo_plastic.cli.tables import as_csv, as_markdown, write_text
from evo_plastic.cli.targets import draw, make_folder
from evo_plastic.config import Experiment, PoolConfig
from evo_plastic.errors import InputError
from evo_plastic.parsing import Transfers, load_experiment, load_transfers
from evo_plastic.records import metrics
from evo_plastic.records.directory import RunDirectory
from evo_plastic.tasks import load_set
from evo_plastic.tasks.task_sets import TaskSet


class Run(NamedTuple):
    """What a run directory tells of how its genome came about."""

    path: Path
    experiment: Experiment
    generations: int


def reproduce(
    folders: Sequence[Path],
    transfers: Path,
    out: Path,
    lifetimes: int | None,
    workers: int | None,
) -> None:
    """Write the folder ``out``; ``InputError`` before any work if something cannot be."""
    plan = load_transfers(transfers)
    runs = [_read(path) for folder in folders for path in _runs_in(folder)]
    sets = _open_sets(plan, {run.experiment.task.name for run in runs}, transfers, lifetimes)
    subjects = [
        open_subject(number, str(run.path), run.experiment.task.rollouts)
        for number, run in enumerate(runs)
    ]
    make_folder("out", out)
    pool = PoolConfig(backend="local", workers=workers)
    found = list(_evaluate(runs, subjects, sets, pool))
    blocks = _blocks(found, sets)
    tables = [(block, *_table(block)) for block in blocks]
    text = []
    for block, headers, rows in tables:
        title = f"Trained on {block.task}, {block.rollouts} rollouts; reward of the last one"
        print(title)
        print_table(headers, rows)
        print()
        text.append(f"{title}:\n\n{as_markdown(headers, rows)}")
    notes = "".join(f"- {caveat}\n" for caveat in CAVEATS)
    write_text(out / "table1.md", "\n".join([*text, notes]))
    write_text(out / "table1.csv", as_csv(*long_table([block.scores for block in blocks])))
    _draw(blocks, out)


def _runs_in(folder: Path) -> list[Path]:
    """The folder if it is a run, else the runs in it; ``InputError`` if there are none."""
    if RunDirectory(folder).manifest.is_file():
        return [folder]
    found = sorted(path.parent for path in folder.glob("*/manifest.json"))
    if not found:
        raise InputError(f"{folder} holds no run: expected a run directory or a folder of runs")
    return found


def _read(path: Path) -> Run:
    """``InputError`` unless the run has trained for a generation."""
    run = RunDirectory.open(path)
    experiment = load_experiment(run.config, ()).experiment
    rows = metrics.read(run.metrics)
    if not rows:
        raise InputError(f"{run.metrics}: expected metrics of at least one generation")
    return Run(path, experiment, int(rows[-1]["generation"]))


def _open_sets(
    plan: Transfers, tasks: set[str], source: Path, lifetimes: int | None
) -> dict[str, list[TaskSet]]:
    missing = sorted(tasks - plan.keys())
    if missing:
        raise InputError(f"{source}: expected a line for {missing[0]}, which a run was trained on")
    try:
        opened = {task: [load_set(name) for name in plan[task]] for task in sorted(tasks)}
    except InputError as problem:
        raise InputError(f"{source}: {problem}") from None
    return {task: [first_mazes(one, lifetimes) for one in sets] for task, sets in opened.items()}


def _evaluate(
    runs: Sequence[Run],
    subjects: Sequence[Subject],
    sets: dict[str, list[TaskSet]],
    pool: PoolConfig,
) -> Iterator[Reproduced]:
    with closing(with_evaluators(subjects, pool)) as pairs:
        for subject, evaluator in pairs:
            path, experiment, generations = runs[subject.number]
            task_sets = sets[experiment.task.name]
            scores = tuple(score_subject(subject, one, evaluator) for one in task_sets)
            yield Reproduced(path.resolve().name, experiment, subject.spec, generations, scores)


def _blocks(found: Sequence[Reproduced], sets: dict[str, list[TaskSet]]) -> list[Block]:
    kinds = sorted({(one.experiment.task.name, one.rollouts) for one in found})
    blocks = []
    for task, rollouts in kinds:
        runs = in_order(
            [r for r in found if (r.experiment.task.name, r.rollouts) == (task, rollouts)]
        )
        pairs = [anchors(one, evaluation_keys(SEED, len(one), 1), rollouts) for one in sets[task]]
        beside = tuple((oracle, random) for oracle, random in pairs)
        blocks.append(Block(task, rollouts, tuple(runs), beside))
    return blocks


def _table(block: Block) -> tuple[list[str], list[list[Cell]]]:
    headers = ["network", "N_gene", "N_mem", "seed", "generations"]
    for number, name in enumerate(block.task_sets):
        headers += [name, "paper"] if number == 0 else [name]
    rows: list[list[Cell]] = []
    for one in block.runs:
        facts: list[Cell] = [one.label, one.spec.n_gene, one.spec.n_mem, one.experiment.seed]
        paper = _printed(one.printed(block.task))
        rows.append([*facts, one.generations, *_cells(one.scores, paper)])
    for place in range(2):
        scores = [pair[place] for pair in block.anchors]
        paper = _printed(TABLE_1.get((scores[0].policy, block.rollouts, block.task)))
        rows.append([scores[0].policy, None, None, None, None, *_cells(scores, paper)])
    return headers, rows


def _cells(scores: Sequence[Scored], paper: str) -> list[Cell]:
    """Ours, the paper's number behind the first."""
    first, *others = (with_error(s.table.mean[-1], s.table.se[-1]) for s in scores)
    return [first, paper, *others]


def _printed(number: Printed | None) -> str:
    if number is None:
        return ""
    return f"{number.mean:.3f}" if number.error is None else with_error(number.mean, number.error)


def _draw(blocks: Sequence[Block], out: Path) -> None:
    """Fig. 2: the mazes of training; Fig. 3: the others; networks by memories per gene."""
    own = [_panel(block, 0) for block in blocks]
    other = [_panel(block, place) for block in blocks for place in range(1, len(block.anchors))]
    draw(out, "figure2", lambda path: rollout_lines(path, own))
    if other:
        draw(out, "figure3", lambda path: rollout_lines(path, other))
    factors = [found for block in blocks for found in _bottlenecks(block)]
    if factors:
        draw(out, "bottleneck", lambda path: bottleneck_figure(path, *factors))


def _panel(block: Block, place: int) -> Panel:
    oracle, random = block.anchors[place]
    lines = list(zip(block.names, (one.scores[place] for one in block.runs), strict=True))
    return Panel(block.title(place), lines, oracle.table.mean[0], random.table.mean[0])


def _bottlenecks(block: Block) -> Iterator[tuple[BottleneckPoint, ...]]:
    """On each task set but that of training, if the runs differ in memories per gene."""
    named = zip(block.names, block.runs, strict=True)
    # A network without memories has no place on the logarithmic axis.
    runs = [(name, one) for name, one in named if one.spec.n_mem]
    for place in range(1, len(block.anchors)):
        scores = [replace(one.scores[place], policy=name) for name, one in runs]
        points = bottleneck(scores, [one.spec for _, one in runs], block.task)
        if len({point.factor for point in points}) > 1:
            yield points
