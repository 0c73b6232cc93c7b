"""Training by gradients as a user runs it: whole runs, resumed ones, and where they lead."""

import json
from pathlib import Path

import numpy as np
import pytest
from cli_runs import NETWORK, evo_plastic, layout_of
from gradient_commands import FEWEST, FEWEST_TASKS, settings, train, write_configs
from test_train_command import generations, keep_checkpoints_up_to, start, wait_until

from evo_plastic.parsing import load_experiment
from evo_plastic.records.genomes import load_genome


@pytest.fixture(scope="module")
def configs(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    return write_configs(tmp_path_factory.mktemp("gradients"))


@pytest.fixture(scope="module")
def config(configs: dict[str, Path]) -> Path:
    return configs["a2c"]


@pytest.fixture(scope="module")
def runs(configs: dict[str, Path]) -> dict[str, Path]:
    found = {name: configs[name].parent / name for name in ("a2c", "ppo")}
    for name, run in found.items():
        ended = train(configs[name], run)
        assert ended.code == 0, ended.err
        assert "3 generations; best validation" in ended.out
    return found


@pytest.fixture(params=["a2c", "ppo"])
def finished(runs: dict[str, Path], request: pytest.FixtureRequest) -> Path:
    return runs[request.param]


def rows(run: Path, name: str) -> list[dict[str, object]]:
    return [json.loads(line) for line in (run / name).read_text().splitlines()]


def test_a_run_directory_is_complete(finished: Path) -> None:
    manifest = json.loads((finished / "manifest.json").read_text())
    assert manifest["status"] == "done"
    assert manifest["totals"]["lifetimes"] == 3 * 8
    metrics = rows(finished, "metrics.jsonl")
    assert [row["generation"] for row in metrics] == [1, 2, 3]
    told = {"fitness_mean", "policy_loss", "value_loss", "gradient", "entropy", "left_out"}
    assert told <= set(metrics[0])
    assert metrics[-1]["env_steps"] == manifest["totals"]["env_steps"]
    assert [row["generation"] for row in rows(finished, "eval.jsonl")] == [2, 3]
    assert len(rows(finished, "timings.jsonl")) == 3
    assert load_genome(finished / "genome.npz").layout == layout_of(NETWORK)
    names = {path.name for path in (finished / "checkpoints").iterdir()}
    assert names == {"latest.json", *(f"gen-{g:06d}.npz" for g in (1, 2, 3))}
    assert (finished / "training.png").read_bytes().startswith(b"\x89PNG")
    experiment = load_experiment(finished / "config.yaml").experiment
    assert experiment.strategy.name == finished.name


def test_a_killed_run_goes_on_as_if_it_had_not_been(
    config: Path, runs: dict[str, Path], tmp_path: Path
) -> None:
    """kill -9 after a later update than that of the checkpoint, then --resume."""
    undisturbed, run = runs["a2c"], tmp_path / "run"
    process = start([str(config), "--run", str(run), *settings("training.generations=1000000")])
    wait_until(lambda: generations(run) >= 2, process)
    process.kill()
    process.communicate()
    keep_checkpoints_up_to(run, 1)
    resumed = evo_plastic("train", "--run", run, "--resume", *settings("training.generations=3"))
    assert resumed.code == 0, resumed.err
    assert "going on after generation 1" in resumed.err
    for name in ("metrics.jsonl", "eval.jsonl"):
        assert (run / name).read_bytes() == (undisturbed / name).read_bytes()
    one, other = (arrays(path / "checkpoints/gen-000003.npz") for path in (run, undisturbed))
    assert one == other
    one, other = (arrays(path / "genome.npz") for path in (run, undisturbed))
    assert one == other


def arrays(path: Path) -> dict[str, bytes]:
    with np.load(path, allow_pickle=False) as file:
        return {name: file[name].tobytes() for name in file.files if name != "facts"}


def test_evaluate_and_report_know_such_runs(finished: Path, tmp_path: Path) -> None:
    few = ["--tasks", "maze9", "--lifetimes", 8]
    scores, page = tmp_path / "scores.json", tmp_path / "page.html"
    evaluated = evo_plastic("evaluate", finished, *few, "--workers", 1, "--json", scores)
    assert (evaluated.code, evaluated.err) == (0, "")
    [mine, _, _] = json.loads(scores.read_text())["scores"]
    assert mine["policy"] == str(finished)
    assert len(mine["mean"]) == 1
    reported = evo_plastic("report", finished, *few, "--mazes", 2, "--workers", 1, "--out", page)
    assert (reported.code, reported.err) == (0, "")
    assert finished.name in page.read_text()


def test_evolution_begins_at_a_genome_of_gradients(
    configs: dict[str, Path], finished: Path, tmp_path: Path
) -> None:
    run = tmp_path / "evolved"
    ended = train(configs["evolution"], run, f"start={finished}", *FEWEST, *FEWEST_TASKS)
    assert ended.code == 0, ended.err
    assert_began_at(run, finished)


def test_gradients_begin_at_a_genome_of_evolution(
    configs: dict[str, Path], tmp_path: Path
) -> None:
    first, run = tmp_path / "evolved", tmp_path / "run"
    assert train(configs["evolution"], first, *FEWEST, *FEWEST_TASKS).code == 0
    ended = train(configs["a2c"], run, "strategy.learning_rate=1.0e-9", f"start={first}", *FEWEST)
    assert ended.code == 0, ended.err
    assert_began_at(run, first)


def assert_began_at(run: Path, first: Path) -> None:
    """A run of one generation that hardly moves."""
    given = load_genome(first / "genome.npz").genome
    np.testing.assert_array_equal(load_genome(run / "start.npz").genome, given)
    found = load_genome(run / "genome.npz").genome
    np.testing.assert_allclose(found, given, atol=1e-7)
    assert np.abs(given).mean() > 1e-2
