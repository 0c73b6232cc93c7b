"""The commands ``networks``, ``tasks`` and ``evaluate``, on real files and threads."""

import contextlib
import io
import json
import re
import subprocess
import sys
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import pytest

from evo_plastic import networks
from evo_plastic.cli import run
from evo_plastic.config import NetworkConfig
from evo_plastic.layout import Layout
from evo_plastic.records.genomes import save_genome
from evo_plastic.tasks import DISTRIBUTIONS, named_set, task_files
from evo_plastic.tasks.maze import INPUTS, OUTPUTS
from evo_plastic.tasks.task_sets import TaskSet

HOME = Path(__file__).parent.parent
NETWORK = NetworkConfig(name="dec-prnn", modulation="post", hidden_size=16)
SMALL = ["--lifetimes", 32, "--repeats", 2, "--rollouts", 3]

TABLE_1 = {
    ("meta-rnn", "none"): ("Meta-RNN", 5445, 64),
    ("prnn", "none"): ("PRNN", 20613, 5120),
    ("prnn", "pre"): ("PRNN(PreDN)", 20694, 5120),
    ("prnn", "post"): ("PRNN(PostDN)", 20743, 5120),
    ("dec-prnn", "none"): ("DecPRNN", 1217, 5120),
    ("dec-prnn", "pre"): ("DecPRNN(PreDN)", 1298, 5120),
    ("dec-prnn", "post"): ("DecPRNN(PostDN)", 1347, 5120),
}
"""Wang 2022, Table 1: title, genes and memories (64 (64 + 15) weights and 64 activities)."""

CORRIDOR = ["#######", "#S    #", "# ### #", "# #G# #", "# # # #", "# #   #", "#######"]
TURNED = ["#######", "#    S#", "# # # #", "#    G#", "# # # #", "#     #", "#######"]


class Ended(NamedTuple):
    code: int
    out: str
    err: str


def evo_plastic(*arguments: object) -> Ended:
    out, err = io.StringIO(), io.StringIO()
    with contextlib.redirect_stdout(out), contextlib.redirect_stderr(err):
        code = run([str(argument) for argument in arguments])
    return Ended(code, out.getvalue(), err.getvalue())


def rows(text: str) -> list[list[str]]:
    """Cells of a printed table, its headers first."""
    return [re.split(r" {2,}", line.strip()) for line in text.splitlines()]


def refused(*arguments: object) -> str:
    """The one line on stderr of a command that a mistake ends with exit code 2."""
    ended = evo_plastic(*arguments)
    assert (ended.code, ended.out) == (2, "")
    assert ended.err.startswith("error: ")
    assert ended.err.count("\n") == 1
    return ended.err


def test_networks_are_those_of_table_1() -> None:
    ended = evo_plastic("networks")
    assert ended.code == 0
    headers, *found = rows(ended.out)
    assert headers == ["network.name", "modulation", "in the paper", "rule", "N_gene", "N_mem"]
    numbers = {(c[0], c[1]): (c[2], int(c[4]), int(c[5])) for c in found}
    assert numbers == TABLE_1
    assert len(found) == len(TABLE_1)


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
    assert headers == ["task", "size", "density", "validate", "test"]
    assert [row[0] for row in found] == list(DISTRIBUTIONS)
    assert found[0] == ["maze9", "9×9", "0.30", "1024", "2048"]
    assert found[3] == ["maze15-crowded", "15×15", "0.45", "1024", "2048"]


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


def drawn(*pictures: list[str]) -> TaskSet:
    cells = np.array([[list(row) for row in picture] for picture in pictures])
    start, goal = (np.argwhere(cells == mark)[:, 1:].astype(np.int16) for mark in "SG")
    return TaskSet("drawn", (cells == "#").astype(np.uint8), start, goal)


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


def layout_of(network: NetworkConfig) -> Layout:
    return networks.create(network, INPUTS, OUTPUTS).layout


def write_genome(path: Path, layout: Layout, **facts: object) -> Path:
    genome = np.random.default_rng(4).normal(0, 0.5, layout.size)
    save_genome(path, layout, genome, NETWORK, facts)
    return path


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("commands")


@pytest.fixture(scope="module")
def genome(folder: Path) -> Path:
    return write_genome(folder / "genome.npz", layout_of(NETWORK))


