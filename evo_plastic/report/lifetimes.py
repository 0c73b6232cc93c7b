"""Lifetimes to replay: which mazes, and what happened at every step, rounded for the page."""

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from evo_plastic.analysis.replay import rollout_actions
from evo_plastic.analysis.trace import Trace, trace
from evo_plastic.functions import sigmoid
from evo_plastic.networks.oracle import OracleNetwork
from evo_plastic.networks.spec import NetworkSpec
from evo_plastic.tasks.maze import ACTIONS
from evo_plastic.tasks.oracle import shortest_paths
from evo_plastic.tasks.task_sets import TaskSet
from workers.jobs import Lived

Numbers = list[float | None]
"""One for each step of a lifetime; None is what is no number."""
Place = tuple[int, int]

DIGITS = 3
"""Significant ones of everything that is measured: what a chart can show."""


@dataclass(frozen=True)
class Lifetime:
    """One lifetime in one maze; T is the number of its steps, all rollouts together."""

    maze: int
    """Number in the task set, from 0 on."""
    shortest: int
    """Steps of the shortest path."""
    walls: NDArray[np.uint8]
    """(n, n), 1 for wall."""
    start: Place
    goal: Place
    actions: tuple[str, ...]
    """Of each rollout, one digit a step."""
    outcomes: tuple[int, ...]
    """Of each rollout, see ``tasks.fitness``."""
    decides: Numbers
    """(T,): probability of the move of the highest output; otherwise a move is sampled."""
    modulation: list[Numbers]
    """(plastic connections, T): m."""
    movement: list[Numbers]
    """(plastic connections, T): Euclidean length of the change of W in the step."""


def choose_mazes(task_set: TaskSet, count: int) -> NDArray[np.int64]:
    """Numbers of ``count`` mazes, or of all if there are fewer, from short to long.

    All are sorted by the length of their shortest path and cut into equal parts; the middle
    one of each part is chosen. How anybody fares in them has no part in it.
    """
    order = np.argsort(shortest_paths(task_set), kind="stable")
    parts = np.array_split(order, min(count, len(order)))
    return np.array([part[len(part) // 2] for part in parts], np.int64)


def read_lifetimes(
    spec: NetworkSpec,
    genome: NDArray[np.float64],
    task_set: TaskSet,
    which: NDArray[np.int64],
    keys: NDArray[np.uint64],
    lived: Lived,
) -> tuple[Lifetime, ...]:
    """The recorded lifetimes in the mazes numbered ``which``, one in each.

    keys : (len(which),), those that they were lived with
    """
    blank = OracleNetwork(spec, genome)
    lengths = shortest_paths(task_set.subset(which))
    found = []
    for life, (maze, key) in enumerate(zip(which.tolist(), keys.tolist(), strict=True)):
        steps, actions = lived.steps[life], lived.actions[life]
        # The numbers of a network that diverges are no numbers, which the page can show.
        with np.errstate(over="ignore", invalid="ignore"):
            traced = trace(spec, genome, task_set, maze, key, steps, actions)
            decides = sigmoid(2 * traced.outputs[:, ACTIONS])
            movement = _movement(traced, blank)
        found.append(
            Lifetime(
                maze=maze,
                shortest=int(lengths[life]),
                walls=task_set.walls[maze],
                start=_place(task_set.start[maze]),
                goal=_place(task_set.goal[maze]),
                actions=tuple(
                    "".join(map(str, taken.tolist())) for taken in rollout_actions(actions, steps)
                ),
                outcomes=tuple(lived.outcome[life].tolist()),
                decides=rounded(decides),
                modulation=[rounded(signal) for signal in traced.modulation.values()],
                movement=[rounded(length) for length in movement],
            )
        )
    return tuple(found)


def _movement(traced: Trace, blank: OracleNetwork) -> list[NDArray[np.float64]]:
    """|ΔW| of each plastic connection in each step, (T,); blank : before the first."""
    lengths = []
    for name, weights in traced.weights.items():
        before = np.concatenate([blank.weights(name)[None], weights[:-1]])
        lengths.append(np.sqrt(np.square(weights - before).sum(axis=(1, 2))))
    return lengths


def rounded(values: NDArray[np.float64]) -> Numbers:
    return [float(f"{v:.{DIGITS}g}") if math.isfinite(v) else None for v in values.tolist()]


def _place(position: NDArray[np.int16]) -> Place:
    x, y = position.tolist()
    return x, y
