"""Where an agent went, from the actions on record."""

import numpy as np
from numpy.typing import NDArray

from evo_plastic.tasks.maze import MOVES


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
