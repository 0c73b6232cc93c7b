"""What candidates of a generation are put through."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from evo_plastic.tasks.task_sets import TaskSet


@dataclass(frozen=True)
class Trial:
    """Lifetimes of some candidates in the same mazes.

    members: numbers of the candidates, (members,)      weights: of the rollouts, (rollouts,)
    """

    members: NDArray[np.int64]
    task_set: TaskSet
    repeats: int
    weights: NDArray[np.float64]
    common_noise: bool
    """Every candidate meets the same action noise (common random numbers)."""
    first: int = 0
    """Number of the first maze within its generation: no two share their noise."""
