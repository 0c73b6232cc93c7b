"""The memory of a run's processes over time, and what was done to them."""

from pathlib import Path
from typing import Any

from matplotlib.axes import Axes

from evo_plastic.analysis.figures import FAINT, INK, PALETTE, drawing

WIDTH, HEIGHT = 6.5, 5.0
SUFFIXES = (".png", ".pdf")


def draw(record: dict[str, Any], stem: Path) -> None:
    """Write ``stem``.png and .pdf of what ``soak`` recorded."""
    for suffix in SUFFIXES:
        with drawing(stem.with_suffix(suffix), WIDTH, HEIGHT) as figure:
            above, middle, below = figure.subplots(
                3, 1, sharex=True, height_ratios=(3, 1.5, 1.7), squeeze=True
            )
            _memory(above, record["samples"])
            _progress(middle, record["samples"])
            _injuries(below, record["injured"])
            below.set_xlabel("minutes")


def _memory(axes: Axes, samples: list[dict[str, Any]]) -> None:
    times = [sample["seconds"] / 60 for sample in samples]
    driver = [float("nan") if s["driver"] is None else s["driver"] for s in samples]
    axes.plot(times, driver, color=PALETTE[0], linewidth=1.4, label="driver")
    dots = [(time, mb) for time, s in zip(times, samples, strict=True)
            for mb in s["workers"].values()]  # fmt: skip
    axes.plot(*zip(*dots, strict=True), ".", color=PALETTE[4], markersize=2.5, label="each worker")
    axes.set_ylim(bottom=0)
    axes.set_ylabel("memory (PSS), MB")
    axes.legend(loc="lower right", ncols=2)


def _progress(axes: Axes, samples: list[dict[str, Any]]) -> None:
    times = [sample["seconds"] / 60 for sample in samples]
    axes.plot(times, [sample["generation"] for sample in samples], color=INK, linewidth=1.2)
    axes.set_ylim(bottom=0)
    axes.set_ylabel("generation")


def _injuries(axes: Axes, injured: list[dict[str, Any]]) -> None:
    kinds = sorted({one["injury"] for one in injured}, reverse=True)
    for row, kind in enumerate(kinds):
        times = [one["seconds"] / 60 for one in injured if one["injury"] == kind]
        axes.plot(times, [row] * len(times), "|", color=FAINT, markersize=8, markeredgewidth=1.4)
    axes.set_yticks(range(len(kinds)), kinds, fontsize=8)
    axes.set_ylim(-0.6, len(kinds) - 0.4)
