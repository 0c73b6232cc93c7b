"""Task-set files come back as they were, or not at all."""

import json
import os
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from evo_plastic.arrays import save_arrays
from evo_plastic.errors import InputError
from evo_plastic.seeding import fold
from evo_plastic.tasks import DISTRIBUTIONS, load_set
from evo_plastic.tasks.task_files import LARGEST_FILE, SCHEMA, load, save
from evo_plastic.tasks.task_sets import TaskSet, sample

MAZES = sample(DISTRIBUTIONS["maze9"], fold(1, np.arange(3)))


@pytest.fixture
def path(tmp_path: Path) -> Path:
    path = tmp_path / "mazes.npz"
    save(MAZES, path)
    return path


def put(path: Path, mazes: TaskSet = MAZES, **facts: Any) -> None:
    """Write a sound file of ``mazes``, however unsound they are; facts replace some."""
    arrays = {"walls": mazes.walls, "start": mazes.start, "goal": mazes.goal}
    sound = {"name": "m", "generator": "x", "content_hash": mazes.content_hash}
    save_arrays(path, arrays, sound | facts, SCHEMA)


def changed(array: str, where: Any, value: int) -> TaskSet:
    arrays = {name: getattr(MAZES, name).copy() for name in ("walls", "start", "goal")}
    arrays[array][where] = value
    return TaskSet("m", **arrays)


def refused(path: Path, problem: str) -> None:
    with pytest.raises(InputError, match=f"{path.name}: .*{problem}.*expected a task-set file"):
        load(path)


def test_a_saved_set_comes_back_the_same(path: Path) -> None:
    mazes = load_set(str(path))
    assert mazes.name == "maze9"
    assert mazes.content_hash == MAZES.content_hash
    for name in ("walls", "start", "goal"):
        loaded, saved = getattr(mazes, name), getattr(MAZES, name)
        np.testing.assert_array_equal(loaded, saved)
        assert loaded.dtype == saved.dtype
        assert loaded.flags.writeable


def test_the_same_set_gives_the_same_bytes_and_numpy_reads_them(path: Path) -> None:
    again = path.with_name("again.npz")
    save(load(path), again)
    assert path.read_bytes() == again.read_bytes()
    with np.load(path, allow_pickle=False) as archive:
        np.testing.assert_array_equal(archive["walls"], MAZES.walls)
        assert json.loads(str(archive["facts"]))["schema"] == SCHEMA


def test_saving_leaves_no_other_file_and_replaces_the_old_one(path: Path) -> None:
    other = MAZES.subset(slice(1))
    save(other, path)
    assert load(path).content_hash == other.content_hash
    assert list(path.parent.iterdir()) == [path]


def test_a_set_that_cannot_be_written_leaves_the_old_file(path: Path) -> None:
    with pytest.raises(InputError, match=r"mazes\.npz cannot be written: the name"):
        save(TaskSet("two\nlines", MAZES.walls, MAZES.start, MAZES.goal), path)
    with pytest.raises(InputError, match=r"gone/mazes\.npz cannot be written"):
        save(MAZES, path.parent / "gone" / "mazes.npz")
    with pytest.raises(InputError, match=r"npz/below\.npz cannot be written: .*Not a directory"):
        save(MAZES, path / "below.npz")
    folder = path.with_name("folder.npz")
    folder.mkdir()
    with pytest.raises(InputError, match=r"folder\.npz cannot be written: .*directory"):
        save(MAZES, folder)
    assert set(path.parent.iterdir()) == {path, folder}
    assert len(load(path)) == 3


def test_only_an_undamaged_array_file_of_this_schema_is_read(path: Path) -> None:
    with pytest.raises(InputError, match=r"none\.npz does not exist"):
        load(path.with_name("none.npz"))
    data = path.read_bytes()
    path.write_bytes(data[:-1])
    with pytest.raises(InputError, match=rf"mazes\.npz is damaged.*{SCHEMA}"):
        load(path)
    save_arrays(path, MAZES.canonical(), {}, "evo_plastic/task-set/2")
    with pytest.raises(InputError, match=rf"mazes\.npz is 'evo_.*/2', expected '{SCHEMA}'"):
        load(path)


