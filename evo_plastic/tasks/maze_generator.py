"""Random mazes of MetaGym's law (metamaze, 2022), each a pure function of its key.

An n × n grid, n odd, has a wall all round and a *room* wherever both coordinates are odd. The
start is a uniform room; the goal a uniform room further than 0.45 n from it. Then, each time
uniformly among the interior walls that qualify,

    1. open a wall that touches two components, until all rooms are connected;
    2. open a wall beside a free cell, while more than density · (n - 2)² interior walls stand.

MetaGym shuffles all walls and takes the first that qualifies; drawing walls until one does has
the same law.
"""

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from evo_plastic.errors import InputError
from evo_plastic.jit import jit
from evo_plastic.seeding import GOLDEN, mix64_compiled

GENERATOR = "maze/1"
"""Changes whenever a key would give another maze."""

SMALLEST = 7
_HALF = np.uint64(32)


def check_size(size: int) -> None:
    """Raise ``InputError`` unless mazes of ``size`` cells a side exist."""
    if size < SMALLEST or size % 2 == 0:
        raise InputError(
            f"the size of a maze must be an odd number from {SMALLEST} on, got {size}"
        )


@dataclass(frozen=True)
class MazeDistribution:
    """Mazes of ``size`` × ``size`` cells, at most ``density`` of the interior cells wall.

    Raises ``InputError`` for a size that is even or below 7 and a density outside [0, 1].
    """

    name: str
    size: int
    density: float

    def __post_init__(self) -> None:
        check_size(self.size)
        if not 0 <= self.density <= 1:
            raise InputError(f"the density of a maze must be in [0, 1], got {self.density}")


@jit
def _below(stream: Any, bound: int) -> int:
    """Draw an integer in [0, bound) and advance ``stream``, shape (1,), to the next draw.

    The upper 32 bits, scaled: no integer's probability is off by more than 2⁻³².
    """
    word = mix64_compiled(stream[0])
    stream[0] += GOLDEN
    return int(np.int64(((word >> _HALF) * np.uint64(bound)) >> _HALF))


@jit
def _room(stream: Any, size: int) -> tuple[int, int]:
    rooms = (size - 1) // 2
    return 1 + 2 * _below(stream, rooms), 1 + 2 * _below(stream, rooms)


@jit
def _goal(stream: Any, start: tuple[int, int], size: int) -> tuple[int, int]:
    """Keep the last of up to (n-1)/2 rooms, each the first far one of up to (n-1)/2 draws.

    MetaGym's fallback, should no draw be far enough, is the last room; where that is the
    start itself (under 1e-7 of all mazes), the first room.
    """
    tries = (size - 1) // 2
    goal = (size - 2, size - 2) if start != (size - 2, size - 2) else (1, 1)
    for _ in range(tries):
        for _ in range(tries):
            room = _room(stream, size)
            distance2 = (room[0] - start[0]) ** 2 + (room[1] - start[1]) ** 2
            if 400 * distance2 > 81 * size**2:  # distance > 0.45 size, in integers
                goal = room
                break
    return goal


@jit
def _root(parent: Any, cell: int) -> int:
    while parent[cell] != cell:
        parent[cell] = parent[parent[cell]]
        cell = parent[cell]
    return cell


@jit
def _joins(walls: Any, parent: Any, cell: int, size: int) -> bool:
    """Whether the free neighbours of ``cell`` belong to two components."""
    first = -1
    for step in (-size, size, -1, 1):
        if walls[cell + step] == 0:
            root = _root(parent, cell + step)
            if first not in (-1, root):
                return True
            first = root
    return False


@jit
def _merge(walls: Any, parent: Any, cell: int, size: int) -> None:
    """Make ``cell`` the root of all components around it."""
    for step in (-size, size, -1, 1):
        if walls[cell + step] == 0:
            parent[_root(parent, cell + step)] = cell


@jit
def _beside_free(walls: Any, cell: int, size: int) -> bool:
    around = walls[cell - size] & walls[cell + size] & walls[cell - 1] & walls[cell + 1]
    return bool(around == 0)


@jit
def _blank(walls: Any, standing: Any, size: int) -> int:
    """Free the rooms of ``walls``, flat; list the interior walls and return how many stand."""
    walls[:] = 1
    count = 0
    for x in range(1, size - 1):
        for y in range(1, size - 1):
            if x % 2 == 1 and y % 2 == 1:
                walls[x * size + y] = 0
            else:
                standing[count] = x * size + y
                count += 1
    return count


@jit
def _carve(stream: Any, walls: Any, parent: Any, standing: Any, size: int, density: float) -> None:
    count = _blank(walls, standing, size)
    for cell in range(size * size):
        parent[cell] = cell
    components = ((size - 1) // 2) ** 2
    while components > 1 or count > density * (size - 2) ** 2:
        place = _below(stream, count)
        cell = standing[place]
        if components > 1:
            if not _joins(walls, parent, cell, size):
                continue
            _merge(walls, parent, cell, size)
            components -= 1
        elif not _beside_free(walls, cell, size):
            continue
        walls[cell] = 0
        count -= 1
        standing[place] = standing[count]


@jit
def _fill(keys: Any, density: float, walls: Any, start: Any, goal: Any) -> None:
    size = walls.shape[1]
    parent = np.empty(size * size, np.int32)
    standing = np.empty(size * size, np.int32)
    stream = np.empty(1, np.uint64)
    for i in range(len(keys)):
        stream[0] = keys[i]
        room = _room(stream, size)
        start[i] = room
        goal[i] = _goal(stream, room, size)
        _carve(stream, walls[i].reshape(size * size), parent, standing, size, density)


def generate(
    distribution: MazeDistribution, keys: NDArray[np.uint64]
) -> tuple[NDArray[np.uint8], NDArray[np.int16], NDArray[np.int16]]:
    """Generate one maze per key, shape (N,).

    Returns walls (N, n, n), 1 for wall, and the positions (x, y) of start (N, 2) and goal (N, 2).
    """
    count, size = len(keys), distribution.size
    walls = np.empty((count, size, size), np.uint8)
    start, goal = np.empty((count, 2), np.int16), np.empty((count, 2), np.int16)
    _fill(np.ascontiguousarray(keys, np.uint64), distribution.density, walls, start, goal)
    return walls, start, goal
