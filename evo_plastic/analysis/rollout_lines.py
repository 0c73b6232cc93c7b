"""The figure of learning within a lifetime: reward rollout by rollout.

As in Wang et al. (TMLR 2022): Fig. 2 for the mazes of training, Fig. 3 for others.
"""

from collections.abc import Sequence
from itertools import cycle, product
from pathlib import Path
from typing import NamedTuple

import numpy as np
from matplotlib.axes import Axes
from matplotlib.ticker import MultipleLocator

from evo_plastic.analysis.comparison import Scored
from evo_plastic.analysis.figures import PALETTE, drawing, label_line

_PANEL_INCHES, _MARGIN_INCHES, _LEAST_INCHES, _HEIGHT_INCHES = 2.9, 1.0, 5.5, 3.1
_SPREAD = 0.25
"""Of the lines at one rollout, so that whiskers do not hide one another."""
_LEGEND_COLUMN_INCHES, _LEGEND_ROW_INCHES = 2.2, 0.22
_STYLES = tuple(product(("-", "--", ":"), ("o", "s", "^")))


class Panel(NamedTuple):
    title: str
    lines: Sequence[tuple[str, Scored]]
    """Label and scores."""
    oracle: float
    random: float
    """Reward of a rollout by these two policies."""


def rollout_lines(path: Path, panels: Sequence[Panel]) -> None:
    """Draw the panels side by side; whiskers are ± 1 standard error over mazes.

    A label has one colour and marker in all panels.
    """
    labels = list(dict.fromkeys(label for panel in panels for label, _ in panel.lines))
    width = max(_PANEL_INCHES * len(panels) + _MARGIN_INCHES, _LEAST_INCHES)
    columns = max(1, min(len(labels), int(width / _LEGEND_COLUMN_INCHES)))
    rows = -(-len(labels) // columns)
    looks = dict(zip(labels, cycle(product(_STYLES, PALETTE)), strict=False))
    with drawing(path, width, _HEIGHT_INCHES + _LEGEND_ROW_INCHES * rows) as figure:
        grid = figure.subplots(1, len(panels), sharey=True, squeeze=False)[0]
        handles = {}
        for axes, panel in zip(grid, panels, strict=True):
            for place, (label, scored) in enumerate(panel.lines):
                (style, marker), colour = looks[label]
                shift = _SPREAD * ((place + 0.5) / len(panel.lines) - 0.5)
                mean = np.array(scored.table.mean)
                x = np.arange(1, len(mean) + 1) + shift
                handles[label] = axes.errorbar(
                    x, mean, np.nan_to_num(scored.table.se), linestyle=style, marker=marker,
                    color=colour, markersize=4, linewidth=1.4, capsize=2, label=label,
                )  # fmt: skip
            _finish(axes, panel, last=panel is panels[-1])
        grid[0].set_ylabel("mean reward (± 1 standard error)")
        figure.legend(handles.values(), handles.keys(), loc="outside lower center", ncols=columns)


def _finish(axes: Axes, panel: Panel, last: bool) -> None:
    axes.set_title(panel.title)
    axes.set_xlabel("rollout")
    axes.xaxis.set_major_locator(MultipleLocator(1))
    label_line(axes, panel.oracle, "oracle" if last else "")
    label_line(axes, panel.random, "random" if last else "")
