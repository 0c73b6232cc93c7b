"""The figure of neuromodulation: how much every plastic connection learns at each step."""

from collections.abc import Mapping
from pathlib import Path

import numpy as np
from matplotlib.ticker import MaxNLocator
from numpy.typing import NDArray

from evo_plastic.analysis.figures import drawing
from evo_plastic.analysis.rollout_marks import explain_rollouts, mark_rollouts, plot_by_rollout

_PANEL_INCHES = 1.9


def modulation_figure(
    path: Path,
    modulation: Mapping[str, NDArray[np.float64]],
    ends: NDArray[np.int64],
    reached: NDArray[np.bool_],
) -> None:
    """Draw m of each connection, (T,), in a panel with an axis of its own.

    ends, reached : of each rollout, as in ``Trace``, (rollouts,)
    """
    with drawing(path, 7.2, _PANEL_INCHES * len(modulation) + 0.8) as figure:
        grid = figure.subplots(len(modulation), 1, sharex=True, squeeze=False)[:, 0]
        for axes, (name, signal) in zip(grid, modulation.items(), strict=True):
            number = np.arange(1.0, len(signal) + 1)
            plot_by_rollout(axes, number, signal, ends)
            mark_rollouts(axes, ends, reached)
            axes.set_ylim(bottom=0)
            axes.set_ylabel(f"modulation m, {name}")
        grid[-1].set_xlabel("step of the lifetime")
        grid[-1].xaxis.set_major_locator(MaxNLocator(8, integer=True))
        explain_rollouts(figure, reached)
