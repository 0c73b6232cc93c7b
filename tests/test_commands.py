"""The commands ``networks`` and ``tasks``, on real files."""

import json
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from cli_runs import CORRIDOR, TURNED, drawn, evo_plastic, refused, rows

from evo_plastic.tasks import DISTRIBUTIONS, named_set, task_files

HOME = Path(__file__).parent.parent
TABLE_1 = {
    ("dnn", "none"): ("DNN", 5125, 0),
    ("meta-dnn", "none"): ("Meta-DNN", 5509, 0),
    ("meta-rnn", "none"): ("Meta-RNN", 5445, 64),
    ("meta-lstm", "none"): ("Meta-LSTM", 20805, 128),
    ("prnn", "none"): ("PRNN", 20613, 5120),
    ("prnn", "pre"): ("PRNN(PreDN)", 20694, 5120),
    ("prnn", "post"): ("PRNN(PostDN)", 20743, 5120),
    ("dec-pdnn", "none"): ("DecPDNN", 1281, 5056),
    ("dec-pdnn", "pre"): ("DecPDNN(PreDN)", 1362, 5056),
    ("dec-pdnn", "post"): ("DecPDNN(PostDN)", 1411, 5056),
    ("dec-prnn", "none"): ("DecPRNN", 1217, 5120),
    ("dec-prnn", "pre"): ("DecPRNN(PreDN)", 1298, 5120),
    ("dec-prnn", "post"): ("DecPRNN(PostDN)", 1347, 5120),
    ("prnn-et", "none"): ("PRNN(ET)", 5447, 4160),
    ("prnn-et", "pre"): ("PRNN(ET)(PreDN)", 5528, 4160),
    ("prnn-et", "post"): ("PRNN(ET)(PostDN)", 5577, 4160),
    ("prnn-scratch-et", "none"): ("PRNN(Scratch-ET)", 1351, 4160),
    ("prnn-scratch-et", "pre"): ("PRNN(Scratch-ET)(PreDN)", 1432, 4160),
    ("prnn-scratch-et", "post"): ("PRNN(Scratch-ET)(PostDN)", 1481, 4160),
    ("evolving-merging", "none"): ("Evolving & Merging", 1217, 5120),
    ("evolving-merging", "pre"): ("Evolving & Merging(PreDN)", 1298, 5120),
    ("evolving-merging", "post"): ("Evolving & Merging(PostDN)", 1347, 5120),
}
"""Wang 2022, Table 1: title, genes and memories (64 (64 + 15) weights and 64 activities)."""


def test_networks_are_those_of_table_1() -> None:
    ended = evo_plastic("networks")
    assert ended.code == 0
    headers, *found = rows(ended.out)
    assert headers == ["network.name", "modulation", "in the paper", "rules", "N_gene", "N_mem"]
    numbers = {(c[0], c[1]): (c[2], int(c[4]), int(c[5])) for c in found}
    assert numbers == TABLE_1
    assert len(found) == len(TABLE_1)
    assert {(c[0], c[3]) for c in found if c[1] == "post" and "prnn" in c[0]} == {
        ("prnn", "abcd"),
        ("dec-prnn", "decomposed"),
        ("prnn-et", "eligibility, static"),
        ("prnn-scratch-et", "scratch_eligibility, static"),
    }


def test_networks_as_json_from_a_process_of_its_own() -> None:
    command = [sys.executable, "-m", "evo_plastic", "networks", "--json"]
    ended = subprocess.run(command, cwd=HOME, capture_output=True, text=True, check=True)
    found = json.loads(ended.stdout)
    assert {
        (one["name"], one["modulation"]): (one["title"], one["n_gene"], one["n_mem"])
        for one in found
    } == TABLE_1
    for one in found:
        assert sum(int(np.prod(shape)) for _, shape in one["layout"]) == one["n_gene"]
    assert ended.stderr == ""


def test_networks_of_another_size() -> None:
    found = json.loads(evo_plastic("networks", "--json", "--hidden", 32).out)
    sizes = {one["title"]: (one["n_gene"], one["n_mem"]) for one in found}
    assert sizes["Meta-RNN"] == (32 * (32 + 15 + 1) + 5 * 33, 32) == (1701, 32)
    assert sizes["DecPRNN"][1] == 32 * (32 + 15) + 32


def test_tasks_are_listed_with_their_splits() -> None:
    ended = evo_plastic("tasks", "list")
    assert ended.code == 0
    headers, *found = rows(ended.out)
    assert headers == ["task", "size", "density", "train", "validate", "test"]
    assert [row[0] for row in found] == list(DISTRIBUTIONS)
    assert found[0] == ["maze9", "9×9", "0.30", "fresh", "1024", "2048"]
    assert found[3] == ["maze15-crowded", "15×15", "0.45", "fresh", "1024", "2048"]


def test_a_frozen_sample_holds_the_named_mazes(tmp_path: Path) -> None:
    path = tmp_path / "frozen.npz"
    ended = evo_plastic("tasks", "sample", "maze9/test", "--out", path)
    mazes = named_set("maze9/test")
    assert ended == (0, f"{path}: 2048 mazes, sha256 {mazes.content_hash}\n", "")
    assert task_files.load(path).content_hash == mazes.content_hash


@pytest.mark.parametrize("file", ["frozen", "frozen.npy", "no/folder/frozen.npz"])
def test_a_sample_that_cannot_be_written_there_is_refused(tmp_path: Path, file: str) -> None:
    assert str(tmp_path / file) in refused("tasks", "sample", "maze9", "--out", tmp_path / file)
    assert list(tmp_path.iterdir()) == []


def test_mazes_are_shown_as_they_were_drawn(tmp_path: Path) -> None:
    path = tmp_path / "drawn.npz"
    task_files.save(drawn(CORRIDOR, TURNED), path)
    first = ["drawn 0: shortest path 12", *CORRIDOR]
    second = ["drawn 1: shortest path 2", *TURNED]
    assert evo_plastic("tasks", "show", path).out.splitlines() == first + second
    assert evo_plastic("tasks", "show", path, "--first", 1).out.splitlines() == second
    assert evo_plastic("tasks", "show", path, "--count", 1).out.splitlines() == first


def test_named_mazes_are_shown_with_start_and_goal_in_place() -> None:
    mazes = named_set("maze15/validate")
    ended = evo_plastic("tasks", "show", "maze15/validate", "--first", 40, "--count", 2)
    lines = ended.out.splitlines()
    assert len(lines) == 2 * (1 + 15)
    for shown, number in ((lines[:16], 40), (lines[16:], 41)):
        assert shown[0].startswith(f"maze15/validate {number}: shortest path ")
        picture = np.array([list(line) for line in shown[1:]])
        assert picture.shape == (15, 15)
        np.testing.assert_array_equal(picture == "#", mazes.walls[number] == 1)
        for mark, place in (("S", mazes.start[number]), ("G", mazes.goal[number])):
            np.testing.assert_array_equal(np.argwhere(picture == mark), [place])


def test_mazes_beyond_the_last_are_not_shown_in_silence() -> None:
    message = refused("tasks", "show", "maze9", "--first", 2048)
    assert "--first 2048: maze9 has 2048 mazes, counted from 0" in message
