"""Task-set files: an ``.npz`` of three arrays and a JSON description, checked before use.

    walls     (N, n, n) uint8    1 for wall
    start     (N, 2) int16       position (x, y)
    goal      (N, 2) int16       position (x, y)
    metadata  () string          schema, name, generator, content_hash

The same task set always gives the same bytes. A file is not trusted: names and sizes are
checked in the archive's directory, types and shapes in the headers, and nothing is unpickled.
"""

import contextlib
import json
import math
import os
import re
import zipfile
import zlib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from evo_plastic.errors import InputError
from evo_plastic.tasks.maze_generator import GENERATOR, check_size
from evo_plastic.tasks.oracle import shortest_paths
from evo_plastic.tasks.task_sets import TaskSet

SCHEMA = "evo_plastic/task-set/1"
LARGEST_FILE = 64 * 2**20
"""Bytes of all members together, uncompressed."""
LONGEST_NAME = 200

_TYPES = {"walls": r"\|u1", "start": "<i2", "goal": "<i2", "metadata": r"<U[1-9]\d{0,3}"}
# Only what numpy writes before plain numbers and text: its own reader evaluates a header.
_HEADER = re.compile(
    rb"\x93NUMPY\x01\x00..\{'descr': '(\S+)', 'fortran_order': False, "
    rb"'shape': \(([\d, ]{0,40})\), \} *\n",
    re.DOTALL,
)


def save(task_set: TaskSet, path: Path) -> None:
    """Write the file whole or not at all; ``InputError`` naming it where that fails."""
    metadata = {
        "schema": SCHEMA,
        "name": task_set.name,
        "generator": GENERATOR,
        "content_hash": task_set.content_hash,
    }
    partial = path.with_name(f".{path.name}.{os.getpid()}.partial")
    try:
        _check_name(task_set.name)
        with partial.open("wb") as stream:
            text = np.array(json.dumps(metadata, sort_keys=True))
            np.savez(stream, allow_pickle=False, metadata=text, **task_set.canonical())
            stream.flush()
            os.fsync(stream.fileno())
        partial.replace(path)
    except (OSError, InputError) as problem:
        raise InputError(f"{path}: cannot be written: {problem}") from None
    finally:
        with contextlib.suppress(OSError):  # gone if all went well
            partial.unlink()


def load(path: Path) -> TaskSet:
    """Read a file that ``save`` wrote; ``InputError`` naming it where anything is off."""
    try:
        arrays = {name: _decode(name, data) for name, data in _members(path).items()}
        facts = _facts(str(arrays.pop("metadata")))
        task_set = TaskSet(facts["name"], **arrays)
        _check_mazes(task_set)
        if task_set.content_hash != facts["content_hash"]:
            raise InputError("its mazes are not those that its content hash was made of")
    except InputError as problem:
        raise InputError(f"{path}: {problem}; expected a task-set file ({SCHEMA})") from None
    return task_set


def _members(path: Path) -> dict[str, bytes]:
    """Contents of all members by name, their checksums verified."""
    try:
        with zipfile.ZipFile(path) as archive:
            infos = {info.filename.removesuffix(".npy"): info for info in archive.infolist()}
            if infos.keys() != _TYPES.keys() or len(archive.infolist()) != len(_TYPES):
                raise InputError(f"its members are not {', '.join(_TYPES)}")
            if sum(info.file_size for info in infos.values()) > LARGEST_FILE:
                raise InputError(f"its arrays take more than {LARGEST_FILE >> 20} MiB")
            if any(info.compress_type > zipfile.ZIP_DEFLATED for info in infos.values()):
                raise InputError("its members are packed by a method that numpy does not use")
            return {name: archive.read(info) for name, info in infos.items()}
    except OSError as problem:
        raise InputError(f"cannot be read: {problem.strerror or problem}") from None
    except (zipfile.BadZipFile, zlib.error, EOFError, ValueError, RuntimeError) as problem:
        # RuntimeError: encrypted, or of a zip version that this Python does not know.
        raise InputError(f"not an undamaged .npz archive: {problem}") from None


def _decode(name: str, data: bytes) -> NDArray[Any]:
    """Array of one member whose header promises the right type and the bytes there are."""
    header = _HEADER.match(data)
    if header is None or not re.fullmatch(_TYPES[name], header[1].decode("latin-1")):
        raise InputError(f"its array {name} is not of the type it should be")
    dtype = np.dtype(header[1].decode())
    shape = tuple(int(extent) for extent in re.findall(rb"\d+", header[2]))
    if header.end() + math.prod(shape) * dtype.itemsize != len(data):
        raise InputError(f"its array {name} is cut off or too long")
    return np.frombuffer(data, dtype, offset=header.end()).reshape(shape).copy()


def _facts(text: str) -> dict[str, str]:
    try:
        facts = json.loads(text)
    except (ValueError, RecursionError):
        raise InputError("its metadata is not JSON") from None
    if not isinstance(facts, dict) or facts.get("schema") != SCHEMA:
        raise InputError("its metadata is of another schema")
    for key in ("name", "generator", "content_hash"):
        if not isinstance(facts.get(key), str):
            raise InputError(f"its metadata has no text {key!r}")
    _check_name(facts["name"])
    return facts


def _check_name(name: str) -> None:
    if not name.isprintable() or not 0 < len(name) <= LONGEST_NAME:
        raise InputError(
            f"the name of a task set must be 1 to {LONGEST_NAME} printable characters"
        )


def _check_mazes(task_set: TaskSet) -> None:
    walls, positions = task_set.walls, (len(task_set.walls), 2)
    if walls.ndim != 3 or walls.shape[1] != walls.shape[2] or len(walls) == 0:
        raise InputError(f"its walls have shape {walls.shape}, not (N, n, n)")
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
