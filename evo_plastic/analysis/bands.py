"""Learning curves of a group of runs as one: interquartile mean and interval at every cost."""

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np

from evo_plastic.analysis.costs import COSTS, Cost
from evo_plastic.analysis.groups import Group
from evo_plastic.analysis.learning import LearningCurve
from evo_plastic.analysis.statistics import LEAST_RUNS, Floats, estimate

POINTS = 60
"""Most points of a band."""


class Band(NamedTuple):
    """Interquartile mean and interval of a group, (points,) each."""

    cost: Floats
    iqm: Floats
    low: Floats
    high: Floats


def band(curves: Sequence[LearningCurve], cost: Cost) -> Band | None:
    """From where all runs have been validated to where the first of them ends.

    None with fewer than ``LEAST_RUNS`` runs.
    """
    if len(curves) < LEAST_RUNS:
        return None
    spent = [cost.of(curve) for curve in curves]
    first, last = max(x[0] for x in spent), min(x[-1] for x in spent)
    places = np.unique(np.concatenate(spent))
    places = places[(places >= first) & (places <= last)]
    if len(places) > POINTS:
        places = places[np.linspace(0, len(places) - 1, POINTS).astype(int)]
    pairs = zip(spent, curves, strict=True)
    rewards = np.array([np.interp(places, x, curve.last) for x, curve in pairs])
    found = [estimate(column) for column in np.nan_to_num(rewards, nan=-np.inf).T]
    columns = [[one.iqm, one.low, one.high] for one in found]
    return Band(places, *np.array(columns, np.float64).reshape(-1, 3).T)


Bands = Sequence[Sequence[Band | None]]
"""Of each cost, of each group."""


def bands(groups: Sequence[Group]) -> Bands:
    return [[band(group.curves, cost) for group in groups] for cost in COSTS]
