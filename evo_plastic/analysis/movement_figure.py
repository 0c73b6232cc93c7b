"""The figure of vibration and migration: how weights and activity move in a lifetime.

From top to bottom: distance of every step, distance from where lifetime and rollout began, and
mean distance over k steps (see ``analysis.movement``).
"""

from collections.abc import Mapping
from pathlib import Path

import numpy as np
from matplotlib.axes import Axes
from matplotlib.ticker import FuncFormatter, LogLocator, MaxNLocator, NullFormatter, NullLocator
from numpy.typing import NDArray

from evo_plastic.analysis.figures import FAINT, PALETTE, drawing
from evo_plastic.analysis.movement import Movement
from evo_plastic.analysis.rollout_marks import (
    explain_rollouts,
    mark_rollouts,
    plot_by_rollout,
    stretches,
)

_COLUMN_INCHES = 3.6
_WIDE, _NARROW = 2.2, 0.7


def movement_figure(
    path: Path,
    movements: Mapping[str, Movement],
    ends: NDArray[np.int64],
    reached: NDArray[np.bool_],
) -> None:
    """Draw how trajectories of one lifetime move, one column each, by what they are of.

    ends, reached : of each rollout, as in ``Trace``, (rollouts,)
    """
    with drawing(path, _COLUMN_INCHES * max(len(movements), 1.4), 7.6) as figure:
        grid = figure.subplots(3, len(movements), squeeze=False)
        for (name, one), (top, middle, bottom) in zip(movements.items(), grid.T, strict=True):
            top.set_title(name, pad=12)
            number = np.arange(1.0, len(one.path) + 1)
            plot_by_rollout(top, number, np.append(np.nan, one.step), ends)
            _draw_distances(middle, number, one, ends)
            for axes in (top, middle):
                mark_rollouts(axes, ends, reached)
                axes.set_xlabel("step of the lifetime")
                axes.set_ylim(bottom=0)
                axes.xaxis.set_major_locator(MaxNLocator(6, integer=True))
            _draw_lags(bottom, one)
        texts = (
            "distance of a step",
            "distance from the start\n(thin: of the rollout)",
            "mean distance\nof k steps",
        )
        for axes, text in zip(grid[:, 0], texts, strict=True):
            axes.set_ylabel(text)
        explain_rollouts(figure, reached)


def _draw_distances(
    axes: Axes, number: NDArray[np.float64], one: Movement, ends: NDArray[np.int64]
) -> None:
    plot_by_rollout(axes, number, one.displacement, ends, _WIDE)
    for own, colour in stretches(ends):
        # Where a rollout ends the next one begins, at distance 0.
        distance = np.append(0.0, one.excursion[own][1:])
        axes.plot(number[own], distance, color=colour, linewidth=_NARROW)


def _draw_lags(axes: Axes, one: Movement) -> None:
    axes.set_xlabel("lag k, in steps")
    axes.grid(True, axis="both")
    if not one.lagged.any():
        return
    for power, text in ((1.0, "∝ k"), (0.5, "∝ √k")):
        line = one.lagged[0] * one.lags**power
        axes.plot(one.lags, line, linestyle=(0, (4, 3)), color=FAINT, linewidth=1)
        axes.annotate(text, (one.lags[-1], line[-1]), xytext=(4, 0), textcoords="offset points",
                      va="center", fontsize=9, color=FAINT)  # fmt: skip
    axes.plot(one.lags, one.lagged, "o-", color=PALETTE[0], linewidth=1.6, markersize=4)
    axes.set(xscale="log", yscale="log")
    axes.xaxis.set_major_locator(LogLocator(base=2, numticks=12))
    axes.xaxis.set_minor_locator(NullLocator())
    axes.yaxis.set_major_locator(LogLocator(subs=(1, 2, 5)))
    axes.yaxis.set_minor_formatter(NullFormatter())
    for axis in (axes.xaxis, axes.yaxis):
        axis.set_major_formatter(FuncFormatter(lambda value, _: f"{value:g}"))
