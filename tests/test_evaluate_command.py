"""The command ``evaluate``, on real files and threads."""

import json
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import pytest
from cli_runs import (
    CORRIDOR,
    Ended,
    drawn,
    evo_plastic,
    layout_of,
    refused,
    rows,
    write_genome,
)

from evo_plastic.config import NetworkConfig
from evo_plastic.tasks import named_set, task_files

SMALL = ["--lifetimes", 32, "--repeats", 2, "--rollouts", 3]


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("commands")


@pytest.fixture(scope="module")
def genome(folder: Path) -> Path:
    return write_genome(folder / "genome.npz")


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
    parts = ["schema", "seed", "repeats", "provenance", "scores", "differences"]
    assert list(document) == parts
    assert document["schema"] == "evo_plastic/evaluate/2"
    assert (document["seed"], document["repeats"]) == (0, 2)
    assert [one["policy"] for one in document["scores"]] == [str(genome), "oracle", "random"]
    first = named_set("maze9/test").subset(slice(32))
    for one in document["scores"]:
        assert one["task_set"] == "maze9/test"
        assert one["sha256"] == first.content_hash
        assert one["instances"] == 32
        for name in ("mean", "se", "goal_rate", "steps", "coverage"):
            assert len(one[name]) == 3
    assert [one["entropy"] is None for one in document["scores"]] == [False, True, False]
    assert [one["decisive"] is None for one in document["scores"]] == [False, True, True]


def test_reward_is_goals_less_a_hundredth_of_the_steps(usual: Evaluation) -> None:
    for one in usual.document["scores"]:
        expected = np.array(one["goal_rate"]) - 0.01 * np.array(one["steps"])
        np.testing.assert_allclose(one["mean"], expected, atol=1e-12)
    subject, oracle, _ = usual.document["scores"]
    assert all(0 < rate < 1 for rate in subject["goal_rate"])
    assert oracle["goal_rate"] == [1, 1, 1]


def test_the_table_shows_the_numbers_of_the_document(usual: Evaluation) -> None:
    headers, *found = rows(usual.ended.out)
    rollouts = [f"rollout {number}" for number in (1, 2, 3)]
    ends = ["goals, last", "steps", "coverage", "decisive", "entropy, bits"]
    assert headers == ["tasks", "mazes", "policy", *rollouts, *ends]
    for row, one in zip(found, usual.document["scores"], strict=True):
        cells = [f"{m:.3f} ± {s:.3f}" for m, s in zip(one["mean"], one["se"], strict=True)]
        cells += [f"{100 * one['goal_rate'][2]:.1f} %", f"{one['steps'][2]:.1f}"]
        shares = [one["coverage"], one["decisive"]]
        cells += [f"{100 * share[2]:.1f} %" for share in shares if share is not None]
        cells += [] if one["entropy"] is None else [f"{one['entropy'][2]:.2f}"]
        assert row == ["maze9/test", "32", one["policy"], *cells]


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
    twin = write_genome(folder / "twin.npz")
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
    trained = write_genome(folder / "eight.npz", task={"rollouts": 8})
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
    printed_files = {path.with_suffix(".pdf") for path in drawn_files}
    assert printed_files == {Path(line) for line in lines if line.endswith(".pdf")}
    assert drawn_files | printed_files == set(figures.iterdir())
    assert figures / "1-maze9-test-rollouts.png" in drawn_files
    assert figures / "1-maze9-test-lifetimes-1.png" in drawn_files
    for path in drawn_files:
        assert path.read_bytes().startswith(b"\x89PNG\r\n\x1a\n")
    for path in printed_files:
        assert path.read_bytes().startswith(b"%PDF")
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
    path = write_genome(folder / "tampered.npz", layout=larger)
    message = refused("evaluate", path, "--tasks", "maze9")
    assert f"{path} is a genome of another network: " in message
    assert "bias is (17,), expected (16,)" in message


def test_an_unknown_task_set_is_named_with_a_hint(genome: Path) -> None:
    message = refused("evaluate", genome, "--tasks", "maze9/tset")
    assert "unknown task set 'maze9/tset': expected one of " in message
    assert message.endswith("Did you mean 'maze9/test'?\n")


def test_a_task_set_file_that_is_not_there_is_named(genome: Path) -> None:
    assert "none.npz does not exist" in refused("evaluate", genome, "--tasks", "none.npz")


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


def test_a_genome_that_was_fed_rewards_is_refused(folder: Path) -> None:
    path = write_genome(folder / "fed.npz", reward_input="always")
    assert f"{path} was trained with reward_input 'always'" in refused(
        "evaluate", path, "--tasks", "maze9"
    )


@pytest.mark.parametrize("rollouts", [0, -1, True, 10**6, "three"])
def test_rollouts_that_a_genome_file_makes_up_are_refused(folder: Path, rollouts: object) -> None:
    path = write_genome(folder / "made-up.npz", task={"rollouts": rollouts})
    message = refused("evaluate", path, "--tasks", "maze9", "--lifetimes", 2)
    assert f"{path}: the task it says it was trained on is none" in message


def test_a_genome_that_saw_mazes_otherwise_is_refused(folder: Path) -> None:
    convention = "wall=-1 free=0 goal=+1"
    path = write_genome(folder / "negated.npz", observation=convention)
    assert f"{path} was trained with observation {convention!r}" in refused(
        "evaluate", path, "--tasks", "maze9"
    )


def test_what_cannot_be_written_is_said_before_anything_is_computed(
    genome: Path, folder: Path
) -> None:
    missing, file = folder / "missing" / "scores.json", folder / "file"
    file.touch()
    usual = ("evaluate", genome, "--tasks", "maze9")
    assert f"--json {missing}: there is no folder" in refused(*usual, "--json", missing)
    assert f"--figures {file}: File exists" in refused(*usual, "--figures", file)
    assert f"--json {folder} is a folder" in refused(*usual, "--json", folder)


def test_many_genomes_are_all_in_the_picture_files(genome: Path, folder: Path) -> None:
    figures = folder / "many"
    ended = evaluate(
        *[genome] * 8, "--tasks", "maze9", "--lifetimes", 1, "--rollouts", 1, "--figures", figures
    )
    assert ended.code == 0
    lives = {f"1-maze9-test-lifetimes-{number}.png" for number in range(1, 9)}
    assert {path.name for path in figures.glob("*.png")} == lives | {"1-maze9-test-rollouts.png"}
