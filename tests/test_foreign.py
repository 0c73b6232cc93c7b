"""Mazes that somebody else drew or froze."""

import io
import zipfile
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from cli_runs import CORRIDOR, TURNED, drawn, evo_plastic

from evo_plastic.errors import InputError
from evo_plastic.tasks import load_set
from evo_plastic.tasks.task_sets import TaskSet
from evo_plastic.tasks.text import draw

MAZES = drawn(CORRIDOR, TURNED)
ARRAYS = {"walls": MAZES.walls, "start": MAZES.start, "goal": MAZES.goal}


def same(found: TaskSet, expected: TaskSet = MAZES) -> bool:
    return found.content_hash == expected.content_hash


def refused(source: object) -> str:
    with pytest.raises(InputError) as caught:
        load_set(str(source))
    return str(caught.value)


@pytest.mark.parametrize("save", [np.savez, np.savez_compressed])
@pytest.mark.parametrize("dtype", [bool, np.uint8, np.int64])
def test_plain_arrays_are_read_as_numpy_writes_them(tmp_path: Path, save: Any, dtype: Any) -> None:
    path = tmp_path / "theirs.npz"
    start, goal = MAZES.start.astype(np.int64), MAZES.goal.astype(np.uint16)
    save(path, walls=MAZES.walls.astype(dtype), start=start, goal=goal, extra=np.zeros(3))
    found = load_set(str(path))
    assert same(found)
    assert found.name == "theirs.npz"


def test_one_of_several_sets_is_chosen_by_its_prefix(tmp_path: Path) -> None:
    path = tmp_path / "several.npz"
    one = {f"one_{name}": array[:1] for name, array in ARRAYS.items()}
    two = {f"two_{name}": array for name, array in ARRAYS.items()}
    np.savez(path, **one, **two)
    assert same(load_set(f"{path}:two"))
    assert len(load_set(f"{path}:one")) == 1
    assert f"choose one, as {path}:one or {path}:two" in refused(path)
    assert "expected the arrays three_walls" in refused(f"{path}:three")


def test_drawings_come_back_as_they_were_shown(tmp_path: Path) -> None:
    path = tmp_path / "drawn.txt"
    path.write_text("\n\n" + draw(MAZES, 0) + "  \n\n \n" + draw(MAZES, 1))
    found = load_set(str(path))
    assert same(found)
    assert found.name == "drawn.txt"
    shown = evo_plastic("tasks", "show", path, "--count", 2)
    assert shown.code == 0
    assert draw(MAZES, 1) in shown.out


@pytest.mark.parametrize(
    ("change", "problem"),
    [
        ({"walls": MAZES.walls[:, :6, :6]}, "odd number"),
        ({"walls": MAZES.walls[:, :6]}, "not (N, n, n)"),
        ({"walls": MAZES.walls.astype(float)}, "walls is float64, expected bool or integers"),
        ({"walls": MAZES.walls.astype(int) - 1}, "walls has numbers that no maze has"),
        ({"walls": MAZES.walls * 2}, "maze 0 has cells that are neither 0 nor 1"),
        ({"start": MAZES.start.astype(int) + 2**16}, "start has numbers that no maze has"),
        ({"goal": MAZES.start}, "maze 0 has its goal on its start"),
        ({"goal": MAZES.goal[:1]}, "not of shape (2, 2)"),
    ],
)
def test_arrays_that_are_no_mazes_are_refused(
    tmp_path: Path, change: dict[str, Any], problem: str
) -> None:
    path = tmp_path / "theirs.npz"
    np.savez(path, **(ARRAYS | change))
    message = refused(path)
    assert message.startswith(f"{path}: ")
    assert problem in message


def test_pickled_arrays_and_cut_off_files_are_refused(tmp_path: Path) -> None:
    path = tmp_path / "theirs.npz"
    np.savez(path, **(ARRAYS | {"walls": np.array([{}], object)}), allow_pickle=True)
    assert str(path) in refused(path)
    np.savez(path, **ARRAYS)
    path.write_bytes(path.read_bytes()[:-30])
    assert str(path) in refused(path)


def test_an_array_that_unpacks_to_more_than_the_limit_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "bomb.npz"
    stream = io.BytesIO()
    np.save(stream, np.zeros((900_000, 9, 9), np.uint8))
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("walls.npy", stream.getvalue())
        for name in ("start", "goal"):
            archive.writestr(f"{name}.npy", b"")
    assert path.stat().st_size < 10**6
    assert "is larger than" in refused(path)


@pytest.mark.parametrize(
    ("lines", "problem"),
    [
        ([], "holds no maze"),
        ([*CORRIDOR[:3], "# #X# #", *CORRIDOR[4:]], "line 4: 'X', expected #, space, S or G"),
        ([*CORRIDOR[:3], "# #G#", *CORRIDOR[4:]], "line 4: 5 cells, expected 7"),
        ([*CORRIDOR, "", *CORRIDOR[:-1]], "line 9: a maze of 6 lines, expected 7"),
        ([*CORRIDOR[:3], "# # # #", *CORRIDOR[4:]], "line 1: a maze with 0 G, expected one goal"),
        ([*CORRIDOR[:5], "#S#   #", CORRIDOR[6]], "line 1: a maze with 2 S, expected one start"),
        ([*CORRIDOR[:4], "# ### #", *CORRIDOR[5:]], "maze 0 has its goal out of reach"),
        (["####", "#SG#", "#  #", "####"], "odd number from 7 on, got 4"),
    ],
)
def test_drawings_that_are_no_mazes_are_refused(
    tmp_path: Path, lines: list[str], problem: str
) -> None:
    path = tmp_path / "drawn.txt"
    path.write_text("\n".join(lines))
    message = refused(path)
    assert message.startswith(str(path))
    assert problem in message


def test_what_is_no_text_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "drawn.txt"
    path.write_bytes(b"\xff\xfe\x00")
    assert f"{path} is no text file" in refused(path)
    assert "none.txt does not exist" in refused(tmp_path / "none.txt")
    assert "none.npz does not exist" in refused(f"{tmp_path / 'none.npz'}:a")
