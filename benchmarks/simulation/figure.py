"""The predictions as one picture, as wide as a column of text."""

from collections.abc import Sequence
from pathlib import Path

from matplotlib.axes import Axes
from matplotlib.ticker import FuncFormatter, NullFormatter, PercentFormatter

from benchmarks.common import Row
from evo_plastic.analysis.figures import FAINT, PALETTE, drawing

WIDTH, HEIGHT = 3.5, 7.4  # inches
MARKERS = "osD^"
TITLE = 9  # points


def draw(path: Path, rows: Sequence[Row]) -> None:
    """rows: of ``predict.sweep``."""
    paper = [row for row in rows if row["population"] == min(row["population"] for row in rows)]
    equal = [row for row in rows if not row["slow_share"]]
    first = rows[0]["network"]
    with drawing(path, WIDTH, HEIGHT) as figure:
        times, efficiency, driver = figure.subplots(3, 1, sharex=True)
        _times(times, paper)
        mine = [row for row in equal if row["network"] == first and row["start"] == "untrained"]
        _by_population(efficiency, mine, "efficiency")
        efficiency.set_title(f"Workers' time in use, {first}", fontsize=TITLE)
        _by_population(driver, mine, "driver")
        driver.set_title(f"Driver's time in use, {first}", fontsize=TITLE)
        driver.set_xlabel("workers")
        for axes in (times, efficiency, driver):
            axes.set_xscale("log")
            axes.xaxis.set_major_formatter(FuncFormatter(_whole))
        for axes in (efficiency, driver):
            axes.set_ylim(0, 1.03)
            axes.yaxis.set_major_formatter(PercentFormatter(1))


def _times(axes: Axes, rows: Sequence[Row]) -> None:
    """One colour per network and start; dashes with slow workers."""
    cases = list(dict.fromkeys((row["network"], row["start"]) for row in rows))
    for colour, marker, case in zip(PALETTE, MARKERS, cases, strict=False):
        for slow in (False, True):
            mine = [
                row for row in rows
                if (row["network"], row["start"]) == case and bool(row["slow_share"]) == slow
            ]  # fmt: skip
            axes.plot(
                [row["workers"] for row in mine], [1e3 * row["seconds"] for row in mine],
                color=colour, linestyle="--" if slow else "-", linewidth=1.1 if slow else 1.6,
                marker=None if slow else marker, markersize=3.5,
                label=None if slow else f"{case[0]}, {case[1]}",
            )  # fmt: skip
    axes.plot([], [], color=FAINT, linestyle="--", linewidth=1.1, label="1 of 20 is 4× slower")
    axes.set_yscale("log")
    axes.yaxis.set_major_formatter(FuncFormatter(_whole))
    axes.yaxis.set_minor_formatter(NullFormatter())
    axes.set_ylabel("ms")
    axes.set_title("A generation of 360 candidates", fontsize=TITLE)
    axes.legend(fontsize=7, loc="upper right", handlelength=2, borderpad=0)


def _by_population(axes: Axes, rows: Sequence[Row], key: str) -> None:
    for colour, marker, population in zip(
        PALETTE, MARKERS, dict.fromkeys(row["population"] for row in rows), strict=False
    ):
        mine = [row for row in rows if row["population"] == population]
        axes.plot(
            [row["workers"] for row in mine], [row[key] for row in mine], color=colour,
            marker=marker, markersize=3.5, linewidth=1.6, label=f"{population:,} candidates",
        )  # fmt: skip
    axes.legend(fontsize=7, loc="best", handlelength=2, borderpad=0)


def _whole(value: float, _: object) -> str:
    """Plain text: the style knows no formulas."""
    return f"{value:,.0f}"