def test_a_file_larger_than_any_task_set_is_refused(path: Path) -> None:
    os.truncate(path, LARGEST_FILE + 1)
    with pytest.raises(InputError, match=r"mazes\.npz is larger than the limit of 67108864"):
        load(path)


@pytest.mark.parametrize(
    ("mazes", "problem"),
    [
        (changed("walls", (1, 0, 4), 0), "maze 1 has a hole in its border"),
        (changed("walls", (2, 3, 8), 0), "maze 2 has a hole in its border"),
        (changed("walls", (0, 4, 4), 2), "maze 0 has cells that are neither 0 nor 1"),
        (changed("start", (2, 0), 8), "maze 2 has its start outside"),
        (changed("goal", (1, 1), -1), "maze 1 has its goal outside"),
        (changed("start", 0, np.argwhere(MAZES.walls[0, 1:-1, 1:-1])[0] + 1), "start in a wall"),
        (changed("goal", 1, MAZES.start[1]), "maze 1 has its goal on its start"),
        (changed("walls", (slice(None), slice(2, 7, 2)), 1), "its goal out of reach"),
        (MAZES.subset(slice(0)), "its walls have shape"),
        (TaskSet("m", np.array(1, np.uint8), MAZES.start, MAZES.goal), "its walls have shape"),
        (TaskSet("m", MAZES.walls[:, :8], MAZES.start, MAZES.goal), "its walls have shape"),
        (TaskSet("m", MAZES.walls[:, :8, :8], MAZES.start, MAZES.goal), "odd number"),
        (TaskSet("m", MAZES.walls, MAZES.start[:2], MAZES.goal), "start or goal"),
        (TaskSet("m", MAZES.walls, MAZES.start, MAZES.goal[:, 0]), "start or goal"),
    ],
)
def test_mazes_that_nobody_could_play_are_refused(
    path: Path, mazes: TaskSet, problem: str
) -> None:
    put(path, mazes)
    refused(path, problem)


@pytest.mark.parametrize(
    ("arrays", "problem"),
    [
        ({"extra": np.zeros(1)}, "its arrays are not walls, start, goal"),
        ({"goal": None}, "its arrays are not walls, start, goal"),
        ({"walls": MAZES.walls.astype(np.int64)}, "its array walls is int64, not uint8"),
        ({"walls": MAZES.walls.astype(np.int8)}, "its array walls is int8, not uint8"),
        ({"walls": MAZES.walls.astype(bool)}, "its array walls is bool, not uint8"),
        ({"start": MAZES.start.astype(np.uint16)}, "its array start is uint16, not int16"),
        ({"goal": MAZES.goal.astype(np.int32)}, "its array goal is int32, not int16"),
        ({"goal": MAZES.goal.astype("U3")}, "its array goal is <U3, not int16"),
    ],
)
def test_other_arrays_are_refused(path: Path, arrays: dict[str, Any], problem: str) -> None:
    facts = {"name": "m", "generator": "x", "content_hash": MAZES.content_hash}
    changed = {n: a for n, a in (MAZES.canonical() | arrays).items() if a is not None}
    save_arrays(path, changed, facts, SCHEMA)
    refused(path, problem)


@pytest.mark.parametrize(
    ("facts", "problem"),
    [
        ({"name": 7}, "facts have no text 'name'"),
        ({"name": "\x1b[2J"}, "printable characters"),
        ({"name": "m" * 201}, "printable characters"),
        ({"generator": None}, "facts have no text 'generator'"),
        ({"content_hash": 0}, "facts have no text 'content_hash'"),
        ({"content_hash": "0" * 64}, "content hash"),
    ],
)
def test_other_facts_are_refused(path: Path, facts: dict[str, Any], problem: str) -> None:
    put(path, **facts)
    refused(path, problem)
