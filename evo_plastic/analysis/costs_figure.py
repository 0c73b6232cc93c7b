"""The figure of what learning costs: validation reward of groups of runs over every cost."""

import math
from collections.abc import Sequence
from itertools import cycle
from pathlib import Path
from textwrap import wrap

from matplotlib.axes import Axes
from matplotlib.lines import Line2D
from matplotlib.ticker import FuncFormatter, LogLocator, MaxNLocator, NullFormatter

from evo_plastic.analysis.bands import Band, Bands
from evo_plastic.analysis.costs import CLOCK, COSTS, Cost
from evo_plastic.analysis.figures import FAINT, INK, LINES, LineStyle, drawing, label_line, signed
from evo_plastic.analysis.groups import Group
from evo_plastic.analysis.measures import Levels
from evo_plastic.analysis.statistics import LEAST_RUNS

_COLUMNS, _WIDTH, _PANEL_INCHES = 2, 7.2, 2.5
_LABEL_CHARACTERS = 44
_FEW = 25
_LOG_RANGE, _WIDE_RANGE = 10.0, 200.0
_HOURS_FROM = 180.0
_SUPERSCRIPTS = str.maketrans("0123456789", "⁰¹²³⁴⁵⁶⁷⁸⁹")
_READING = {
    True: "Thin: single runs. Thick: their interquartile mean, with a 95 % bootstrap interval.",
    False: "Lines: single runs; fewer than five, so without an interval.",
}


def costs_figure(path: Path, groups: Sequence[Group], found: Bands, levels: Levels) -> None:
    """Validation reward of the last rollout; a panel for each of ``COSTS``, then the legend."""
    rows = -(-(len(COSTS) + 1) // _COLUMNS)
    with drawing(path, _WIDTH, _PANEL_INCHES * rows + 0.4) as figure:
        grid = figure.subplots(rows, _COLUMNS, sharey=True).ravel()
        rollout = groups[0].curves[0].rollouts
        for place, (axes, cost) in enumerate(zip(grid, COSTS, strict=False)):
            curves = [curve for group in groups for curve in group.curves]
            ends = [float(cost.of(curve)[-1]) for curve in curves]
            scale, label = _unit(cost, max(ends))
            axes.set_xlabel(label)
            for group, one, look in zip(groups, found[place], cycle(LINES), strict=False):
                _draw_group(axes, group, cost, one, scale, look)
            choose_scale(axes, min(ends) / scale, max(ends) / scale)
            label_line(axes, levels.oracle, "oracle")
            label_line(axes, levels.random, "random")
            axes.axhline(levels.threshold, color=INK, linewidth=1, linestyle=":", zorder=1.5)
            if place % _COLUMNS == 0:
                axes.set_ylabel(f"validation reward, rollout {rollout}")
        _explain(grid[-1], groups, levels.threshold)


def _draw_group(
    axes: Axes,
    group: Group,
    cost: Cost,
    band: Band | None,
    scale: float,
    look: tuple[LineStyle, str],
) -> None:
    style, colour = look
    for curve in group.curves:
        x, few = cost.of(curve) / scale, len(curve.last) <= _FEW
        if band is None:
            marker = "o" if few else None
            axes.plot(x, curve.last, style, color=colour, linewidth=1.2, marker=marker,
                      markersize=2.5)  # fmt: skip
        else:
            axes.plot(x, curve.last, style, color=colour, linewidth=0.6, alpha=0.45)
    if band is not None:
        x = band.cost / scale
        axes.fill_between(x, band.low, band.high, color=colour, alpha=0.22, linewidth=0)
        axes.plot(x, band.iqm, style, color=colour, linewidth=2)


def choose_scale(axes: Axes, shortest: float, longest: float) -> None:
    """The axis, logarithmic if some runs are much longer than others."""
    if longest > _LOG_RANGE * shortest > 0:
        axes.set_xscale("log")
        low, high = axes.get_xlim()
        few = high / low > _WIDE_RANGE
        axes.xaxis.set_major_locator(LogLocator(subs=(1,) if few else (1, 2, 5), numticks=9))
        axes.xaxis.set_minor_formatter(NullFormatter())
    else:
        axes.set_xlim(0, longest * 1.02 or 1)
        axes.xaxis.set_major_locator(MaxNLocator(5, steps=[1, 2, 5, 10]))
    axes.xaxis.set_major_formatter(FuncFormatter(lambda value, _: f"{value:g}"))


def _unit(cost: Cost, greatest: float) -> tuple[float, str]:
    if cost is CLOCK:
        hours = greatest >= _HOURS_FROM
        return (60.0, "wall clock, hours") if hours else (1.0, "wall clock, minutes")
    exponent = 3 * math.floor(math.log10(greatest) / 3) if greatest >= 1 else 0
    if exponent == 0:
        return 1.0, cost.name
    return 10.0**exponent, f"{cost.name}, 10{str(exponent).translate(_SUPERSCRIPTS)}"


def _explain(axes: Axes, groups: Sequence[Group], threshold: float) -> None:
    """What lines mean, in a place of their own."""
    axes.axis("off")
    handles = [
        Line2D([], [], linestyle=style, color=colour, linewidth=2,
               label="\n".join(wrap(group.several, _LABEL_CHARACTERS)))
        for group, (style, colour) in zip(groups, cycle(LINES), strict=False)
    ]  # fmt: skip
    dots = Line2D([], [], linestyle=":", color=INK, label=f"threshold, {signed(threshold)}")
    kinds = sorted({len(group.runs) >= LEAST_RUNS for group in groups}, reverse=True)
    text = "\n".join(line for kind in kinds for line in wrap(_READING[kind], _LABEL_CHARACTERS))
    legend = axes.legend(handles=[*handles, dots], loc="upper left", fontsize=8, borderpad=0,
                         bbox_to_anchor=(-0.05, 1), title=text, title_fontsize=8,
                         alignment="left")  # fmt: skip
    legend.get_title().set_color(FAINT)
