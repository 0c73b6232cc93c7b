"""Other people's mazes: plain arrays without facts, and drawings.

An ``.npz`` of numpy's with the arrays

    walls     (N, n, n)    bool or integer, 1 for wall
    start     (N, 2)       integer, position (x, y): first and second index of walls
    goal      (N, 2)       integer

or several such sets whose names have a prefix: ``FILE.npz:valid9`` is the one of
``valid9_walls``, ``valid9_start`` and ``valid9_goal``. In a text file mazes are drawn one after
the other with blank lines between them, ``#`` for wall, space, ``S`` and ``G``; a line is one x.
"""

from itertools import groupby
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from evo_plastic.arrays import FACTS, load_plain, member_names
from evo_plastic.errors import InputError
from evo_plastic.files import read_whole
from evo_plastic.tasks.checks import check_mazes
from evo_plastic.tasks.task_sets import TaskSet

LIMIT_BYTES = 64 * 2**20
TEXT_LIMIT_BYTES = 2 * 2**20
"""A cell of a drawing takes much more memory than its character in the file."""
_PARTS = ("walls", "start", "goal")
_LETTERS = "# SG"


def is_foreign(path: Path) -> bool:
    """Whether an ``.npz`` lacks the facts that our own files have."""
    names = member_names(path, LIMIT_BYTES)
    return bool(names) and FACTS not in names


def load_plain_set(path: Path, prefix: str) -> TaskSet:
    """The mazes of three arrays; ``InputError`` naming the file and what is wrong."""
    names = [f"{prefix}_{part}" if prefix else part for part in _PARTS]
    there = member_names(path, LIMIT_BYTES)
    if there and not set(names) <= set(there):
        sets = sorted(n.removesuffix("_walls") for n in there if n.endswith("_walls"))
        choices = " or ".join(f"{path}:{one}" for one in sets)
        hint = f"; choose one, as {choices}" if sets else ""
        raise InputError(f"{path}: expected the arrays {', '.join(names)}{hint}")
    arrays = load_plain(path, names, LIMIT_BYTES)
    try:
        walls = _integers(names[0], arrays[names[0]], np.dtype(np.uint8))
        start, goal = (_integers(n, arrays[n], np.dtype(np.int16)) for n in names[1:])
        task_set = TaskSet(f"{path.name}:{prefix}" if prefix else path.name, walls, start, goal)
        check_mazes(task_set)
    except InputError as problem:
        raise InputError(f"{path}: {problem}") from None
    return task_set


def load_text(path: Path) -> TaskSet:
    """Mazes that were drawn; ``InputError`` naming the file, and the line where it can."""
    try:
        lines = read_whole(path, TEXT_LIMIT_BYTES).decode("utf-8").splitlines()
    except UnicodeDecodeError as error:
        raise InputError(f"{path} is no text file: {error}") from error
    numbered = ((number, line.rstrip()) for number, line in enumerate(lines, start=1))
    groups = [list(g) for drawn, g in groupby(numbered, lambda one: bool(one[1])) if drawn]
    if not groups:
        raise InputError(f"{path} holds no maze: expected lines of #, space, S and G")
    try:
        cells = np.array([_cells(group, len(groups[0])) for group in groups])
        start, goal = (np.argwhere(cells == mark)[:, 1:].astype(np.int16) for mark in "SG")
        task_set = TaskSet(path.name, (cells == "#").astype(np.uint8), start, goal)
        check_mazes(task_set)
    except InputError as problem:
        raise InputError(f"{path}: {problem}") from None
    return task_set


def _integers(name: str, array: NDArray[Any], dtype: np.dtype[Any]) -> NDArray[Any]:
    if array.dtype.kind not in "biu":
        raise InputError(f"its array {name} is {array.dtype}, expected bool or integers")
    cast = array.astype(dtype)
    if not np.array_equal(cast, array):
        raise InputError(f"its array {name} has numbers that no maze has")
    return np.ascontiguousarray(cast)


def _cells(group: list[tuple[int, str]], size: int) -> list[list[str]]:
    first = group[0][0]
    if len(group) != size:
        raise InputError(
            f"line {first}: a maze of {len(group)} lines, expected {size} like the first one"
        )
    for number, line in group:
        strange = sorted(set(line) - set(_LETTERS))
        if strange:
            raise InputError(f"line {number}: {strange[0]!r}, expected #, space, S or G")
        if len(line) != size:
            raise InputError(
                f"line {number}: {len(line)} cells, expected {size}: mazes are square"
            )
    drawing = "".join(line for _, line in group)
    for letter, name in (("S", "start"), ("G", "goal")):
        if drawing.count(letter) != 1:
            raise InputError(
                f"line {first}: a maze with {drawing.count(letter)} {letter}, expected one {name}"
            )
    return [list(line) for _, line in group]
