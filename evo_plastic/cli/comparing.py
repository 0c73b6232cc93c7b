"""What ``compare`` does: run directories → a table and a figure."""

import csv
import io
from collections.abc import Sequence
from pathlib import Path

from evo_plastic.analysis.comparison import validation_anchors
from evo_plastic.analysis.learning import LearningCurve, check_comparable, read_curve
from evo_plastic.analysis.learning_figure import learning_figure
from evo_plastic.cli.output import Cell, format_number, print_table
from evo_plastic.errors import InputError
from evo_plastic.files import write_whole

HEADERS = ("run", "network", "N_gene", "N_mem", "seed", "generations", "steps, 10⁹", "minutes",
           "reward at the end", "best reward", "in generation")  # fmt: skip


def compare_runs(runs: Sequence[Path], out: Path) -> None:
    """Print the table of ``runs`` and write it, and the figure, to the folder ``out``."""
    curves = [read_curve(path) for path in runs]
    check_comparable(curves)
    try:
        out.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise InputError(f"--out {out}: {error.strerror}") from error
    rows = [_row(curve) for curve in curves]
    _write(out / "runs.csv", _csv(rows))
    _write(out / "runs.md", _markdown(rows))
    learning_figure(out / "learning.png", curves, *validation_anchors(curves[0].task))
    print_table(HEADERS, rows)


def _row(curve: LearningCurve) -> list[Cell]:
    ends = [f"{curve.last[i]:.3f} ± {curve.error[i, -1]:.3f}" for i in (-1, curve.best)]
    return [
        curve.run,
        curve.network,
        curve.genes,
        curve.memories,
        curve.seed,
        int(curve.generation[-1]),
        float(curve.env_steps[-1] / 1e9),
        float(curve.minutes[-1]),
        *ends,
        int(curve.generation[curve.best]),
    ]


def _csv(rows: Sequence[Sequence[Cell]]) -> str:
    stream = io.StringIO()
    csv.writer(stream, lineterminator="\n").writerows([HEADERS, *rows])
    return stream.getvalue()


def _markdown(rows: Sequence[Sequence[Cell]]) -> str:
    aligned = ["---" if isinstance(cell, str) else "--:" for cell in rows[0]]
    table = [HEADERS, aligned, *([format_number(cell) for cell in row] for row in rows)]
    return "".join(f"| {' | '.join(cells)} |\n" for cells in table)


def _write(path: Path, text: str) -> None:
    try:
        write_whole(path, text.encode())
    except OSError as error:
        raise InputError(f"{path} cannot be written: {error.strerror}") from error
