"""The benchmark as one picture; panels whose measurements are missing stay away."""

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.ticker import FuncFormatter, NullFormatter, NullLocator

from benchmarks.common import Row
from evo_plastic.analysis.figures import FAINT, GRID, INK, PALETTE, drawing

IMPLEMENTATIONS = {"compiled": "evo-plastic", "jax": "JAX", "torch": "torch", "numpy": "numpy"}
"""Prefixes of rates in the rows of steps, and what they are called."""
TASK = "maze9"
BAR = 0.8
"""Height of a group of bars; the rest is the gap between two."""
Panel = tuple[Callable[[Axes, Any], None], Any]
PANEL_WIDTH, PANEL_HEIGHT, ROW_HEIGHT, MARGIN = 5.6, 3.6, 0.34, 1.2  # inches
MARKERS = "osD^v"
TITLE_PAD = 22
"""Points between a title and its axes, where the legend goes."""


def draw(path: Path, sections: dict[str, Any]) -> None:
    """Write a picture of ``sections``, by name as in ``benchmark.json``; none if none has any."""
    steps = [row for row in sections.get("steps", []) if row["task"] == TASK]
    networks = sections.get("roofline", {}).get("networks", [])
    scaling = sections.get("scaling", {})
    bars: list[Panel] = [(_steps, steps), (_roofline, networks)]
    lines: list[Panel] = [
        (_hidden, scaling.get("hidden", [])),
        (_lives, scaling.get("lives", [])),
        (_workers, scaling.get("workers", [])),
        (_overhead, sections.get("overhead", [])),
    ]
    groups = [[panel for panel in group if panel[1]] for group in (bars, lines)]
    rows = max((len(rows) for _, rows in groups[0]), default=0)
    heights = [MARGIN + ROW_HEIGHT * rows, PANEL_HEIGHT * -(-len(groups[1]) // 2)]
    filled = [(group, height) for group, height in zip(groups, heights, strict=True) if group]
    if not filled:
        return
    groups, heights = [group for group, _ in filled], [height for _, height in filled]
    with drawing(path, 2 * PANEL_WIDTH, sum(heights)) as figure:
        figure.get_layout_engine().set(w_pad=0.12, h_pad=0.1)
        parts = figure.subfigures(len(groups), 1, height_ratios=heights, squeeze=False)[:, 0]
        for group, part in zip(groups, parts, strict=True):
            columns = min(2, len(group))
            for place, (panel, rows) in enumerate(group):
                panel(part.add_subplot(-(-len(group) // columns), columns, place + 1), rows)


def _steps(axes: Axes, rows: Sequence[Row]) -> None:
    """One group of bars per network, the fastest implementation on top."""
    present = [name for name in IMPLEMENTATIONS if any(row.get(f"{name}_cpu") for row in rows)]
    height = BAR / len(present)
    for place, name in enumerate(present):
        rates = [row.get(f"{name}_cpu") or np.nan for row in rows]
        y = np.arange(len(rows)) + (place - (len(present) - 1) / 2) * height
        axes.barh(y, rates, 0.9 * height, color=PALETTE[place], label=IMPLEMENTATIONS[name])
    axes.set_xscale("log")
    axes.set_title(f"Environment and network, one core, {TASK}", pad=TITLE_PAD)
    axes.set_xlabel("steps per CPU second")
    axes.xaxis.set_major_formatter(FuncFormatter(_with_unit))
    _name_bars(axes, rows)
    smallest = min(row[f"{name}_cpu"] for row in rows for name in present if f"{name}_cpu" in row)
    axes.set_xlim(left=smallest / 3)
    _legend(axes)


def _roofline(axes: Axes, rows: Sequence[Row]) -> None:
    fractions = [row["fraction"] for row in rows]
    axes.barh(np.arange(len(rows)), fractions, BAR, color=PALETTE[0])
    for y, row in enumerate(rows):
        limit = "arithmetic" if row["arithmetic_ns"] >= row["traffic_ns"] else row["cache"]
        text = f"{100 * row['fraction']:.0f} % of {limit}"
        axes.annotate(text, (row["fraction"], y), xytext=(4, 0), textcoords="offset points",
                      va="center", fontsize=8, color=INK)  # fmt: skip
    axes.set_title("How near a step comes to its bound", pad=TITLE_PAD)
    axes.set_xlabel("lower bound / measured time of a step")
    axes.set_xlim(0, 1)
    _name_bars(axes, rows)


def _name_bars(axes: Axes, rows: Sequence[Row]) -> None:
    axes.set_yticks(np.arange(len(rows)), [row["network"] for row in rows])
    axes.set_ylim(len(rows) - 0.4, -0.6)
    axes.tick_params(axis="y", length=0)
    axes.grid(axis="y", visible=False)
    axes.grid(axis="x")


def _hidden(axes: Axes, rows: Sequence[Row]) -> None:
    _lines(axes, rows, "network", "hidden", lambda row: 1e3 * row["ns_per_synapse"])
    axes.set_title("Cost of a synapse", pad=TITLE_PAD)
    axes.set_xlabel("hidden neurons")
    axes.set_ylabel("ps per synapse and step")
    _log_ticks(axes, [16, 32, 64, 128, 256, 512])


def _lives(axes: Axes, rows: Sequence[Row]) -> None:
    _lines(axes, rows, "network", "lives", lambda row: row["steps_per_second"] / 1e6)
    axes.set_title("Speed by lifetimes per genome, one core", pad=TITLE_PAD)
    axes.set_xlabel("lifetimes per genome")
    axes.set_ylabel("million steps per CPU second")
    _log_ticks(axes, sorted({row["lives"] for row in rows}))


def _workers(axes: Axes, rows: Sequence[Row]) -> None:
    _lines(axes, rows, "backend", "workers", lambda row: row["steps_per_second"] / 1e6)
    axes.set_title("Whole generations by workers", pad=TITLE_PAD)
    axes.set_xlabel("workers")
    axes.set_ylabel("million steps per second")
    axes.set_xticks(sorted({row["workers"] for row in rows}))


def _lines(axes: Axes, rows: Sequence[Row], by: str, x: str, y: Callable[[Row], float]) -> None:
    for place, name in enumerate(dict.fromkeys(row[by] for row in rows)):
        mine = [row for row in rows if row[by] == name]
        axes.plot(
            [row[x] for row in mine], [y(row) for row in mine], label=name,
            color=PALETTE[place], marker=MARKERS[place], markersize=5, linewidth=1.5,
        )  # fmt: skip
    axes.set_ylim(bottom=0)
    _legend(axes)


def _overhead(axes: Axes, rows: Sequence[Row]) -> None:
    """One bar per run, cut into what the cores did."""
    names, left = list(rows[0]["shares"]), np.zeros(len(rows))
    for name, colour in zip(names, (*PALETTE[:4], FAINT, GRID), strict=True):
        shares = np.array([row["shares"][name] for row in rows])
        axes.barh(np.arange(len(rows)), shares, BAR, left, color=colour, label=name)
        left += shares
    axes.set_title("What the cores do in training", pad=TITLE_PAD)
    axes.set_xlabel("share of wall clock × cores")
    axes.set_xlim(0, 1)
    _name_bars(axes, [{"network": f"{row['pool']}, {row['start']}"} for row in rows])
    for y, row in enumerate(rows):
        axes.annotate(f"kernels {100 * row['kernels_alone']:.0f} % if alone", (0.02, y),
                      va="center", fontsize=8, color="white")  # fmt: skip
    _legend(axes)


def _legend(axes: Axes) -> None:
    """One row between the title and the axes, where it hides nothing."""
    axes.legend(loc="lower left", bbox_to_anchor=(0, 0.99), ncols=6, fontsize=8,
                handlelength=1, columnspacing=1, borderpad=0, borderaxespad=0.6)  # fmt: skip


def _log_ticks(axes: Axes, ticks: Sequence[int]) -> None:
    axes.set_xscale("log")
    axes.set_xticks(ticks, [str(tick) for tick in ticks])
    axes.xaxis.set_minor_locator(NullLocator())
    axes.xaxis.set_minor_formatter(NullFormatter())


def _with_unit(value: float, _: object) -> str:
    """10 k, 1 M."""
    return f"{value / 1e6:g} M" if value >= 1e6 else f"{value / 1e3:g} k"
