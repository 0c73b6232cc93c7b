"""Names of tasks, and of the task sets everybody shares.

A named set is ``distribution/split``, e.g. ``maze9/test``: its keys hang on nothing but this
name, so it is the same everywhere and for ever. The test split is for reporting only.
"""

import difflib
from collections.abc import Iterable
from dataclasses import replace
from pathlib import Path

import numpy as np

from evo_plastic.errors import InputError
from evo_plastic.seeding import STREAM_SETS, STREAM_TASKS, fold
from evo_plastic.tasks.foreign import is_foreign, load_plain_set, load_text
from evo_plastic.tasks.maze_generator import MazeDistribution
from evo_plastic.tasks.task_files import load
from evo_plastic.tasks.task_sets import TaskSet, sample

# Places in the two tables are part of the keys of every named set: append only.
DISTRIBUTIONS = {
    distribution.name: distribution
    for distribution in (
        MazeDistribution("maze9", 9, 0.30),
        MazeDistribution("maze15", 15, 0.35),
        MazeDistribution("maze21", 21, 0.35),
        MazeDistribution("maze15-crowded", 15, 0.45),
        MazeDistribution("maze15-spacious", 15, 0.15),
    )
}
"""The tasks of Wang et al. (TMLR 2022), by name."""

SPLITS = {"validate": 1024, "test": 2048}
"""Mazes in each split of a distribution."""

SET_NAMES = tuple(f"{name}/{split}" for name in DISTRIBUTIONS for split in SPLITS)

_SETS_SEED = 2022


def get(name: str) -> MazeDistribution:
    """Look up a distribution; raises ``InputError`` for a name that there is not."""
    if name not in DISTRIBUTIONS:
        raise InputError(_unknown("task", name, DISTRIBUTIONS))
    return DISTRIBUTIONS[name]


def named_set(name: str) -> TaskSet:
    """Sample the set called e.g. ``maze9/test``; a distribution alone means its test split."""
    full = name if "/" in name else f"{name}/test"
    if full.endswith("/train"):
        raise InputError(
            f"{name} is no frozen set: training draws fresh mazes in every generation; "
            f"expected one of {', '.join(SET_NAMES)}"
        )
    if full not in SET_NAMES:
        raise InputError(_unknown("task set", name, SET_NAMES))
    distribution, split = full.split("/")
    place = list(DISTRIBUTIONS).index(distribution), list(SPLITS).index(split)
    keys = fold(_SETS_SEED, STREAM_SETS, *place, np.arange(SPLITS[split]))
    return replace(sample(DISTRIBUTIONS[distribution], keys), name=full)


def load_set(name_or_path: str) -> TaskSet:
    """Sample a named set, or load a file: ``x.npz``, ``x.npz:NAME`` or ``x.txt``."""
    file, _, prefix = name_or_path.rpartition(":")
    if file.endswith(".npz"):
        return load_plain_set(Path(file), prefix)
    if name_or_path.endswith(".txt"):
        return load_text(Path(name_or_path))
    if not name_or_path.endswith(".npz"):
        return named_set(name_or_path)
    if is_foreign(Path(name_or_path)):
        return load_plain_set(Path(name_or_path), "")
    task_set = load(Path(name_or_path))
    own = task_set.name
    if own in SET_NAMES and task_set.content_hash != named_set(own).content_hash:
        raise InputError(f"{name_or_path} calls itself {own}, but holds other mazes than that set")
    return task_set


def training_tasks(name: str, seed: int, generation: int, count: int) -> TaskSet:
    """Draw the mazes of one generation of a run; no two generations or seeds share a key."""
    return sample(get(name), fold(seed, STREAM_TASKS, generation, np.arange(count)))


def _unknown(kind: str, name: str, known: Iterable[str]) -> str:
    names = tuple(known)
    close = difflib.get_close_matches(name, names, n=1)
    hint = f" Did you mean {close[0]!r}?" if close else ""
    file = " or the path of an .npz or .txt file" if kind == "task set" else ""
    return f"unknown {kind} {name!r}: expected one of {', '.join(names)}{file}.{hint}"