def evaluate(*arguments: object, workers: int = 1) -> Ended:
    return evo_plastic("evaluate", *arguments, "--backend", "local", "--workers", workers)


class Evaluation(NamedTuple):
    ended: Ended
    document: dict[str, Any]


@pytest.fixture(scope="module")
def usual(genome: Path, folder: Path) -> Evaluation:
    path = folder / "usual.json"
    ended = evaluate(genome, "--tasks", "maze9", *SMALL, "--json", path, workers=2)
    assert (ended.code, ended.err) == (0, "")
    return Evaluation(ended, json.loads(path.read_text()))


def scores(path: Path, *arguments: object, workers: int = 1) -> list[dict[str, Any]]:
    """The scores of an evaluation that writes its document to ``path``."""
    ended = evaluate(*arguments, "--json", path, workers=workers)
    assert (ended.code, ended.err) == (0, "")
    found: list[dict[str, Any]] = json.loads(path.read_text())["scores"]
    return found


def test_the_document_has_genome_oracle_and_random(usual: Evaluation, genome: Path) -> None:
    document = usual.document
    assert list(document) == ["schema", "seed", "repeats", "scores"]
    assert document["schema"] == "evo_plastic/evaluate/1"
    assert (document["seed"], document["repeats"]) == (0, 2)
    assert [one["policy"] for one in document["scores"]] == [str(genome), "oracle", "random"]
    first = named_set("maze9/test").subset(slice(32))
    for one in document["scores"]:
        assert one["task_set"] == "maze9/test"
        assert one["sha256"] == first.content_hash
        assert one["instances"] == 32
        for numbers in (one["mean"], one["se"], one["goal_rate"], one["steps"]):
            assert len(numbers) == 3


def test_reward_is_goals_less_a_hundredth_of_the_steps(usual: Evaluation) -> None:
    for one in usual.document["scores"]:
        expected = np.array(one["goal_rate"]) - 0.01 * np.array(one["steps"])
        np.testing.assert_allclose(one["mean"], expected, atol=1e-12)
    oracle = usual.document["scores"][1]
    assert oracle["goal_rate"] == [1, 1, 1]


def test_the_table_shows_the_numbers_of_the_document(usual: Evaluation) -> None:
    headers, *found = rows(usual.ended.out)
    rollouts = [f"rollout {number}" for number in (1, 2, 3)]
    assert headers == ["tasks", "mazes", "policy", *rollouts, "goals, last", "steps, last"]
    for row, one in zip(found, usual.document["scores"], strict=True):
        cells = [f"{m:.3f} ± {s:.3f}" for m, s in zip(one["mean"], one["se"], strict=True)]
        ends = [f"{100 * one['goal_rate'][2]:.1f} %", f"{one['steps'][2]:.1f}"]
        assert row == ["maze9/test", "32", one["policy"], *cells, *ends]


def test_one_worker_gives_the_numbers_of_two(
    usual: Evaluation, genome: Path, folder: Path
) -> None:
    found = scores(folder / "one.json", genome, "--tasks", "maze9", *SMALL, workers=1)
    assert found == usual.document["scores"]


def test_frozen_mazes_give_the_numbers_of_the_named_ones(
    usual: Evaluation, genome: Path, folder: Path
) -> None:
    frozen = folder / "frozen.npz"
    assert evo_plastic("tasks", "sample", "maze9/test", "--out", frozen).code == 0
    found = scores(folder / "frozen.json", genome, "--tasks", frozen, *SMALL)
    assert found == usual.document["scores"]


def test_genomes_are_compared_on_the_same_mazes_with_the_same_noise(
    usual: Evaluation, genome: Path, folder: Path
) -> None:
    twin = write_genome(folder / "twin.npz", layout_of(NETWORK))
    options = ["--tasks", "maze9", "--tasks", "maze15/validate", *SMALL]
    found = scores(folder / "twins.json", genome, twin, *options)
    assert [one["task_set"] for one in found] == ["maze9/test"] * 4 + ["maze15/validate"] * 4
    for first, second in (found[0:2], found[4:6]):
        assert (first.pop("policy"), second.pop("policy")) == (str(genome), str(twin))
        assert first == second
    assert found[2:4] == usual.document["scores"][1:]


def test_the_seed_changes_what_is_left_to_chance(
    usual: Evaluation, genome: Path, folder: Path
) -> None:
    found = scores(folder / "seed.json", genome, "--tasks", "maze9", *SMALL, "--seed", 1)
    same = [new == old for new, old in zip(found, usual.document["scores"], strict=True)]
    assert same == [False, True, False]


