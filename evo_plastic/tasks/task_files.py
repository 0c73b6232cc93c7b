"""Task-set files: array files (``evo_plastic.arrays``) of mazes that are checked before use.

    walls     (N, n, n) uint8    1 for wall
    start     (N, 2) int16       position (x, y)
    goal      (N, 2) int16       position (x, y)
    facts     name, generator, content_hash

The same task set always gives the same bytes.
"""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np

from evo_plastic.arrays import Arrays, load_arrays, save_arrays
from evo_plastic.errors import InputError
from evo_plastic.tasks.checks import check_mazes
from evo_plastic.tasks.maze_generator import GENERATOR
from evo_plastic.tasks.task_sets import TaskSet

SCHEMA = "evo_plastic/task-set/1"
LARGEST_FILE = 64 * 2**20
"""Bytes."""
LONGEST_NAME = 200

_DTYPES = {"walls": np.uint8, "start": np.int16, "goal": np.int16}


def save(task_set: TaskSet, path: Path) -> None:
    """Write the file whole or not at all; ``InputError`` naming it where that fails."""
    facts = {
        "name": task_set.name,
        "generator": GENERATOR,
        "content_hash": task_set.content_hash,
    }
    try:
        _check_name(task_set.name)
    except InputError as problem:
        raise InputError(f"{path} cannot be written: {problem}") from None
    save_arrays(path, task_set.canonical(), facts, SCHEMA)


def load(path: Path) -> TaskSet:
    """Read a file that ``save`` wrote; ``InputError`` naming it where anything is off."""
    arrays, facts = load_arrays(path, SCHEMA, LARGEST_FILE)
    try:
        _check_facts(facts)
        _check_arrays(arrays)
        task_set = TaskSet(facts["name"], **arrays)
        check_mazes(task_set)
        if task_set.content_hash != facts["content_hash"]:
            raise InputError("its mazes are not those that its content hash was made of")
    except InputError as problem:
        raise InputError(f"{path}: {problem}; expected a task-set file ({SCHEMA})") from None
    return task_set


def _check_facts(facts: Mapping[str, Any]) -> None:
    for key in ("name", "generator", "content_hash"):
        if not isinstance(facts.get(key), str):
            raise InputError(f"its facts have no text {key!r}")
    _check_name(facts["name"])


def _check_arrays(arrays: Arrays) -> None:
    if arrays.keys() != _DTYPES.keys():
        raise InputError(f"its arrays are not {', '.join(_DTYPES)}")
    for name, dtype in _DTYPES.items():
        if arrays[name].dtype != dtype:
            raise InputError(f"its array {name} is {arrays[name].dtype}, not {np.dtype(dtype)}")


def _check_name(name: str) -> None:
    if not name.isprintable() or not 0 < len(name) <= LONGEST_NAME:
        raise InputError(
            f"the name of a task set must be 1 to {LONGEST_NAME} printable characters"
        )
