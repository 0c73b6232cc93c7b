"""The figures of many intervals at once: scores of groups, improvement of one over another."""

from collections.abc import Sequence
from itertools import cycle
from pathlib import Path
from textwrap import wrap
from typing import NamedTuple

import numpy as np
from matplotlib.axes import Axes
from matplotlib.ticker import MaxNLocator

from evo_plastic.analysis.figures import FAINT, INK, PALETTE, drawing
from evo_plastic.analysis.measures import Measure

_COLUMNS, _WIDTH, _LINE_INCHES, _FRAME_INCHES = 3, 7.2, 0.17, 0.75
_LABEL_CHARACTERS = 28


class Row(NamedTuple):
    middle: float
    ends: tuple[float, float] | None
    """Of the interval, if there is one."""
    points: tuple[float, ...] = ()
    """Of single runs."""


class Panel(NamedTuple):
    title: str
    rows: Sequence[Row]
    level: float | None = None
    """Where a line stands for neither one nor the other."""


def score_panels(measures: Sequence[Measure]) -> list[Panel]:
    """Interquartile means of each group, its runs around them."""
    return [
        Panel(
            measure.title,
            [
                Row(found.iqm, _ends(found.low, found.high), _means(values))
                for found, values in zip(measure.estimates, measure.values, strict=True)
            ],
        )
        for measure in measures
    ]


def improvement_panels(measures: Sequence[Measure]) -> list[Panel]:
    """Probabilities, of each two groups."""
    return [
        Panel(
            measure.title,
            [Row(p.probability, _ends(p.low, p.high)) for p in measure.improvements.values()],
            level=0.5,
        )
        for measure in measures
    ]


def _ends(low: float | None, high: float | None) -> tuple[float, float] | None:
    return None if low is None or high is None else (low, high)


def _means(values: np.ndarray) -> tuple[float, ...]:
    return tuple(values.reshape(len(values), -1).mean(axis=1).tolist())


def intervals_figure(
    path: Path, names: Sequence[str], panels: Sequence[Panel], x_label: str
) -> None:
    """A row for each name; open marks where there is no interval, dots for single runs."""
    labels = ["\n".join(wrap(name, _LABEL_CHARACTERS)) for name in names]
    columns = min(_COLUMNS, len(panels))
    rows = -(-len(panels) // columns)
    lines = sum(label.count("\n") + 2 for label in labels)
    with drawing(path, _WIDTH, rows * (_LINE_INCHES * lines + _FRAME_INCHES)) as figure:
        grid = figure.subplots(rows, columns, squeeze=False).ravel()
        for place, axes in enumerate(grid):
            if place >= len(panels):
                axes.axis("off")
                continue
            _draw(axes, panels[place])
            axes.set_yticks(np.arange(len(labels)), labels if place % columns == 0 else [],
                            fontsize=8)  # fmt: skip
        figure.supxlabel(x_label, fontsize=9)


def _draw(axes: Axes, panel: Panel) -> None:
    for y, (row, colour) in enumerate(zip(panel.rows, cycle(PALETTE), strict=False)):
        if row.ends is not None:
            axes.plot(row.ends, (y, y), color=colour, linewidth=4, alpha=0.45,
                      solid_capstyle="butt")  # fmt: skip
        elif row.points:
            axes.plot((min(row.points), max(row.points)), (y, y), color=colour, linewidth=0.8)
        axes.plot(row.points, np.full(len(row.points), y), "o", color=colour, markersize=3,
                  alpha=0.7, markeredgewidth=0)  # fmt: skip
        face = "white" if row.ends is None else colour
        axes.plot(row.middle, y, "D", color=INK, markerfacecolor=face, markersize=5,
                  markeredgewidth=0.9)  # fmt: skip
    if panel.level is not None:
        axes.axvline(panel.level, color=FAINT, linewidth=1, linestyle=(0, (4, 3)), zorder=1.5)
        axes.set_xlim(-0.05, 1.05)
    axes.set_ylim(len(panel.rows) - 0.5, -0.5)
    axes.set_title(panel.title, fontsize=9)
    axes.grid(True, axis="x")
    axes.grid(False, axis="y")
    axes.tick_params(axis="y", length=0)
    axes.tick_params(axis="x", labelsize=8)
    axes.xaxis.set_major_locator(MaxNLocator(4, steps=[1, 2, 5, 10]))
