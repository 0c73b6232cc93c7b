"""Task-set files come back as they were, or not at all."""

import io
import json
import pickle
import struct
import zipfile
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from evo_plastic.errors import InputError
from evo_plastic.seeding import fold
from evo_plastic.tasks import DISTRIBUTIONS, load_set
from evo_plastic.tasks.task_files import SCHEMA, load, save
from evo_plastic.tasks.task_sets import TaskSet, sample

MAZES = sample(DISTRIBUTIONS["maze9"], fold(1, np.arange(3)))


@pytest.fixture
def path(tmp_path: Path) -> Path:
    path = tmp_path / "mazes.npz"
    save(MAZES, path)
    return path


def parts(mazes: TaskSet = MAZES, **facts: Any) -> dict[str, Any]:
    """Members of a sound file for ``mazes``, however unsound they are; facts replace some."""
    metadata = {
        "schema": SCHEMA,
        "name": "m",
        "generator": "x",
        "content_hash": mazes.content_hash,
    }
    metadata |= facts
    text = np.array(json.dumps(metadata))
    return {"walls": mazes.walls, "start": mazes.start, "goal": mazes.goal, "metadata": text}


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
        assert json.loads(str(archive["metadata"]))["schema"] == SCHEMA


def test_saving_leaves_no_other_file_and_replaces_the_old_one(path: Path) -> None:
    other = MAZES.subset(slice(1))
    save(other, path)
    assert load(path).content_hash == other.content_hash
    assert list(path.parent.iterdir()) == [path]


def test_a_set_that_cannot_be_written_leaves_the_old_file(path: Path) -> None:
    with pytest.raises(InputError, match=r"mazes\.npz: cannot be written: the name"):
        save(TaskSet("two\nlines", MAZES.walls, MAZES.start, MAZES.goal), path)
    with pytest.raises(InputError, match=r"gone/mazes\.npz: cannot be written"):
        save(MAZES, path.parent / "gone" / "mazes.npz")
    with pytest.raises(InputError, match=r"npz/below\.npz: cannot be written: .*Not a directory"):
        save(MAZES, path / "below.npz")
    folder = path.with_name("folder.npz")
    folder.mkdir()
    with pytest.raises(InputError, match=r"folder\.npz: cannot be written: .*directory"):
        save(MAZES, folder)
    assert set(path.parent.iterdir()) == {path, folder}
    assert len(load(path)) == 3


def test_a_file_that_is_not_there_is_refused(tmp_path: Path) -> None:
    refused(tmp_path / "none.npz", "cannot be read: No such file")
    refused(tmp_path, "cannot be read")


def test_a_file_cut_anywhere_is_refused(path: Path) -> None:
    whole = path.read_bytes()
    for length in range(0, len(whole), 7):
        path.write_bytes(whole[:length])
        refused(path, "")


def test_a_flipped_byte_is_refused_or_changes_nothing(path: Path) -> None:
    whole = path.read_bytes()
    refusals = 0
    for place in range(len(whole)):
        damaged = bytearray(whole)
        damaged[place] ^= 0x41
        path.write_bytes(damaged)
        try:
            mazes = load(path)
        except InputError as problem:
            refusals += 1
            assert "mazes.npz: " in str(problem)  # noqa: PT017 - thousands of files, one test
        else:
            assert (mazes.name, mazes.content_hash) == ("maze9", MAZES.content_hash)
    assert refusals > 0.8 * len(whole)


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
        (TaskSet("m", MAZES.walls[:, :8], MAZES.start, MAZES.goal), "its walls have shape"),
        (TaskSet("m", MAZES.walls[:, :8, :8], MAZES.start, MAZES.goal), "odd number"),
        (TaskSet("m", MAZES.walls, MAZES.start[:2], MAZES.goal), "start or goal"),
        (TaskSet("m", MAZES.walls, MAZES.start, MAZES.goal[:, 0]), "start or goal"),
    ],
)
def test_mazes_that_nobody_could_play_are_refused(
    path: Path, mazes: TaskSet, problem: str
) -> None:
    np.savez(path, **parts(mazes))
    refused(path, problem)


