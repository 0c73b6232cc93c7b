"""The figure of the bottleneck: memories per gene against the score on a task set."""

from collections.abc import Mapping, Sequence
from itertools import cycle
from pathlib import Path

import numpy as np
from matplotlib.axes import Axes
from matplotlib.colors import to_rgb
from matplotlib.ticker import FuncFormatter, LogLocator, NullFormatter
from matplotlib.transforms import Bbox

from evo_plastic.analysis.bottleneck import BottleneckPoint
from evo_plastic.analysis.figures import DOTS_PER_INCH, PALETTE, drawing

Looks = Mapping[str, tuple[str, str]]
"""Colour and marker by network."""

_MARKERS = "osD^vP*X"
_MARKER_POINTS = 7.0
_DARKER = 0.7
"""Of names: thin strokes in the colours of the markers would be too pale to read."""


def bottleneck_figure(path: Path, *panels: Sequence[BottleneckPoint]) -> None:
    """Draw genomes, labelled by their policy, coloured and shaped by their network.

    panels : one or more; in each at least one genome, all on the same tasks
    Bars are ± 1 standard error of the mean.
    """
    networks = dict.fromkeys(point.network for points in panels for point in points)
    looks = dict(zip(networks, zip(cycle(PALETTE), cycle(_MARKERS), strict=False), strict=False))
    with drawing(path, 7.2, 4.6 * len(panels)) as figure:
        grid = figure.subplots(len(panels), squeeze=False, subplot_kw={"xscale": "log"})[:, 0]
        for axes, points in zip(grid, panels, strict=True):
            _draw(axes, points, looks)
        figure.draw_without_rendering()  # the layout must be known to see what would overlap
        for axes, points in zip(grid, panels, strict=True):
            _label(axes, points, [looks[point.network][0] for point in points])


def _draw(axes: Axes, points: Sequence[BottleneckPoint], looks: Looks) -> None:
    for point in points:
        colour, marker = looks[point.network]
        axes.errorbar(
            point.factor, point.mean, np.nan_to_num(point.se), fmt=marker, color=colour,
            markersize=_MARKER_POINTS, elinewidth=1.2, capsize=3,
        )  # fmt: skip
    _finish(axes, points)


def _finish(axes: Axes, points: Sequence[BottleneckPoint]) -> None:
    last = f"rollout {points[0].rollouts} on {points[0].task_set}"
    if points[0].trained_on is not None:
        axes.set_title(f"trained on {points[0].trained_on}")
    axes.set_xlabel("memories per gene, N_mem / N_gene")
    axes.set_ylabel(f"reward of {last}\n(± 1 standard error)")
    axes.grid(True, axis="both")
    factors = [point.factor for point in points]
    axes.set_xlim(min(factors) / 2, max(factors) * 2)
    axes.margins(y=0.12)
    axes.xaxis.set_major_locator(LogLocator(subs=(1, 2, 5)))
    axes.xaxis.set_major_formatter(FuncFormatter(lambda value, _: f"{value:g}"))
    axes.xaxis.set_minor_formatter(NullFormatter())


def _label(axes: Axes, points: Sequence[BottleneckPoint], colours: Sequence[str]) -> None:
    """Names beside the points, towards the middle, as near as others leave room."""
    x, y = axes.transData.transform([(point.factor, point.mean) for point in points]).T
    half = _MARKER_POINTS / 2 / 72 * DOTS_PER_INCH
    tops = [(point.factor, point.mean + np.nan_to_num(point.se)) for point in points]
    reach = np.maximum(half, axes.transData.transform(tops)[:, 1] - y)
    taken = [
        Bbox.from_extents(x[i] - half, y[i] - reach[i], x[i] + half, y[i] + reach[i])
        for i in range(len(points))
    ]
    for i in np.argsort(y, kind="stable"):
        side = 1 if x[i] < (axes.bbox.x0 + axes.bbox.x1) / 2 else -1
        label = axes.annotate(
            points[i].policy, (points[i].factor, points[i].mean), xytext=(side * 8, 0),
            textcoords="offset points", ha="left" if side > 0 else "right", va="center",
            fontsize=9, color=_DARKER * np.array(to_rgb(colours[i])), in_layout=False,
        )  # fmt: skip
        # Only upwards, from the lowest on: so names stand in the order of their points.
        while any(label.get_window_extent().overlaps(other) for other in taken):
            label.xyann = (side * 8, label.xyann[1] + 1)
        taken.append(label.get_window_extent())
