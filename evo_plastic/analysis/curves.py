"""The figure of a training run: what was learned, and how the search distribution fared."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.ticker import FuncFormatter, LogLocator, MaxNLocator, NullFormatter
from numpy.typing import NDArray

from evo_plastic.analysis.figures import FAINT, PALETTE, drawing, label_line
from evo_plastic.analysis.rollout_marks import rollout_colours
from evo_plastic.errors import InputError
from evo_plastic.records.metrics import column

Rows = Sequence[Mapping[str, Any]]
Floats = NDArray[np.float64]

POINTS = 1000
"""Most points of a curve: more than a page has pixels for."""
STEP = {"sigma": "Step size σ", "gradient": "Length of the gradient"}
"""How far a search goes: of strategies, of gradient trainers."""
HEALTH = {
    "spread": "Mean √C of the search distribution",
    "velocity": "Velocity of a gene, root mean square",
    "population": "Candidates per generation",
    "entropy": "Entropy of the policy in bits",
}
"""What they tell of themselves besides, by its name in the metrics."""
_FEW = 25
_LOG_RANGE = 10.0


def training_curve(
    path: Path, metrics: Rows, validations: Rows, oracle: float | None, random: float | None
) -> None:
    """Reward of each rollout in the validations, and two figures of the search's health.

    metrics, validations : rows of ``metrics.jsonl`` and ``eval.jsonl``, in order; there may be
        no validation yet
    oracle, random : reward of a rollout by the shortest path, and of the random policy
    ``InputError`` if there are no metrics or a row lacks a number.
    """
    if not metrics:
        raise InputError(f"{path} cannot be drawn: expected metrics of at least one generation")
    metrics, validations = _thin(metrics), _thin(validations)
    with drawing(path, 10.5, 4.4) as figure:
        places = figure.subplot_mosaic([["reward", "first"], ["reward", "second"]],
                                       width_ratios=[1.75, 1])  # fmt: skip
        source = f"{path} cannot be drawn"
        _draw_rewards(places["reward"], validations, oracle, random, source)
        for place, known in (("first", STEP), ("second", HEALTH)):
            key = next((name for name in known if name in metrics[0]), next(iter(known)))
            _draw_health(places[place], metrics, key, known[key], source)
        places["first"].tick_params(labelbottom=False)
        last = max(metrics[-1]["generation"], *(row["generation"] for row in validations), 1)
        for name, axes in places.items():
            axes.set_xlim(-0.015 * last, 1.015 * last)
            axes.xaxis.set_major_locator(MaxNLocator(6 if name == "reward" else 4, integer=True))
            axes.xaxis.set_major_formatter(FuncFormatter(lambda x, _: f"{x:,.0f}"))
            if name != "first":
                axes.set_xlabel("generation")


def _draw_rewards(
    axes: Axes, rows: Rows, oracle: float | None, random: float | None, source: str
) -> None:
    axes.set_title("Validation reward by rollout (band: ± 1 standard error)")
    axes.set_ylabel("reward of the rollout")
    for level, text in ((oracle, "oracle"), (random, "random")):
        if level is not None:
            label_line(axes, level, text)
    if not rows:
        axes.text(
            0.5, 0.5, "no validation yet", transform=axes.transAxes, ha="center", color=FAINT
        )
        return
    generations = column(rows, "generation", source)
    first = rows[0].get("rollout_mean")
    rollouts = len(first) if isinstance(first, list) and first else 1
    mean, error = (column(rows, f"rollout_{key}", source, rollouts) for key in ("mean", "se"))
    ramp = rollout_colours(rollouts)
    for r in range(rollouts):
        axes.fill_between(generations, mean[:, r] - error[:, r], mean[:, r] + error[:, r],
                          color=ramp[r], alpha=0.22, linewidth=0)  # fmt: skip
        axes.plot(generations, mean[:, r], color=ramp[r], label=f"rollout {r + 1}",
                  linewidth=1.8, marker=_marker(rows), markersize=4)  # fmt: skip
    axes.legend(loc="center left", bbox_to_anchor=(1, 0.5), borderpad=0, reverse=True,
                handlelength=1.2, fontsize=9)  # fmt: skip


def _draw_health(axes: Axes, rows: Rows, key: str, title: str, source: str) -> None:
    values = column(rows, key, source)
    axes.set_title(title)
    axes.plot(column(rows, "generation", source), values, color=PALETTE[0], linewidth=1.4,
              marker=_marker(rows), markersize=4)  # fmt: skip
    positive = values[values > 0]
    if positive.size and positive.max() > _LOG_RANGE * positive.min():
        axes.set_yscale("log")
        axes.yaxis.set_major_locator(LogLocator(subs=(1, 2, 5)))
        axes.yaxis.set_major_formatter(FuncFormatter(lambda y, _: f"{y:g}"))
        axes.yaxis.set_minor_formatter(NullFormatter())
    else:
        axes.set_ylim(0, 1.15 * max(positive, default=1))


def _marker(rows: Rows) -> str | None:
    """Dots where there are so few rows that a line hides, or does not even show, them."""
    return "o" if len(rows) <= _FEW else None


def _thin(rows: Rows) -> Rows:
    """At most ``POINTS`` rows, evenly spread, the first and the last among them."""
    if len(rows) <= POINTS:
        return rows
    return [rows[i] for i in np.linspace(0, len(rows) - 1, POINTS).astype(int)]
