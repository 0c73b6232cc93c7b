"""The figure of learning within a lifetime, by groups of runs: reward rollout by rollout."""

from collections.abc import Sequence
from itertools import cycle
from pathlib import Path
from textwrap import wrap
from typing import NamedTuple

import numpy as np
from matplotlib.axes import Axes
from matplotlib.lines import Line2D
from matplotlib.ticker import MaxNLocator

from evo_plastic.analysis.figures import LINES, drawing, label_line
from evo_plastic.analysis.groups import Group
from evo_plastic.analysis.measures import Levels, SetScores
from evo_plastic.analysis.statistics import LEAST_RUNS, Floats, estimate

_COLUMNS, _WIDTH, _PANEL_INCHES, _LEGEND_ROW_INCHES = 3, 7.2, 2.6, 0.2
_LABEL_CHARACTERS = 100
_SPREAD = 0.3
"""Of the groups at one rollout, so that whiskers do not hide one another."""


class Adaptation(NamedTuple):
    """Reward by rollout in the same mazes."""

    title: str
    rewards: tuple[Floats, ...]  # of each group, (runs, rollouts)
    oracle: float
    random: float


def adaptations(
    groups: Sequence[Group], levels: Levels, sets: Sequence[SetScores]
) -> list[Adaptation]:
    """In the last validation, then of the genomes on each task set."""
    last = tuple(np.array([curve.mean[-1] for curve in group.curves]) for group in groups)
    found = [Adaptation("last validation", last, levels.oracle, levels.random)]
    for one in sets:
        rewards = tuple(np.array([run.table.mean for run in group]) for group in one.scores)
        levels_here = one.oracle.table.mean[-1], one.random.table.mean[-1]
        found.append(Adaptation(one.name, rewards, *levels_here))
    return found


def adaptation_figure(path: Path, groups: Sequence[Group], found: Sequence[Adaptation]) -> None:
    """Whiskers: 95 % intervals of the interquartile mean; small groups: a line for each run."""
    columns = min(_COLUMNS, len(found))
    rows = -(-len(found) // columns)
    height = _PANEL_INCHES * rows + _LEGEND_ROW_INCHES * (len(groups) + 1)
    with drawing(path, _WIDTH, height) as figure:
        grid = figure.subplots(rows, columns, sharey=True, squeeze=False)
        for place, axes in enumerate(grid.ravel()):
            if place >= len(found):
                axes.axis("off")
                continue
            _draw_panel(axes, found[place], last=place == len(found) - 1)
            if place % columns == 0:
                axes.set_ylabel("reward of the rollout")
        handles = [
            Line2D([], [], linestyle=style, color=colour, marker="o", markersize=4,
                   label="\n".join(wrap(_described(group), _LABEL_CHARACTERS)))
            for group, (style, colour) in zip(groups, cycle(LINES), strict=False)
        ]  # fmt: skip
        figure.legend(handles=handles, loc="outside lower center", fontsize=8)


def _described(group: Group) -> str:
    enough = len(group.runs) >= LEAST_RUNS
    meaning = "interquartile mean, 95 % interval" if enough else "each run"
    return f"{group.several}: {meaning}"


def _draw_panel(axes: Axes, panel: Adaptation, last: bool) -> None:
    count = len(panel.rewards)
    for place, (rewards, look) in enumerate(zip(panel.rewards, cycle(LINES), strict=False)):
        style, colour = look
        x = np.arange(1, rewards.shape[1] + 1) + _SPREAD * ((place + 0.5) / count - 0.5)
        if len(rewards) < LEAST_RUNS:
            axes.plot(x, rewards.T, style, color=colour, linewidth=1, marker="o", markersize=3)
            continue
        found = [estimate(column) for column in np.nan_to_num(rewards, nan=-np.inf).T]
        middle = np.array([one.iqm for one in found])
        ends = np.array([[one.low, one.high] for one in found], np.float64).T
        reach = np.abs(np.where(np.isfinite(ends), ends, middle) - middle)
        axes.errorbar(x, middle, reach, linestyle=style, marker="o", color=colour, markersize=4,
                      linewidth=1.4, capsize=2)  # fmt: skip
    axes.set_title(panel.title, fontsize=9)
    axes.set_xlabel("rollout")
    axes.xaxis.set_major_locator(MaxNLocator(8, integer=True))
    label_line(axes, panel.oracle, "oracle" if last else "")
    label_line(axes, panel.random, "random" if last else "")
