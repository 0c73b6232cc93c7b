"""The figure of embedded trajectories: weights and activity of a lifetime in a plane.

One row per trajectory, one column per method, as in Fig. 7 of Wang et al. (TMLR 2022).
"""

from collections.abc import Mapping
from pathlib import Path

import numpy as np
from matplotlib.axes import Axes
from matplotlib.lines import Line2D
from numpy.typing import NDArray

from evo_plastic.analysis.embedding import Embedding
from evo_plastic.analysis.figures import INK, drawing
from evo_plastic.analysis.rollout_marks import (
    explain_rollouts,
    goal,
    plot_by_rollout,
    rollout_colours,
)

_PANEL_INCHES = 3.4
Floats = NDArray[np.float64]


def embedding_figure(
    path: Path,
    embeddings: Mapping[str, Embedding],
    ends: NDArray[np.int64],
    reached: NDArray[np.bool_],
) -> None:
    """Draw the embeddings of trajectories of one lifetime, by what they are of.

    ends, reached : of each rollout, as in ``Trace``, (rollouts,)
    """
    with drawing(path, 2 * _PANEL_INCHES + 0.4, 0.9 * _PANEL_INCHES * len(embeddings) + 0.7) as f:
        grid = f.subplots(len(embeddings), 2, squeeze=False)
        for (name, one), (left, right) in zip(embeddings.items(), grid, strict=True):
            _draw(left, one.pca, ends, reached)
            left.set_title(f"{name}, PCA")
            shares = [f"{100 * share:.1f} % of the variance" for share in one.explained]
            left.set_xlabel(f"component 1 ({shares[0]})")
            left.set_ylabel(f"component 2 ({shares[1]})")
            _draw(right, one.tsne, ends, reached)
            right.set_title(f"{name}, t-SNE")
            right.set(xlabel="t-SNE 1 (no unit)", ylabel="t-SNE 2 (no unit)")
        explain_rollouts(f, reached, _start(np.nan, np.nan))


def _draw(axes: Axes, points: Floats, ends: NDArray[np.int64], reached: NDArray[np.bool_]) -> None:
    x, y = points.T
    plot_by_rollout(axes, x, y, ends, width=0.6, alpha=0.6)
    colours = np.repeat(rollout_colours(len(ends)), np.diff(ends, prepend=-1), axis=0)
    axes.scatter(x, y, s=9, color=colours, linewidths=0, zorder=2)
    axes.add_line(_start(x[0], y[0]))
    for end in ends[reached]:
        axes.add_line(goal(x[end], y[end]))
    axes.grid(True, axis="both")
    axes.margins(0.08)


def _start(x: float, y: float) -> Line2D:
    return Line2D([x], [y], marker="o", markersize=7, markerfacecolor="#FFFFFF",
                  markeredgecolor=INK, linestyle="", zorder=3, label="first step")  # fmt: skip
