"""How figures of one lifetime tell its rollouts apart, and which of them reached the goal.

Steps are numbered from 1 on; ``ends`` and ``reached`` are those of a ``Trace``.
"""

from collections.abc import Iterator

import matplotlib
import numpy as np
from matplotlib.artist import Artist
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from numpy.typing import NDArray

from evo_plastic.analysis.figures import FAINT, INK, PALETTE
from evo_plastic.analysis.movement import rollout_starts

Colour = tuple[float, ...]

_NAMED = 8
"""Most rollouts that a legend names; of more, as many evenly spread ones."""
_ENTRY_INCHES = 1.4


def rollout_colours(rollouts: int) -> NDArray[np.float64]:
    """Colours (rollouts, 4): a ramp, since rollouts have an order."""
    return matplotlib.colormaps["viridis"](np.linspace(0.85, 0.05, rollouts))


def stretches(ends: NDArray[np.int64]) -> Iterator[tuple[slice, Colour]]:
    """Points and colour of each rollout; its first point is the last of the one before."""
    colours = rollout_colours(len(ends))
    for start, end, colour in zip(rollout_starts(ends), ends, colours, strict=True):
        yield slice(start, end + 1), tuple(colour)


def plot_by_rollout(
    axes: Axes,
    x: NDArray[np.floating],
    y: NDArray[np.floating],
    ends: NDArray[np.int64],
    width: float = 1.3,
    alpha: float = 1.0,
) -> None:
    """A line through all points (T,), each rollout in its colour."""
    for own, colour in stretches(ends):
        axes.plot(x[own], y[own], color=colour, linewidth=width, alpha=alpha)


def mark_rollouts(axes: Axes, ends: NDArray[np.int64], reached: NDArray[np.bool_]) -> None:
    """Along an axis of steps: a border after every rollout but the last, a star above goals."""
    for end in ends[:-1]:
        axes.axvline(end + 1.5, color=FAINT, linewidth=0.8, linestyle=(0, (2, 2)), zorder=1.5)
    for end in ends[reached]:
        star = goal(end + 1, 1)
        star.set(transform=axes.get_xaxis_transform(), clip_on=False)
        axes.add_line(star)
    axes.set_xlim(0, ends[-1] + 2)


def goal(x: float, y: float) -> Line2D:
    return Line2D([x], [y], marker="*", markersize=9, markerfacecolor=PALETTE[4],
                  markeredgecolor=INK, markeredgewidth=0.6, linestyle="", zorder=4,
                  label="goal reached")  # fmt: skip


def explain_rollouts(figure: Figure, reached: NDArray[np.bool_], *others: Artist) -> None:
    """The legend, below: colours of the rollouts, the goal if one was reached, and others."""
    colours, rollouts = rollout_colours(len(reached)), len(reached)
    named = np.unique(np.linspace(0, rollouts - 1, _NAMED).astype(int))
    handles: list[Artist] = [
        Line2D([], [], color=colours[r], linewidth=2.5, label=f"rollout {r + 1}") for r in named
    ]
    handles += [goal(np.nan, np.nan)] if reached.any() else []
    columns = int(figure.get_figwidth() / _ENTRY_INCHES)
    figure.legend(handles=[*handles, *others], loc="outside lower center", ncols=columns)
