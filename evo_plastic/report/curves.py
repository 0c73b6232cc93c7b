"""How a run learned: reward of its validations, fitness of its candidates, by generation.

Both charts have one scale of rewards. The fitness is a weighted mean of the rewards of a
lifetime's rollouts, so the two policies that do not learn have the same level in both.
"""

from collections.abc import Sequence

import numpy as np

from evo_plastic.records import metrics
from evo_plastic.report.data import RunFacts
from evo_plastic.report.markup import Markup, join, tag
from evo_plastic.report.plot import Axes, Floats, picture, span

POINTS = 400
"""Most points of a line: about as many as the chart has pixels for."""
_SOURCE = "metrics.jsonl"


def rollout_colour(rollout: int, rollouts: int) -> str:
    """CSS colour of a rollout: rollouts have an order, so it is a place on a ramp."""
    share = 100 * rollout / (rollouts - 1) if rollouts > 1 else 100
    return f"color-mix(in oklch, var(--late) {share:.0f}%, var(--early))"


def learning_charts(run: RunFacts) -> Markup:
    curve, rows = run.curve, [run.metrics[i] for i in _spread(len(run.metrics))]
    kept = _spread(len(curve.generation))
    generation, mean, error = curve.generation[kept], curve.mean[kept], curve.error[kept]
    lines = {key: metrics.column(rows, key, _SOURCE) for key in ("fitness_mean", "fitness_best")}
    trained = metrics.column(rows, "generation", _SOURCE)
    levels = np.array([run.oracle, run.random])
    last = max(1.0, generation[-1], *trained)
    axes = Axes((0, last), span([mean - error, mean + error, levels, *lines.values()]))
    validated = [_validated(axes, generation, mean, error), _levels(axes, run)]
    fitness = [
        axes.line(trained, lines["fitness_best"], "var(--faint)"),
        axes.line(trained, lines["fitness_mean"], "var(--accent)"),
        _levels(axes, run),
    ]
    rollouts = mean.shape[1]
    named = [(f"rollout {r + 1}", rollout_colour(r, rollouts)) for r in range(rollouts)]
    return tag(
        "div",
        _figure("Validation reward by rollout", axes, "reward of the rollout", validated, named),
        _figure(
            "Training fitness of a generation", axes, "fitness", fitness,
            [("mean", "var(--accent)"), ("best", "var(--faint)")],
        ),
        class_="charts",
    )  # fmt: skip


def _validated(axes: Axes, generation: Floats, mean: Floats, error: Floats) -> Markup:
    parts = []
    for r in range(mean.shape[1]):
        colour = rollout_colour(r, mean.shape[1])
        finite = np.isfinite(mean[:, r] + error[:, r])
        x, y, half = generation[finite], mean[finite, r], error[finite, r]
        if len(x):
            parts.append(axes.band(x, y - half, y + half, colour))
        parts.append(axes.line(generation, mean[:, r], colour))
    return join(parts)


def _levels(axes: Axes, run: RunFacts) -> Markup:
    return join([axes.level(run.oracle, "oracle"), axes.level(run.random, "random")])


def _figure(
    title: str, axes: Axes, y_label: str, parts: list[Markup], named: list[tuple[str, str]]
) -> Markup:
    items = [
        tag("li", tag("span", class_="swatch", style=f"background: {colour}"), name)
        for name, colour in named
    ]
    return tag(
        "figure",
        tag("figcaption", tag("b", title), tag("ul", *items, class_="legend")),
        picture(title, axes.frame("generation", y_label), *parts),
    )


def _spread(count: int) -> Sequence[int]:
    """At most ``POINTS`` of ``count`` places, evenly spread, first and last among them."""
    if count <= POINTS:
        return range(count)
    return [int(place) for place in np.linspace(0, count - 1, POINTS)]
