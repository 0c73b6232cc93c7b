"""What ``compare`` does: run directories → a table and a figure."""

from collections.abc import Sequence
from pathlib import Path

from evo_plastic.analysis.comparison import validation_anchors
from evo_plastic.analysis.evaluation import with_error
from evo_plastic.analysis.learning import LearningCurve, check_comparable, read_curve
from evo_plastic.analysis.learning_figure import learning_figure
from evo_plastic.cli.output import Cell, print_table
from evo_plastic.cli.tables import as_csv, as_markdown, write_text
from evo_plastic.cli.targets import make_folder

HEADERS = ("run", "network", "N_gene", "N_mem", "seed", "generations", "steps, 10⁹", "minutes",
           "reward at the end", "best reward", "in generation")  # fmt: skip


def compare_runs(runs: Sequence[Path], out: Path) -> None:
    """Print the table of ``runs`` and write it, and the figure, to the folder ``out``."""
    curves = [read_curve(path) for path in runs]
    check_comparable(curves)
    make_folder("out", out)
    rows = [_row(curve) for curve in curves]
    write_text(out / "runs.csv", as_csv(HEADERS, rows))
    write_text(out / "runs.md", as_markdown(HEADERS, rows))
    learning_figure(out / "learning.png", curves, *validation_anchors(curves[0].task))
    print_table(HEADERS, rows)


def _row(curve: LearningCurve) -> list[Cell]:
    ends = [with_error(curve.last[i], curve.error[i, -1]) for i in (-1, curve.best)]
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