def test_rollouts_are_as_trained_unless_asked_for(folder: Path) -> None:
    trained = write_genome(folder / "eight.npz", layout_of(NETWORK), task={"rollouts": 8})
    for options, rollouts in (([], 8), (["--rollouts", 2], 2)):
        arguments = [trained, "--tasks", "maze9", "--lifetimes", 1, *options]
        for one in scores(folder / "eight.json", *arguments):
            assert len(one["mean"]) == rollouts


def test_one_maze_has_no_standard_error(genome: Path, folder: Path) -> None:
    path = folder / "single.json"
    ended = evaluate(genome, "--tasks", "maze9", "--lifetimes", 1, "--json", path)
    assert "± nan" in ended.out
    for one in json.loads(path.read_text())["scores"]:
        assert (one["instances"], one["se"]) == (1, [None, None, None])


def test_figures_are_drawn_where_they_are_said_to_be(genome: Path, folder: Path) -> None:
    figures = folder / "some" / "figures"
    options = ["--tasks", "maze9", "--lifetimes", 2, "--figures", figures]
    ended = evaluate(genome, *options)
    assert (ended.code, ended.err) == (0, "")
    lines = ended.out.splitlines()
    drawn_files = {Path(line) for line in lines if line.endswith(".png")}
    assert drawn_files == set(figures.iterdir())
    assert figures / "maze9-test-rollouts.png" in drawn_files
    assert [path.name.endswith("-maze9-test-lifetimes.png") for path in drawn_files].count(
        True
    ) == 1
    for path in drawn_files:
        assert path.read_bytes().startswith(b"\x89PNG\r\n\x1a\n")
    assert lines[-1].startswith("maze9/test")


def test_a_genome_that_is_not_there_is_named() -> None:
    message = refused("evaluate", "nowhere.npz", "--tasks", "maze9")
    assert "nowhere.npz does not exist: expected a run directory" in message


def test_a_file_that_is_no_genome_is_named(folder: Path) -> None:
    path = folder / "mazes.npz"
    task_files.save(drawn(CORRIDOR), path)
    assert str(path) in refused("evaluate", path, "--tasks", "maze9")


def test_a_genome_whose_layout_is_not_its_networks_is_named(folder: Path) -> None:
    larger = layout_of(NetworkConfig(name="dec-prnn", modulation="post", hidden_size=17))
    path = write_genome(folder / "tampered.npz", larger)
    message = refused("evaluate", path, "--tasks", "maze9")
    assert f"{path} is a genome of another network: " in message
    assert "bias is (17,), expected (16,)" in message


def test_an_unknown_task_set_is_named_with_a_hint(genome: Path) -> None:
    message = refused("evaluate", genome, "--tasks", "maze9/tset")
    assert "unknown task set 'maze9/tset': expected one of " in message
    assert message.endswith("Did you mean 'maze9/test'?\n")


def test_a_task_set_file_that_is_not_there_is_named(genome: Path) -> None:
    assert "none.npz: cannot be read" in refused("evaluate", genome, "--tasks", "none.npz")


def test_more_lifetimes_than_mazes_are_refused(genome: Path) -> None:
    message = refused("evaluate", genome, "--tasks", "maze9", "--lifetimes", 2049)
    assert "--lifetimes 2049 is more than the 2048 mazes of maze9/test" in message


@pytest.mark.parametrize(
    ("arguments", "expected"),
    [
        (["evaluate", "a.npz"], "--tasks"),
        (["evaluate", "--tasks", "maze9"], "GENOME_OR_RUN"),
        (["evaluate", "a.npz", "--tasks", "maze9", "--lifetimes", 0], "--lifetimes"),
        (["evaluate", "a.npz", "--tasks", "maze9", "--rollouts", 65], "--rollouts"),
        (["networks", "--hidden", 0], "--hidden"),
        (["tasks", "sample", "maze9"], "--out"),
        (["tasks", "show", "maze9", "--first", -1], "--first"),
    ],
)
def test_wrong_usage_names_the_option(arguments: list[object], expected: str) -> None:
    ended = evo_plastic(*arguments)
    assert (ended.code, ended.out) == (2, "")
    assert expected in ended.err.splitlines()[-1]
