"""Task sets: frozen samples of mazes that everyone can name, hash and share."""

import hashlib
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any

import numpy as np
from numpy.typing import NDArray

from evo_plastic.tasks.maze import FREE, GOAL, WALL
from evo_plastic.tasks.maze_generator import MazeDistribution, generate


@dataclass(frozen=True, eq=False)
class TaskSet:
    """N mazes of n × n cells; nobody writes into the arrays."""

    name: str
    walls: NDArray[np.uint8]
    """(N, n, n), 1 for wall."""
    start: NDArray[np.int16]
    """(N, 2), the position (x, y), first axis first."""
    goal: NDArray[np.int16]
    """(N, 2), likewise."""

    def __len__(self) -> int:
        return len(self.walls)

    @property
    def size(self) -> int:
        return int(self.walls.shape[1])

    def canonical(self) -> dict[str, NDArray[Any]]:
        """The arrays by name in the one form that is hashed and saved: C order, little-endian."""
        arrays = {
            "walls": (self.walls, "|u1"),
            "start": (self.start, "<i2"),
            "goal": (self.goal, "<i2"),
        }
        return {
            name: np.ascontiguousarray(a, np.dtype(code)) for name, (a, code) in arrays.items()
        }

    @cached_property
    def content_hash(self) -> str:
        """SHA-256, hexadecimal, of the shapes and contents; the name has no part in it."""
        digest = hashlib.sha256()
        for name, array in self.canonical().items():
            digest.update(f"{name} {array.dtype.str} {array.shape}\n".encode() + array.tobytes())
        return digest.hexdigest()

    @property
    def flat_start(self) -> NDArray[np.int32]:
        """Number x n + y of the start's cell, shape (N,)."""
        return self._flat(self.start)

    @property
    def flat_goal(self) -> NDArray[np.int32]:
        """Number x n + y of the goal's cell, shape (N,)."""
        return self._flat(self.goal)

    @cached_property
    def cells(self) -> NDArray[np.int8]:
        """What a window shows of each cell (``maze.OBSERVATION``), shape (N, n n)."""
        cells = np.where(self.walls, np.int8(WALL), np.int8(FREE)).reshape(len(self), -1)
        cells[np.arange(len(self)), self.flat_goal] = GOAL
        return cells

    @cached_property
    def free(self) -> NDArray[np.int64]:
        """Cells of each maze that are no wall, shape (N,)."""
        return np.asarray((self.walls == 0).sum(axis=(1, 2), dtype=np.int64))

    def subset(self, which: slice | NDArray[np.integer]) -> "TaskSet":
        """Some of the mazes under the same name, in the order given."""
        return replace(
            self,
            walls=np.ascontiguousarray(self.walls[which]),
            start=np.ascontiguousarray(self.start[which]),
            goal=np.ascontiguousarray(self.goal[which]),
        )

    def _flat(self, position: NDArray[np.int16]) -> NDArray[np.int32]:
        wide = position.astype(np.int32)
        return wide[:, 0] * np.int32(self.size) + wide[:, 1]


def sample(distribution: MazeDistribution, keys: NDArray[np.uint64]) -> TaskSet:
    """Draw one maze per key, shape (N,); maze i depends on ``keys[i]`` alone."""
    return TaskSet(distribution.name, *generate(distribution, keys))
