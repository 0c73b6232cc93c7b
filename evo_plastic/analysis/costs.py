"""What training takes, and the reward of a run at a cost.

A curve is the validation reward of the last rollout, straight between validations. It begins at
the reward of the random policy, near which networks without training are; that of a run which
began at a genome (``start``) is level up to its first validation.
"""

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np

from evo_plastic.analysis.groups import Run
from evo_plastic.analysis.learning import LearningCurve
from evo_plastic.analysis.statistics import Floats


class Cost(NamedTuple):
    """Something that training takes."""

    key: str
    """Of a ``LearningCurve`` and in files."""
    name: str
    short: str

    def of(self, curve: LearningCurve) -> Floats:
        spent: Floats = getattr(curve, self.key)
        return spent


STEPS = Cost("env_steps", "environment steps", "steps")
CLOCK = Cost("minutes", "minutes of wall clock", "minutes")
CPU = Cost("core_seconds", "core-seconds", "core-s")
EQUAL = (STEPS, CLOCK, CPU)
"""At which runs are held against each other. Core-seconds hang neither on the number of workers
nor on what else their machines had to do."""
COSTS = (
    *EQUAL,
    Cost("operations", "estimated floating-point operations", "operations"),
    Cost("generation", "generations or updates", "generations"),
)


def shortest(curves: Sequence[LearningCurve], cost: Cost) -> float:
    """What all runs have spent at their last validation."""
    return min(float(cost.of(curve)[-1]) for curve in curves)


def whole_curve(run: Run, cost: Cost, random: float) -> tuple[Floats, Floats]:
    """Costs and rewards, (points + 1,) each, from the beginning on."""
    last = run.curve.last
    first = random if run.experiment.start is None else last[0]
    return np.concatenate([[0], cost.of(run.curve)]), np.concatenate([[first], last])


def area(cost: Floats, reward: Floats, budget: float) -> float:
    """Mean height of a curve up to ``budget``, which it reaches."""
    if budget <= 0:
        return float(reward[0])
    inside = cost < budget
    x = np.append(cost[inside], budget)
    y = np.append(reward[inside], np.interp(budget, cost, reward))
    return float(np.trapezoid(y, x) / budget)


def spent_until(curve: LearningCurve, cost: Cost, threshold: float) -> float:
    """Cost of the first validation that is as good as ``threshold``; infinite if none is."""
    reached = np.flatnonzero(curve.last >= threshold)
    return float(cost.of(curve)[reached[0]]) if len(reached) else np.inf
