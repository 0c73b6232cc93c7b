"""Pictures of one lifetime, rollout by rollout, for readers whose browser runs no scripts."""

from itertools import pairwise

import numpy as np

from evo_plastic.analysis.replay import replay
from evo_plastic.report.data import TaskResults
from evo_plastic.report.lifetimes import Lifetime, Place
from evo_plastic.report.markup import Markup, join, minus, tag
from evo_plastic.tasks.fitness import DIVERGED, REACHED, rollout_rewards


def still_pictures(result: TaskResults, life: Lifetime) -> Markup:
    """A maze per rollout with the way through it, darker towards its end."""
    rollouts = range(len(life.actions))
    about = (
        f"{result.name}, maze {life.maze}, shortest path {life.shortest} steps. In a browser that "
        f"runs scripts this one and others can be replayed here, step by step."
    )
    figures = [_rollout(life, r) for r in rollouts]
    return tag("div", tag("p", about), tag("div", *figures, class_="stills"), id="still")


def _rollout(life: Lifetime, rollout: int) -> Markup:
    actions, outcome = life.actions[rollout], life.outcomes[rollout]
    size, steps = len(life.walls), len(actions)
    way = replay(life.walls, np.array(life.start), np.array(list(actions), np.uint8), steps)
    caption = f"rollout {rollout + 1}: {told_outcome(steps, outcome)}"
    drawn = tag(
        "svg",
        tag("rect", width=size, height=size, class_="floor"),
        _walls(life),
        _mark(life.start, "start"),
        _mark(life.goal, "goal"),
        _way([(x, y) for x, y in way.tolist()]),
        viewBox=f"0 0 {size} {size}",
        class_="maze",
        role="img",
        aria_label=caption,
    )
    return tag("figure", drawn, tag("figcaption", caption))


def told_outcome(steps: int, outcome: int) -> str:
    """What became of a rollout, in words."""
    if outcome == DIVERGED:
        return f"reward none, {steps} steps, diverged"
    reward = minus(f"{rollout_rewards(np.array(steps), np.array(outcome)):.2f}")
    taken = f"{steps} step" if steps == 1 else f"{steps} steps"
    return f"reward {reward}, {taken}" + ("" if outcome == REACHED else ", goal not reached")


def _walls(life: Lifetime) -> Markup:
    # Rows of a maze are its first axis: x runs downwards, y to the right.
    cells = [f"M{y},{x}h1v1h-1z" for x, y in np.argwhere(life.walls).tolist()]
    return tag("path", d="".join(cells), class_="walls")


def _mark(place: Place, name: str) -> Markup:
    x, y = place
    if name == "start":
        return tag("circle", cx=y + 0.5, cy=x + 0.5, r=0.28, class_=name)
    return tag("path", d=f"M{y + 0.5},{x + 0.05}l.45,.45l-.45,.45l-.45,-.45z", class_=name)


def _way(places: list[Place]) -> Markup:
    lines, last = [], max(1, len(places) - 1)
    for step, ((x, y), (to_x, to_y)) in enumerate(pairwise(places), start=1):
        lines.append(
            tag(
                "line", x1=y + 0.5, y1=x + 0.5, x2=to_y + 0.5, y2=to_x + 0.5, class_="way",
                opacity=round(0.2 + 0.8 * step / last, 2),
            )
        )  # fmt: skip
    return join(lines)
