"""Where an agent went, from the actions on record."""

import numpy as np
from numpy.typing import NDArray

from evo_plastic.tasks.maze import MAX_STEPS, MOVES


def rollout_actions(
    actions: NDArray[np.integer], steps: NDArray[np.integer]
) -> list[NDArray[np.integer]]:
    """The actions of each rollout of one lifetime, (steps of the rollout,).

    actions : (rollouts · MAX_STEPS,), as ``record`` keeps them      steps : (rollouts,)
    """
    return [actions[r * MAX_STEPS :][:taken] for r, taken in enumerate(steps.tolist())]


def replay(
    walls: NDArray[np.uint8],
    start: NDArray[np.integer],
    actions: NDArray[np.integer],
    steps: int,
) -> NDArray[np.int16]:
    """Positions (x, y) of one rollout, shape (steps + 1, 2), the start first.

    walls : (n, n)      start : (2,)      actions : (≥ steps,)
    A move into a wall repeats the position.
    """
    positions = np.empty((steps + 1, 2), np.int16)
    positions[0] = x, y = int(start[0]), int(start[1])
    for step, action in enumerate(actions[:steps].tolist()):
        dx, dy = MOVES[action]
        if not walls[x + dx, y + dy]:
            x, y = x + dx, y + dy
        positions[step + 1] = x, y
    return positions
