"""The command ``inspect``, on real files and threads."""

import json
import sys
from pathlib import Path
from typing import NamedTuple

import numpy as np
import pytest
from cli_runs import Ended, evo_plastic, refused, rows, write_genome
from numpy.typing import NDArray

from evo_plastic.analysis.embedding import embed
from evo_plastic.analysis.inside import SCHEMA, Inside, save_inside
from evo_plastic.analysis.movement import movement
from evo_plastic.analysis.trace import Trace
from evo_plastic.arrays import load_arrays
from evo_plastic.config import NetworkConfig, NetworkName
from evo_plastic.tasks import named_set

MAZE, ROLLOUTS = 3, 2


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("inspect")


@pytest.fixture(scope="module")
def genome(folder: Path) -> Path:
    return write_genome(folder / "genome.npz")


class Inspected(NamedTuple):
    ended: Ended
    out: Path
    arrays: dict[str, NDArray[np.generic]]


@pytest.fixture(scope="module")
def usual(genome: Path, folder: Path) -> Inspected:
    out = folder / "some" / "folder"
    options = ["--maze", MAZE, "--rollouts", ROLLOUTS, "--format", "svg"]
    ended = evo_plastic("inspect", genome, "--tasks", "maze9", *options, "--out", out)
    assert (ended.code, ended.err) == (0, "")
    with np.load(out / "trace.npz") as file:
        return Inspected(ended, out, dict(file))


def test_it_writes_a_file_and_three_figures_and_says_where(usual: Inspected) -> None:
    names = ["trace.npz", "embedding.svg", "movement.svg", "modulation.svg"]
    assert usual.ended.out.splitlines()[:4] == [str(usual.out / name) for name in names]
    assert sorted(names) == sorted(path.name for path in usual.out.iterdir())
    for name in names[1:]:
        assert "<!-- rollout 2 -->" in (usual.out / name).read_text()


def test_the_lifetime_is_the_one_that_evaluate_lives(usual: Inspected, genome: Path) -> None:
    totals = {"mean": np.zeros(ROLLOUTS), "steps": np.zeros(ROLLOUTS)}
    for lifetimes, sign in ((MAZE, -1), (MAZE + 1, 1)):
        path = usual.out.parent / f"{lifetimes}.json"
        options = ["--lifetimes", lifetimes, "--rollouts", ROLLOUTS, "--workers", 1]
        assert (
            evo_plastic("evaluate", genome, "--tasks", "maze9", *options, "--json", path)[0] == 0
        )
        score = json.loads(path.read_text())["scores"][0]
        for name, total in totals.items():
            total += sign * lifetimes * np.array(score[name])
    rollout, rewards = usual.arrays["rollout"], usual.arrays["rewards"]
    np.testing.assert_allclose(np.bincount(rollout), totals["steps"])
    np.testing.assert_allclose(np.bincount(rollout, rewards), totals["mean"], atol=1e-12)
    first = named_set("maze9/test").start[MAZE]
    np.testing.assert_array_equal(usual.arrays["position"][0], first)


def test_the_file_holds_what_was_measured_of_what_it_holds(usual: Inspected) -> None:
    arrays = usual.arrays
    steps = len(arrays["rollout"])
    weights = [arrays[f"weights/{name}"] for name in ("recurrent", "input")]
    assert [W.shape for W in weights] == [(steps, 16, 16), (steps, 16, 15)]
    memory = np.concatenate([W.reshape(steps, -1) for W in weights], axis=1).astype(float)
    ends = np.append(np.flatnonzero(np.diff(arrays["rollout"])), steps - 1)
    for name, points in (("weights", memory), ("activity", arrays["state/h"])):
        moved = movement(points, ends)
        for field in ("step", "displacement", "lags", "lagged", "rollout_net"):
            np.testing.assert_array_equal(
                arrays[f"movement/{name}/{field}"], getattr(moved, field)
            )
    np.testing.assert_array_equal(arrays["embedding/weights/tsne"], embed(memory).tsne)
    assert arrays["modulation/input"].shape == (steps,)
    _, facts = load_arrays(usual.out / "trace.npz", SCHEMA, 10**8)
    assert facts == {
        "genome": str(usual.out.parent.parent / "genome.npz"),
        "network": "DecPRNN(PostDN)",
        "task_set": "maze9/test",
        "sha256": named_set("maze9/test").content_hash,
        "maze": MAZE,
        "seed": 0,
    }


def test_the_table_has_a_row_for_every_rollout_and_one_for_the_lifetime(usual: Inspected) -> None:
    headers, *found = rows("\n".join(usual.ended.out.splitlines()[4:]))
    distances = ("path", "net", "net/path")
    measured = [f"{what}: {d}" for what in ("weights", "activity") for d in distances]
    assert headers == [
        "rollout",
        "steps",
        "reward",
        "goals",
        *measured,
        "m, recurrent",
        "m, input",
    ]
    assert [row[0] for row in found] == ["1", "2", "all"]
    arrays = usual.arrays
    path, net = (arrays[f"movement/weights/{name}"] for name in ("path", "displacement"))
    assert found[-1][4:7] == [f"{n:.4g}" for n in (path[-1], net[-1], net[-1] / path[-1])]
    first = arrays["movement/activity/rollout_path"][0], arrays["movement/activity/rollout_net"][0]
    assert found[0][7:9] == [f"{number:.4g}" for number in first]
    own = arrays["modulation/recurrent"][arrays["rollout"] == 1]
    assert found[1][10] == f"{own.min():.2g}–{own.max():.2g}"
    assert int(found[-1][1]) == len(path) == int(found[0][1]) + int(found[1][1])


