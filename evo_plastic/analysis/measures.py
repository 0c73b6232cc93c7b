"""What is measured of each run: rewards at the end and at equal cost, areas, thresholds, sets.

At equal cost means: at what the shortest of all runs had spent when it was validated last. An
area is the mean height of a learning curve (``costs``) up to there.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cached_property
from itertools import combinations
from typing import NamedTuple

import numpy as np

from evo_plastic.analysis.comparison import Scored
from evo_plastic.analysis.costs import (
    EQUAL,
    Cost,
    area,
    shortest,
    spent_until,
    whole_curve,
)
from evo_plastic.analysis.groups import Group, Run
from evo_plastic.analysis.statistics import Estimate, Floats, Improvement, estimate, improvement

_OF_SET = "tasks:"
ALL_SETS = "normalised"
_DECIDING = ("final", *(f"at_equal_{cost.key}" for cost in EQUAL), ALL_SETS)


class Levels(NamedTuple):
    """Rewards of a rollout on the validation mazes that runs are held against."""

    oracle: float
    random: float
    threshold: float


class SetScores(NamedTuple):
    """What every run's genome scored on one task set, and two policies that do not learn."""

    name: str
    scores: tuple[tuple[Scored, ...], ...]
    """Of each group its runs, in their order."""
    oracle: Scored
    random: Scored


@dataclass(frozen=True)
class Measure:
    key: str
    """In files."""
    title: str
    values: tuple[Floats, ...]
    """Of each group, (runs,) or (runs, task sets)."""
    falls: bool = False
    """Whether less is better."""

    @property
    def of_set(self) -> bool:
        """Whether it is about one task set."""
        return self.key.startswith(_OF_SET)

    @property
    def deciding(self) -> bool:
        """Whether words and the figure of improvements tell of it."""
        return self.of_set or self.key in _DECIDING

    @cached_property
    def estimates(self) -> tuple[Estimate, ...]:
        return tuple(map(estimate, self.values))

    @cached_property
    def improvements(self) -> dict[tuple[int, int], Improvement]:
        """Of the first over the second of each two groups."""
        better = [-values if self.falls else values for values in self.values]
        pairs = combinations(range(len(better)), 2)
        return {(i, j): improvement(better[i], better[j]) for i, j in pairs}


def measure(groups: Sequence[Group], levels: Levels, sets: Sequence[SetScores]) -> list[Measure]:
    """Diverged networks have a reward of minus infinity, thresholds not reached infinite cost."""
    measures = [
        _by_run("final", "reward at the end", groups, lambda run: run.curve.last[-1]),
        _by_run("best", "best reward", groups, lambda run: run.curve.last[run.curve.best]),
    ]
    for cost in EQUAL:
        measures += _within_budget(groups, cost, levels.random)
    measures += [_until(groups, cost, levels.threshold) for cost in EQUAL]
    return measures + _on_sets(sets)


def _within_budget(groups: Sequence[Group], cost: Cost, random: float) -> list[Measure]:
    budget = shortest([curve for group in groups for curve in group.curves], cost)

    def at_equal(run: Run) -> float:
        return float(np.interp(budget, *whole_curve(run, cost, random)))

    def mean_height(run: Run) -> float:
        return area(*whole_curve(run, cost, random), budget)

    return [
        _by_run(f"at_equal_{cost.key}", f"reward at equal {cost.short}", groups, at_equal),
        _by_run(f"area_{cost.key}", f"area over {cost.short}", groups, mean_height),
    ]


def _until(groups: Sequence[Group], cost: Cost, threshold: float) -> Measure:
    def spent(run: Run) -> float:
        return spent_until(run.curve, cost, threshold)

    title = f"{cost.short} to {threshold:.3f}"
    return _by_run(f"{cost.key}_to_threshold", title, groups, spent, falls=True)


def _by_run(
    key: str,
    title: str,
    groups: Sequence[Group],
    value: Callable[[Run], float],
    falls: bool = False,
) -> Measure:
    values = tuple(_bad_if_nan([value(run) for run in group.runs]) for group in groups)
    return Measure(key, title, values, falls)


def _bad_if_nan(values: Sequence[float]) -> Floats:
    numbers = np.array(values, np.float64)
    return np.where(np.isnan(numbers), -np.inf, numbers)


def _on_sets(sets: Sequence[SetScores]) -> list[Measure]:
    """Reward of the last rollout on each set; on all, from 0, random policy, to 1, oracle."""
    found, parts = list[Measure](), list[list[Floats]]()
    for one in sets:
        scores = [[run.table.mean[-1] for run in group] for group in one.scores]
        values = tuple(map(_bad_if_nan, scores))
        found.append(Measure(_OF_SET + one.name, one.name, values))
        low, high = one.random.table.mean[-1], one.oracle.table.mean[-1]
        parts.append([(reward - low) / (high - low) for reward in values])
    if len(sets) > 1:
        values = tuple(np.stack(columns, axis=1) for columns in zip(*parts, strict=True))
        found.append(Measure(ALL_SETS, "all sets, normalised", values))
    return found
