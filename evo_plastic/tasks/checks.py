"""What must hold of every maze, whoever drew it."""

from collections.abc import Iterator

import numpy as np
from numpy.typing import NDArray

from evo_plastic.errors import InputError
from evo_plastic.tasks.maze_generator import check_size
from evo_plastic.tasks.oracle import shortest_paths
from evo_plastic.tasks.task_sets import TaskSet


def check_mazes(task_set: TaskSet) -> None:
    """``InputError`` naming the first maze with a fault; arrays may have any shape."""
    walls = task_set.walls
    if walls.ndim != 3 or walls.shape[1] != walls.shape[2] or len(walls) == 0:
        raise InputError(f"its walls have shape {walls.shape}, not (N, n, n)")
    positions = (len(walls), 2)
    if task_set.start.shape != positions or task_set.goal.shape != positions:
        raise InputError(f"its start or goal is not of shape {positions}")
    check_size(task_set.size)
    for fault, mazes in _faults(task_set):
        if mazes.any():
            raise InputError(f"maze {mazes.argmax()} has {fault}")


def _faults(task_set: TaskSet) -> Iterator[tuple[str, NDArray[np.bool_]]]:
    """Name each fault and mark the mazes that have it; each relies on those before."""
    walls, last = task_set.walls, task_set.size - 1
    yield "cells that are neither 0 nor 1", np.any(walls > 1, axis=(1, 2))
    edge = np.ones(walls.shape[1:], bool)
    edge[1:last, 1:last] = False
    yield "a hole in its border", np.any(walls[:, edge] == 0, axis=1)
    for name, position in (("start", task_set.start), ("goal", task_set.goal)):
        x, y = position.T
        yield f"its {name} outside", (x < 1) | (y < 1) | (x >= last) | (y >= last)
        yield f"its {name} in a wall", walls[np.arange(len(walls)), x, y] == 1
    yield "its goal on its start", np.all(task_set.start == task_set.goal, axis=1)
    yield "its goal out of reach", shortest_paths(task_set) < 0