@pytest.mark.parametrize(
    ("members", "problem"),
    [
        (parts() | {"extra": np.zeros(1)}, "its members are not walls, start, goal, metadata"),
        ({"walls": MAZES.walls}, "its members are not"),
        (parts(schema="evo_plastic/task-set/2"), "another schema"),
        (parts(schema="evo_plastic/genome/1"), "another schema"),
        (parts(name=7), "has no text 'name'"),
        (parts(name="\x1b[2J"), "printable characters"),
        (parts(generator=None), "has no text 'generator'"),
        (parts(content_hash="0" * 64), "content hash"),
        (parts() | {"metadata": np.array("{")}, "not JSON"),
        (parts() | {"metadata": np.array("[" * 9000)}, "not JSON"),
        (parts() | {"metadata": np.array("[]")}, "another schema"),
        (parts() | {"metadata": np.array([1])}, "metadata is not of the type"),
        (parts() | {"walls": MAZES.walls.astype(np.int64)}, "walls is not of the type"),
        (parts() | {"start": MAZES.start.astype(">i2")}, "start is not of the type"),
        (parts() | {"walls": np.asfortranarray(MAZES.walls)}, "walls is not of the type"),
    ],
)
def test_other_members_types_and_facts_are_refused(
    path: Path, members: dict[str, Any], problem: str
) -> None:
    np.savez(path, **members)
    refused(path, problem)


class Bomb:
    def __reduce__(self) -> tuple[Any, ...]:
        return pytest.fail, ("unpickled",)


def test_a_pickled_array_is_refused_without_being_unpickled(path: Path) -> None:
    np.savez(path, **parts() | {"walls": np.array([Bomb()], object)}, allow_pickle=True)
    refused(path, "walls is not of the type")
    path.write_bytes(pickle.dumps(Bomb()))
    refused(path, "not an undamaged .npz archive")


def rewritten(path: Path, walls: bytes, method: int = zipfile.ZIP_STORED) -> None:
    """Put ``walls`` in place of that member's bytes, with a checksum that fits."""
    with zipfile.ZipFile(path) as archive:
        members = {name: archive.read(name) for name in archive.namelist()}
    with zipfile.ZipFile(path, "w", method) as archive:
        for name, data in (members | {"walls.npy": walls}).items():
            archive.writestr(name, data)


def test_headers_that_promise_other_sizes_are_refused(path: Path) -> None:
    stream = io.BytesIO()
    np.save(stream, MAZES.walls)
    data = stream.getvalue()
    for lie in (data.replace(b"(3, 9, 9)", b"(999999999, 9, 9)"), data[:-1], data + b"\0"):
        rewritten(path, lie)
        refused(path, "walls is cut off or too long")


def test_a_compressed_file_is_read_but_a_bomb_is_not_unpacked(path: Path) -> None:
    np.savez_compressed(path, **parts())
    assert load(path).content_hash == MAZES.content_hash
    rewritten(path, bytes(65 * 2**20), zipfile.ZIP_DEFLATED)
    assert path.stat().st_size < 2**20
    refused(path, "its arrays take more than 64 MiB")


def test_a_bomb_that_lies_about_its_size_is_refused(path: Path) -> None:
    rewritten(path, bytes(65 * 2**20), zipfile.ZIP_DEFLATED)
    size = struct.pack("<I", 65 * 2**20)
    path.write_bytes(path.read_bytes().replace(size, struct.pack("<I", 100)))
    refused(path, "not an undamaged .npz archive")


def test_other_ways_of_packing_are_refused(path: Path) -> None:
    rewritten(path, b"", zipfile.ZIP_LZMA)
    refused(path, "packed by a method that numpy does not use")


def test_a_member_that_comes_twice_is_refused(path: Path) -> None:
    with zipfile.ZipFile(path, "a") as archive, pytest.warns(UserWarning, match="Duplicate"):
        archive.writestr("walls.npy", b"")
    refused(path, "its members are not")
