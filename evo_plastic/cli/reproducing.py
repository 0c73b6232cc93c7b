"""What ``reproduce`` does: runs → scores on their task sets → Table 1, Fig. 2, Fig. 3."""

from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import closing
from pathlib import Path

from evo_plastic.analysis.comparison import Scored, anchors, evaluation_keys
from evo_plastic.analysis.paper import CAVEATS, TABLE_1, Printed
from evo_plastic.analysis.reproduction import Block, Reproduced, in_order
from evo_plastic.analysis.rollout_lines import Panel, rollout_lines
from evo_plastic.cli.output import Cell, print_table
from evo_plastic.cli.score_tables import long_table
from evo_plastic.cli.scoring import (
    Settings,
    Subject,
    first_mazes,
    open_subject,
    score_subject,
    with_evaluators,
)
from evo_plastic.cli.tables import as_csv, as_markdown, write_text
from evo_plastic.config import Experiment, PoolConfig
from evo_plastic.errors import InputError
from evo_plastic.parsing import Transfers, load_experiment, load_transfers
from evo_plastic.records import metrics
from evo_plastic.records.directory import RunDirectory
from evo_plastic.tasks import load_set
from evo_plastic.tasks.task_sets import TaskSet

FORMATS = ("png", "pdf")


def reproduce(
    folders: Sequence[Path],
    transfers: Path,
    out: Path,
    lifetimes: int | None,
    workers: int | None,
) -> None:
    """Write the folder ``out``; ``InputError`` before any work if something cannot be."""
    plan = load_transfers(transfers)
    runs = [RunDirectory.open(path) for folder in folders for path in _runs_in(folder)]
    experiments = [load_experiment(run.config, ()).experiment for run in runs]
    sets = _open_sets(plan, {one.task.name for one in experiments}, transfers, lifetimes)
    subjects = [
        open_subject(number, str(run.path), experiment.task.rollouts)
        for number, (run, experiment) in enumerate(zip(runs, experiments, strict=True))
    ]
    try:
        out.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise InputError(f"--out {out}: {error.strerror}") from error
    settings = Settings(
        None, 1, None, 0, PoolConfig(backend="local", workers=workers), None, files={}
    )
    found = list(_evaluate(runs, experiments, subjects, sets, settings))
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
    if lifetimes is None:
        return opened
    return {task: [first_mazes(one, lifetimes) for one in sets] for task, sets in opened.items()}


def _evaluate(
    runs: Sequence[RunDirectory],
    experiments: Sequence[Experiment],
    subjects: Sequence[Subject],
    sets: dict[str, list[TaskSet]],
    settings: Settings,
) -> Iterator[Reproduced]:
    with closing(with_evaluators(subjects, settings.pool)) as pairs:
        for subject, evaluator in pairs:
            run, experiment = runs[subject.number], experiments[subject.number]
            scores = [
                score_subject(subject, one, evaluator, settings)
                for one in sets[experiment.task.name]
            ]
            generations = int(metrics.read(run.metrics)[-1]["generation"])
            name = run.path.resolve().name
            yield Reproduced(name, experiment, subject.spec, generations, tuple(scores))


def _blocks(found: Sequence[Reproduced], sets: dict[str, list[TaskSet]]) -> list[Block]:
    kinds = sorted({(one.experiment.task.name, one.rollouts) for one in found})
    blocks = []
    for task, rollouts in kinds:
        runs = in_order(
            [r for r in found if (r.experiment.task.name, r.rollouts) == (task, rollouts)]
        )
        pairs = [anchors(one, evaluation_keys(0, len(one), 1), rollouts) for one in sets[task]]
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
    first, *others = (f"{s.table.mean[-1]:.3f} ± {s.table.se[-1]:.3f}" for s in scores)
    return [first, paper, *others]


def _printed(number: Printed | None) -> str:
    if number is None:
        return ""
    return f"{number.mean:.3f}" + ("" if number.error is None else f" ± {number.error:.3f}")


def _draw(blocks: Sequence[Block], out: Path) -> None:
    """Fig. 2: the mazes of training; Fig. 3: the others."""
    own = [_panel(block, 0) for block in blocks]
    other = [_panel(block, place) for block in blocks for place in range(1, len(block.anchors))]
    for name, panels in (("figure2", own), ("figure3", other)):
        for suffix in FORMATS if panels else ():
            path = out / f"{name}.{suffix}"
            rollout_lines(path, panels)
            print(path)


def _panel(block: Block, place: int) -> Panel:
    oracle, random = block.anchors[place]
    title = oracle.task_set if place == 0 else f"{block.task} → {oracle.task_set}"
    times = Counter(one.label for one in block.runs)
    names = [f"{r.label}, {r.run}" if times[r.label] > 1 else r.label for r in block.runs]
    lines = [(name, one.scores[place]) for name, one in zip(names, block.runs, strict=True)]
    return Panel(title, lines, oracle.table.mean[0], random.table.mean[0])
