"""Named sets stay the same for ever."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from evo_plastic.errors import InputError
from evo_plastic.seeding import fold
from evo_plastic.tasks import (
    DISTRIBUTIONS,
    SET_NAMES,
    SPLITS,
    get,
    load_set,
    named_set,
    training_tasks,
)
from evo_plastic.tasks.task_files import save
from evo_plastic.tasks.task_sets import TaskSet, sample

HASHES = {
    "maze9/validate": "2a8c79ec7d843f6f",
    "maze9/test": "839300cc2aa03f60",
    "maze15/validate": "d8577c791bb9a61f",
    "maze15/test": "de36f5a13c9301dd",
    "maze21/validate": "44a4eee9da4d3813",
    "maze21/test": "d12fdc13c12a0965",
    "maze15-crowded/validate": "a994b5abd8b4ce07",
    "maze15-crowded/test": "87efa8f59bda4c3f",
    "maze15-spacious/validate": "7d23fbff52d1869a",
    "maze15-spacious/test": "0ce0df6ba6cae89e",
}


@pytest.mark.parametrize("name", SET_NAMES)
def test_a_named_set_never_changes(name: str) -> None:
    mazes = named_set(name)
    assert mazes.name == name
    assert len(mazes) == SPLITS[name.split("/")[1]]
    assert mazes.content_hash[:16] == HASHES[name]


def test_a_distribution_alone_means_its_test_split() -> None:
    assert named_set("maze9").name == "maze9/test"
    assert load_set("maze9").content_hash == named_set("maze9/test").content_hash


def test_splits_and_training_tasks_share_no_maze() -> None:
    sets = [named_set("maze15/test"), named_set("maze15/validate")]
    sets += [training_tasks("maze15", seed=2022, generation=g, count=500) for g in (0, 1)]
    mazes = {maze.tobytes() for tasks in sets for maze in tasks.walls}
    assert len(mazes) == 2048 + 1024 + 1000


def test_training_tasks_follow_from_seed_generation_and_index() -> None:
    eight = training_tasks("maze9", seed=3, generation=7, count=8)
    four = training_tasks("maze9", seed=3, generation=7, count=4)
    assert eight.subset(slice(4)).content_hash == four.content_hash
    for seed, generation in ((4, 7), (3, 8)):
        assert training_tasks("maze9", seed, generation, 8).content_hash != eight.content_hash


@pytest.mark.parametrize(
    ("name", "message"),
    [
        ("maze9/tset", "unknown task set 'maze9/tset'.*Did you mean 'maze9/test'"),
        ("maze", "unknown task set 'maze'"),
        ("a/b/c", "unknown task set 'a/b/c'.*or the path of an .npz or .txt file"),
    ],
)
def test_an_unknown_set_is_refused_with_a_hint(name: str, message: str) -> None:
    with pytest.raises(InputError, match=message):
        load_set(name)


def test_an_unknown_task_is_refused_with_a_hint() -> None:
    with pytest.raises(InputError, match=r"unknown task 'maze_9'.*Did you mean 'maze9'"):
        get("maze_9")
    with pytest.raises(InputError, match="unknown task"):
        training_tasks("maze9/test", seed=1, generation=0, count=1)


def test_cells_show_walls_free_cells_and_the_goal() -> None:
    walls = np.ones((1, 7, 7), np.uint8)
    walls[0, 3, 1:6] = 0
    mazes = TaskSet("m", walls, np.array([[3, 1]], np.int16), np.array([[3, 5]], np.int16))
    expected = np.ones((7, 7), np.int8)
    expected[3, 1:6] = [0, 0, 0, 0, -1]
    np.testing.assert_array_equal(mazes.cells, expected.reshape(1, 49))
    assert mazes.cells.dtype == np.int8
    assert mazes.flat_start.tolist() == [22]
    assert mazes.flat_goal.tolist() == [26]
    assert mazes.flat_goal.dtype == np.int32


def test_flat_cells_do_not_overflow_in_large_mazes() -> None:
    where = np.array([[301, 301]], np.int16)
    mazes = TaskSet("m", np.zeros((1, 303, 303), np.uint8), where, where)
    assert mazes.flat_start.tolist() == [301 * 303 + 301]


def test_a_subset_keeps_the_order_asked_for() -> None:
    mazes = sample(DISTRIBUTIONS["maze9"], fold(1, np.arange(10)))
    chosen = mazes.subset(np.array([7, 2]))
    np.testing.assert_array_equal(chosen.cells, mazes.cells[[7, 2]])
    np.testing.assert_array_equal(chosen.goal, mazes.goal[[7, 2]])
    np.testing.assert_array_equal(chosen.start, mazes.start[[7, 2]])
    assert mazes.subset(slice(None, None, 2)).walls.flags.c_contiguous


def test_every_array_is_part_of_the_content_hash_and_the_name_is_not() -> None:
    mazes = sample(DISTRIBUTIONS["maze9"], fold(1, np.arange(2)))
    walls, start, goal = mazes.walls, mazes.start, mazes.goal
    again = TaskSet("other name", np.asfortranarray(walls), start.astype(">i2"), goal)
    assert again.content_hash == mazes.content_hash
    others = [(1 - walls, start, goal), (walls, goal, start), (walls[:, ::-1], start, goal)]
    others += [(walls, start + np.int16(1), goal), (walls.reshape(1, 18, 9), start, goal)]
    hashes = {TaskSet("m", *arrays).content_hash for arrays in others}
    assert len(hashes - {mazes.content_hash}) == len(others)


def test_a_file_that_borrows_the_name_of_a_named_set_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "borrowed.npz"
    save(replace(named_set("maze9/validate"), name="maze9/test"), path)
    with pytest.raises(InputError, match=r"borrowed\.npz calls itself maze9/test"):
        load_set(str(path))
    save(named_set("maze9/test"), path)
    assert load_set(str(path)).content_hash == named_set("maze9/test").content_hash


def test_training_mazes_have_no_frozen_set() -> None:
    with pytest.raises(InputError, match="training draws fresh mazes"):
        named_set("maze9/train")
