"""The figure of whole lifetimes: the way through the maze, rollout by rollout.

One row per maze and one column per rollout, as in Fig. 4 of Wang et al. (TMLR 2022).
"""

from collections.abc import Sequence
from pathlib import Path

import matplotlib
import numpy as np
from matplotlib.axes import Axes
from matplotlib.cm import ScalarMappable
from matplotlib.collections import LineCollection
from matplotlib.colors import ListedColormap
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from numpy.typing import NDArray

from evo_plastic.analysis.figures import FAINT, INK, PALETTE, drawing, signed
from evo_plastic.analysis.replay import replay, rollout_actions
from evo_plastic.tasks.fitness import DIVERGED, REACHED, rollout_rewards
from evo_plastic.tasks.task_sets import TaskSet

_PANEL_INCHES = 2.1
_TIME = ListedColormap(matplotlib.colormaps["viridis"](np.linspace(0.0, 0.85, 256)))
_CELLS = ListedColormap(["#FFFFFF", "#4A4A4A"])
_START, _GOAL = "#FFFFFF", PALETTE[4]


def lifetimes_grid(
    path: Path,
    task_set: TaskSet,
    actions: NDArray[np.uint8],
    steps: NDArray[np.integer],
    outcome: NDArray[np.integer],
    rows: Sequence[int],
) -> None:
    """Draw the lifetimes numbered ``rows``; lifetime i is in maze i of ``task_set``.

    actions : (N, rollouts · MAX_STEPS)      steps : (N, rollouts)
    outcome : (N, rollouts), see ``tasks.fitness``
    """
    rewards, rollouts = rollout_rewards(steps, outcome), steps.shape[1]
    # A line of text above each panel, the legend at the top, the names of mazes at the left.
    size = _PANEL_INCHES * rollouts + 0.3, (_PANEL_INCHES + 0.3) * len(rows) + 0.6
    with drawing(path, *size) as figure:
        grid = figure.subplots(len(rows), rollouts, squeeze=False)
        for line, life in zip(grid, rows, strict=True):
            line[0].set_ylabel(f"maze {life}")
            taken = rollout_actions(actions[life], steps[life])
            for r, axes in enumerate(line):
                way = replay(task_set.walls[life], task_set.start[life], taken[r], steps[life, r])
                _draw_maze(axes, task_set, life)
                _draw_way(axes, way, task_set.size)
                text = _caption(rewards[life, r], steps[life, r], outcome[life, r])
                axes.set_xlabel(text, fontsize=8.5)
        for r, axes in enumerate(grid[0]):
            axes.set_title(f"rollout {r + 1}", loc="center")
        _explain(figure, grid)


def _draw_maze(axes: Axes, task_set: TaskSet, maze: int) -> None:
    axes.imshow(task_set.walls[maze], cmap=_CELLS, vmin=0, vmax=1)
    points = 0.55 * 72 * _PANEL_INCHES / task_set.size
    for position, look in ((task_set.start, _start), (task_set.goal, _goal)):
        x, y = position[maze]
        axes.add_line(look(y, x, points))
    axes.set(xticks=[], yticks=[])
    axes.spines[:].set_visible(False)


def _start(x: float, y: float, points: float) -> Line2D:
    return Line2D([x], [y], marker="o", markersize=points, markerfacecolor=_START,
                  markeredgecolor=INK, linestyle="", zorder=3, label="start")  # fmt: skip


def _goal(x: float, y: float, points: float) -> Line2D:
    return Line2D([x], [y], marker="*", markersize=1.6 * points, markerfacecolor=_GOAL,
                  markeredgecolor=INK, markeredgewidth=0.6, linestyle="", zorder=3,
                  label="goal")  # fmt: skip


def _draw_way(axes: Axes, way: NDArray[np.int16], size: int) -> None:
    """The path, early steps dark and wide, so that later ones on top do not hide them."""
    points = way[:, ::-1].astype(np.float64)
    segments = np.stack([points[:-1], points[1:]], axis=1)
    time = np.linspace(0, 1, len(segments))
    cell = 72 * _PANEL_INCHES / size
    lines = LineCollection(
        list(segments), colors=_TIME(time), linewidths=cell * (0.42 - 0.27 * time),
        capstyle="round", zorder=2,
    )  # fmt: skip
    axes.add_collection(lines, autolim=False)


def _caption(reward: float, steps: int, outcome: int) -> str:
    if outcome == DIVERGED:
        return "diverged, no reward"
    taken = f"{steps} step" if steps == 1 else f"{steps} steps"
    return f"reward {signed(reward)}, {taken}" + ("" if outcome == REACHED else ", failed")


def _explain(figure: Figure, grid: NDArray[np.object_]) -> None:
    figure.legend(handles=[_start(0, 0, 7), _goal(0, 0, 7)], loc="outside upper left", ncols=2)
    bar = figure.colorbar(
        ScalarMappable(cmap=_TIME), ax=grid, location="bottom", fraction=0.02, aspect=40,
        pad=0.02, shrink=0.5,
    )  # fmt: skip
    bar.set_ticks([0, 1], labels=["start of the rollout", "end"])
    bar.outline.set_visible(False)
    bar.ax.tick_params(length=0, labelsize=9, labelcolor=FAINT)
