"""The figure that sets training runs side by side (Wang et al. 2022, Fig. 6)."""

from collections.abc import Sequence
from itertools import cycle
from pathlib import Path

from matplotlib.axes import Axes
from matplotlib.ticker import FuncFormatter, MaxNLocator

from evo_plastic.analysis.figures import LINES, drawing, label_line
from evo_plastic.analysis.learning import Floats, LearningCurve

_COLUMNS = 3


def learning_figure(
    path: Path, curves: Sequence[LearningCurve], oracle: float, random: float
) -> None:
    """Reward of the last rollout in the validations, over generations and over wall clock.

    curves : of one task and as many mazes; bands are ± 1 standard error over mazes
    oracle, random : reward of a rollout by the shortest path, and of the random policy
    """
    rows = -(-len(curves) // _COLUMNS)
    with drawing(path, 10.5, 4.3 + 0.22 * rows) as figure:
        left, right = figure.subplots(1, 2, sharey=True)
        left.set_ylabel(f"validation reward of rollout {curves[0].rollouts} (± 1 standard error)")
        _draw(left, curves, [curve.generation for curve in curves])
        _draw(right, curves, [curve.minutes for curve in curves])
        left.set_xlabel("generation")
        right.set_xlabel("minutes of wall clock")
        for axes in (left, right):
            label_line(axes, oracle, "oracle" if axes is right else "")
            label_line(axes, random, "random" if axes is right else "")
        figure.legend(
            *left.get_legend_handles_labels(), loc="outside lower center", ncols=_COLUMNS
        )


def _draw(axes: Axes, curves: Sequence[LearningCurve], places: Sequence[Floats]) -> None:
    for curve, x, (style, colour) in zip(curves, places, cycle(LINES), strict=False):
        mean, error = curve.last, curve.error[:, -1]
        axes.fill_between(x, mean - error, mean + error, color=colour, alpha=0.18, linewidth=0)
        axes.plot(x, mean, style, color=colour, linewidth=1.6, label=curve.run)
    axes.set_xlim(left=0)
    axes.xaxis.set_major_locator(MaxNLocator(6, steps=[1, 2, 5, 10]))
    axes.xaxis.set_major_formatter(FuncFormatter(lambda value, _: f"{value:,g}"))