def test_the_same_lifetime_gives_the_same_file_and_another_seed_another_lifetime(
    usual: Inspected, genome: Path, folder: Path
) -> None:
    chosen = ["--tasks", "maze9", "--maze", MAZE, "--rollouts", ROLLOUTS]
    for seed in (0, 1):
        out = folder / f"seed-{seed}"
        assert evo_plastic("inspect", genome, *chosen, "--seed", seed, "--out", out).code == 0
    again = folder / "seed-0" / "trace.npz"
    assert again.read_bytes() == (usual.out / "trace.npz").read_bytes()
    assert (folder / "seed-0" / "movement.png").stat().st_size > 10_000
    with np.load(folder / "seed-1" / "trace.npz") as file:
        assert file["actions"].tolist() != usual.arrays["actions"].tolist()


@pytest.mark.parametrize("name", ["meta-rnn", "dec-prnn"])
def test_without_modulation_there_is_no_figure_of_it(folder: Path, name: NetworkName) -> None:
    network = NetworkConfig(name=name, modulation="none", hidden_size=16)
    genome, out = write_genome(folder / f"{name}.npz", network), folder / name
    ended = evo_plastic("inspect", genome, "--tasks", "maze9", "--rollouts", 1, "--out", out)
    assert (ended.code, ended.err) == (0, "")
    assert {path.name for path in out.iterdir()} == {"trace.npz", "embedding.png", "movement.png"}
    assert "m, " not in ended.out
    plastic = name == "dec-prnn"
    with np.load(out / "trace.npz") as file:
        assert ("movement/weights/path" in file) == ("modulation/input" in file) == plastic
        assert "movement/activity/path" in file
    assert ("weights: path" in ended.out) == plastic


@pytest.mark.parametrize(("steps", "kept"), [(256, True), (257, False)])
def test_weights_are_left_out_where_they_would_fill_the_file(
    tmp_path: Path, steps: int, kept: bool
) -> None:
    per_step = np.zeros(steps)
    trace = Trace(
        rollout=per_step.astype(np.int64),
        position=np.zeros((steps, 2), np.int64),
        inputs=np.zeros((steps, 15)),
        actions=per_step.astype(np.int64),
        rewards=per_step,
        outputs=np.zeros((steps, 5)),
        state={"h": np.ones((steps, 32))},
        modulation={"recurrent": per_step},
        weights={"recurrent": np.zeros((steps, 32, 32), np.float32)},
    )
    save_inside(tmp_path / "trace.npz", Inside(trace, {}, {}), {})
    with np.load(tmp_path / "trace.npz") as file:
        assert ("weights/recurrent" in file) == kept
        assert file["state/h"].shape == (steps, 32)


def test_mistakes_are_named(genome: Path, folder: Path) -> None:
    usual = ("inspect", genome, "--tasks", "maze9", "--out", folder / "x")
    assert "--maze 2048: maze9/test has mazes 0 to 2047" in refused(*usual, "--maze", 2048)
    assert "nowhere.npz does not exist" in refused("inspect", "nowhere.npz", *usual[2:])
    message = refused("inspect", genome, "--tasks", "maze7", "--out", folder / "x")
    assert "unknown task set 'maze7'" in message
    message = refused("inspect", genome, "--tasks", "maze9", "--out", genome)
    assert f"--out {genome}: File exists" in message
    assert not (folder / "x").exists()


def test_a_file_that_cannot_be_written_is_named(genome: Path, folder: Path) -> None:
    blocked = folder / "blocked" / "trace.npz"
    blocked.mkdir(parents=True)
    message = refused(
        "inspect", genome, "--tasks", "maze9", "--rollouts", 1, "--out", blocked.parent
    )
    assert f"{blocked} cannot be written: Is a directory" in message


def test_without_scikit_learn_the_extra_is_named(
    genome: Path, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "sklearn.decomposition", None)
    message = refused(
        "inspect", genome, "--tasks", "maze9", "--rollouts", 1, "--out", folder / "bare"
    )
    assert "pip install 'evo-plastic[analysis]'" in message


def test_an_older_figure_of_modulation_does_not_stay(genome: Path, folder: Path) -> None:
    plain = NetworkConfig(name="dec-prnn", modulation="none", hidden_size=16)
    other, out = write_genome(folder / "plain.npz", plain), folder / "twice"
    for path, there in ((genome, True), (other, False)):
        ended = evo_plastic("inspect", path, "--tasks", "maze9", "--rollouts", 1, "--out", out)
        assert (ended.code, ended.err) == (0, "")
        assert (out / "modulation.png").exists() == there
    (out / "modulation.png").mkdir()
    ended = evo_plastic("inspect", other, "--tasks", "maze9", "--rollouts", 1, "--out", out)
    assert ended.code == 2
    assert f"{out / 'modulation.png'} cannot be written: " in ended.err


def test_a_lifetime_that_diverges_is_refused(folder: Path) -> None:
    genome = write_genome(folder / "wild.npz", spread=1e30)
    message = refused("inspect", genome, "--tasks", "maze9", "--maze", 5, "--out", folder / "wild")
    assert f"{genome} diverges in rollout 1 of maze 5" in message


@pytest.mark.parametrize(
    ("option", "value"), [("--maze", -1), ("--rollouts", 65), ("--format", "gif"), ("--seed", "x")]
)
def test_wrong_usage_names_the_option(option: str, value: object) -> None:
    ended = evo_plastic("inspect", "a.npz", "--tasks", "maze9", "--out", "x", option, value)
    assert (ended.code, ended.out) == (2, "")
    assert option in ended.err.splitlines()[-1]
