"""A comparison in plain words: what the intervals support, and no more."""

from collections.abc import Callable, Iterator, Sequence

import numpy as np

from evo_plastic.analysis.costs import EQUAL, STEPS, shortest
from evo_plastic.analysis.groups import Group, count
from evo_plastic.analysis.measures import ALL_SETS, Levels, Measure
from evo_plastic.analysis.statistics import (
    FULL_COVERAGE,
    LEAST_RUNS,
    Estimate,
    Improvement,
)

_UNEQUAL = 1.1


def reward(value: float) -> str:
    """With three decimals; a network that diverged has none."""
    return "diverged" if np.isneginf(value) else f"{value:.3f}"


def expense(value: float) -> str:
    """Of reaching the threshold."""
    return "not reached" if np.isposinf(value) else f"{value:.4g}"


def span(found: Estimate, number: Callable[[float], str] = reward) -> str:
    """The interquartile mean with its interval, or with the range of the runs."""
    if found.least == found.greatest:
        return number(found.iqm)
    if found.low is not None and found.high is not None:
        return f"{number(found.iqm)} [{number(found.low)}, {number(found.high)}]"
    return f"{number(found.iqm)} ({number(found.least)} to {number(found.greatest)})"


def chance(found: Improvement) -> str:
    if found.low is None:
        return f"{found.probability:.2f}"
    return f"{found.probability:.2f} [{found.low:.2f}, {found.high:.2f}]"


def describe(groups: Sequence[Group], measures: Sequence[Measure], levels: Levels) -> str:
    """One paragraph."""
    return " ".join(
        [
            _what(groups),
            *_descriptive(groups),
            *_by_group(groups, measures),
            *_pairs(groups, measures),
            _threshold(groups, measures, levels),
            *_cautions(groups, measures),
        ]
    )


def _what(groups: Sequence[Group]) -> str:
    first, *_ = curves = [curve for group in groups for curve in group.curves]
    budgets = [f"{shortest(curves, cost):.3g} {cost.name}" for cost in EQUAL]
    text = (
        f"Compared: {'; '.join(group.several for group in groups)}; trained on {first.task}. "
        f"Rewards are those of rollout {first.rollouts}, validated in {first.lifetimes} mazes; "
        f"equal cost means {', '.join(budgets[:-1])} or {budgets[-1]}, where the shortest run "
        "ended."
    )
    if _with_intervals(groups):
        text += (
            " Numbers are interquartile means over runs [95 % bootstrap interval], P is the "
            "probability that a run of the group named first is better than one of the other."
        )
    return text


def _with_intervals(groups: Sequence[Group]) -> bool:
    return any(len(group.runs) >= LEAST_RUNS for group in groups)


def _descriptive(groups: Sequence[Group]) -> Iterator[str]:
    few = [group for group in groups if len(group.runs) < LEAST_RUNS]
    if few:
        who = "all groups" if len(few) == len(groups) else "; ".join(g.label for g in few)
        yield (
            f"Descriptive only, for {who}: fewer than five runs have no interval, and nothing "
            f"follows from them for other seeds."
        )


def _by_group(groups: Sequence[Group], measures: Sequence[Measure]) -> Iterator[str]:
    names = {"final": "at the end", ALL_SETS: "over all task sets, random policy 0 and oracle 1,"}
    told = [one for one in measures if one.key in names]
    for place, group in enumerate(groups):
        parts = [f"{names[one.key]} {span(one.estimates[place])}" for one in told]
        yield f"{group.label}: {', '.join(parts)}."


def _pairs(groups: Sequence[Group], measures: Sequence[Measure]) -> Iterator[str]:
    told = [one for one in measures if one.deciding]
    for i, j in measures[0].improvements:
        if min(len(groups[i].runs), len(groups[j].runs)) < LEAST_RUNS:
            continue
        found = [(one.title, one.improvements[i, j]) for one in told]
        parts = [
            (f"{groups[i].label} is better than {groups[j].label}", _where(found, +1)),
            (f"{groups[j].label} is better than {groups[i].label}", _where(found, -1)),
            (f"Between {groups[i].label} and {groups[j].label} the runs do not decide",
             _where(found, 0)),
        ]  # fmt: skip
        yield " ".join(f"{text} in {where}." for text, where in parts if where)


def _where(found: Sequence[tuple[str, Improvement]], sign: int) -> str:
    """Measures that are decided for the first (+1) or the second (-1), or are not (0)."""
    chosen = [
        f"{title} (P {chance(p.reverse if sign < 0 else p)})"
        for title, p in found
        if (np.sign(p.probability - 0.5) if p.decided else 0) == sign
    ]
    return ", ".join(chosen)


def _threshold(groups: Sequence[Group], measures: Sequence[Measure], levels: Levels) -> str:
    steps = next(one for one in measures if one.key == f"{STEPS.key}_to_threshold")
    parts = list[str]()
    for group, values in zip(groups, steps.values, strict=True):
        reached = int(np.isfinite(values).sum())
        parts.append(f"{group.label} in {reached} of {count(len(values), 'run')}")
    return f"A reward of {levels.threshold:.3f} was reached by {'; '.join(parts)}."


def _cautions(groups: Sequence[Group], measures: Sequence[Measure]) -> Iterator[str]:
    curves = [curve for group in groups for curve in group.curves]
    ends = [float(curve.env_steps[-1]) for curve in curves]
    if max(ends) > _UNEQUAL * min(ends):
        yield (
            f"Runs ended after {min(ends):.3g} to {max(ends):.3g} environment steps: what they "
            f"reached at the end they did not reach at equal cost."
        )
    for cost in EQUAL:
        if any(cost.of(curve)[0] > shortest(curves, cost) for curve in curves):
            yield (
                f"At equal {cost.short} some runs had not been validated yet: their reward there "
                f"is read between the random policy's and that of their first validation."
            )
    sizes = [len(group.runs) for group in groups if len(group.runs) >= LEAST_RUNS]
    if any(size < FULL_COVERAGE for size in sizes):
        yield "Of fewer than ten runs, 95 % intervals hold the truth in some 76 to 90 % of cases."
    told = [p for one in measures if one.deciding for p in one.improvements.values()]
    if any(p.low is not None and p.low == p.high and p.probability in (0, 1) for p in told):
        yield "A probability without width: every run of one group beat every run of the other."
    if len(groups) > 1:
        yield "Minutes are those of the machines that trained."
    if len(sizes) > 2:
        yield "Intervals are not adjusted for the number of pairs."
