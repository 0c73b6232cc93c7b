"""The figure of an evaluation: reward of each rollout, several agents side by side."""

from collections.abc import Sequence
from itertools import cycle
from pathlib import Path

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from numpy.typing import NDArray

from evo_plastic.analysis.figures import FAINT, INK, PALETTE, drawing, signed

Result = tuple[str, NDArray[np.floating], NDArray[np.floating]]

_BAR_INCHES = 0.4
_GAP = 0.7
"""Between two groups, in bars."""
_CHARACTER_INCHES, _HANDLE_INCHES = 0.085, 0.6


def rollout_bars(path: Path, results: Sequence[Result], title: str) -> None:
    """One group of bars per rollout, one colour per agent, error bars of ± 1 standard error.

    results : label, mean reward (rollouts,) and its standard error (rollouts,); the number of
        rollouts may differ. Colours repeat after those of ``PALETTE``.
    """
    rollouts = max(len(mean) for _, mean, _ in results)
    bars = rollouts * (len(results) + _GAP)
    width = max(5.5, _BAR_INCHES * bars + 1.2)
    with drawing(path, width, 4.2) as figure:
        axes = figure.add_subplot()
        for place, (result, colour) in enumerate(zip(results, cycle(PALETTE), strict=False)):
            _draw_agent(axes, result, place - (len(results) - 1) / 2, len(results), colour)
        axes.set_title(title, pad=10)
        _finish(axes, rollouts, len(results))
        _place_legend(figure, [label for label, _, _ in results], width)


def _draw_agent(axes: Axes, result: Result, offset: float, agents: int, colour: str) -> None:
    label, mean, error = result
    x = np.arange(len(mean)) * (agents + _GAP) + offset
    axes.bar(x, mean, 0.9, color=colour, label=label)
    whisker = np.nan_to_num(error)
    axes.errorbar(x, mean, whisker, fmt="none", ecolor=INK, elinewidth=1, capsize=2.5, capthick=1)
    for at, value, reach in zip(x, mean, whisker, strict=True):
        end = value + np.copysign(reach, value)
        axes.annotate(
            signed(value), (at, end), xytext=(0, 3 if value >= 0 else -3),
            textcoords="offset points", ha="center", va="bottom" if value >= 0 else "top",
            fontsize=8,
        )  # fmt: skip


def _finish(axes: Axes, rollouts: int, agents: int) -> None:
    axes.axhline(0, color=FAINT, linewidth=0.8)
    axes.set_ylabel("mean reward (± 1 standard error)")
    axes.set_xticks(np.arange(rollouts) * (agents + _GAP))
    axes.set_xticklabels([f"rollout {r + 1}" for r in range(rollouts)])
    axes.tick_params(axis="x", length=0)
    axes.spines["bottom"].set_visible(False)
    axes.margins(x=0.02, y=0.1)


def _place_legend(figure: Figure, labels: Sequence[str], width: float) -> None:
    """Below the bars, in as many columns as fit."""
    column = _HANDLE_INCHES + _CHARACTER_INCHES * max(map(len, labels))
    columns = max(1, min(len(labels), int(width / column)))
    figure.legend(loc="outside lower center", ncols=columns, handlelength=1, handleheight=1)
