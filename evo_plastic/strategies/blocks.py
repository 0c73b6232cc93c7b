"""Sums over many candidates on all cores, with bits that do not depend on how many there are."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from os import cpu_count

import numpy as np

from evo_plastic.strategies.base import Vector

BLOCK = 16
"""Candidates that one thread adds up: so few that the cores end together."""
WORTH_THREADS = 1 << 21
"""Numbers to draw, below which threads wait for one another's Python more than they save."""


def add_up(add: Callable[[int, Vector], None], count: int, shape: tuple[int, int]) -> Vector:
    """Sum of what ``add`` adds to an array of ``shape`` (sums, size) for each of 0 … count - 1.

    Fixed blocks of candidates are added up one by one and then together, in order: a matrix
    product's bits depend on its threads.
    """

    def block(first: int) -> Vector:
        total = np.zeros(shape)
        for k in range(first, min(first + BLOCK, count)):
            add(k, total)
        return total

    starts = range(0, count, BLOCK)
    if count * shape[1] < WORTH_THREADS:
        return sum(map(block, starts), np.zeros(shape))
    with ThreadPoolExecutor(cpu_count()) as threads:
        return sum(threads.map(block, starts), np.zeros(shape))
