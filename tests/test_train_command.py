"""``evo-plastic train`` as a user runs it: real processes, real signals, real files."""

import json
import os
import re
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Sequence
from pathlib import Path

import numpy as np
import pytest
from processes import descendants

CONFIG = """\
seed: 7
network: {{hidden_size: 16}}
strategy: {{population: 12}}
training:
  generations: {generations}
  curriculum: [{{start: 0, tasks: {tasks}}}]
  repeats: 1
  validation: {{every: 5, lifetimes: 16}}
  checkpoint_every: 5
pool: {{backend: {backend}, workers: 2}}
"""
ENDLESS = 1_000_000


def write_config(path: Path, generations: int, tasks: int = 4, backend: str = "local") -> Path:
    path.write_text(CONFIG.format(generations=generations, tasks=tasks, backend=backend))
    return path


def start(arguments: Sequence[str]) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [sys.executable, "-m", "evo_plastic", "train", *arguments],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


def train(arguments: Sequence[str]) -> tuple[int, str, str]:
    with start(arguments) as process:
        out, err = process.communicate(timeout=300)
    return process.returncode, out, err


def wait_until(condition: Callable[[], bool], process: subprocess.Popen[str]) -> None:
    for _ in range(3000):
        if condition():
            return
        assert process.poll() is None, process.communicate()
        time.sleep(0.05)
    raise TimeoutError("the run did not get there")


def generations(run: Path) -> int:
    rows = run / "metrics.jsonl"
    return rows.read_bytes().count(b"\n") if rows.exists() else 0


def final_state(run: Path) -> dict[str, bytes]:
    with np.load(run / "checkpoints" / "gen-000020.npz", allow_pickle=False) as file:
        return {name: file[name].tobytes() for name in file.files if name != "facts"}


@pytest.fixture(scope="module")
def undisturbed(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("undisturbed")
    code, out, err = train(
        [str(write_config(folder / "c.yaml", 20)), "--run", str(folder / "run")]
    )
    assert code == 0, err
    assert "20 generations; best validation" in out
    return folder / "run"


def assert_equal_runs(run: Path, other: Path) -> None:
    assert final_state(run) == final_state(other)
    for name in ("metrics.jsonl", "eval.jsonl"):
        assert (run / name).read_bytes() == (other / name).read_bytes()


def test_a_run_directory_says_everything(undisturbed: Path) -> None:
    manifest = json.loads((undisturbed / "manifest.json").read_text())
    assert manifest["status"] == "done"
    assert manifest["seed"] == 7
    assert manifest["totals"]["generations"] == 20
    names = {entry.name for entry in undisturbed.iterdir()}
    assert {"config.yaml", "metrics.jsonl", "eval.jsonl", "timings.jsonl", "genome.npz"} <= names
    assert (undisturbed / "training.png").read_bytes().startswith(b"\x89PNG")


def test_killed_and_resumed_equals_undisturbed(undisturbed: Path, tmp_path: Path) -> None:
    """kill -9 in the middle of a later generation than the last checkpoint, then --resume."""
    config, run = write_config(tmp_path / "c.yaml", ENDLESS), tmp_path / "run"
    process = start([str(config), "--run", str(run)])
    wait_until(lambda: generations(run) >= 11, process)
    process.kill()
    process.communicate()
    assert json.loads((run / "manifest.json").read_text())["status"] == "running"
    ended = generations(run)
    keep_checkpoints_up_to(run, 10)
    code, _, err = train(["--run", str(run), "--resume", "--set", "training.generations=20"])
    assert code == 0, err
    assert ended > 10
    assert "going on after generation 10" in err
    assert_equal_runs(run, undisturbed)


def keep_checkpoints_up_to(run: Path, generation: int) -> None:
    """As if the kill had come sooner: the run may be faster than this test looks."""
    for path in (run / "checkpoints").glob("gen-*.npz"):
        if int(path.stem[4:]) > generation:
            path.unlink()
    (run / "checkpoints" / "latest.json").unlink()
    assert (run / "checkpoints" / f"gen-{generation:06d}.npz").exists()


def test_a_killed_worker_changes_nothing(undisturbed: Path, tmp_path: Path) -> None:
    config = write_config(tmp_path / "c.yaml", 20, backend="ray")
    run = tmp_path / "run"
    process = start([str(config), "--run", str(run)])
    wait_until(lambda: generations(run) >= 2, process)
    os.kill(next(pid for pid in descendants(process.pid) if is_actor(pid)), signal.SIGKILL)
    _, err = process.communicate(timeout=300)
    assert process.returncode == 0, err
    assert_equal_runs(run, undisturbed)


def is_actor(pid: int) -> bool:
    try:
        return b"ray::Actor" in Path(f"/proc/{pid}/cmdline").read_bytes()
    except OSError:
        return False


@pytest.mark.parametrize(("number", "code"), [(signal.SIGINT, 130), (signal.SIGTERM, 143)])
def test_a_signal_saves_the_state(
    undisturbed: Path, tmp_path: Path, number: signal.Signals, code: int
) -> None:
    config, run = write_config(tmp_path / "c.yaml", ENDLESS), tmp_path / "run"
    process = start([str(config), "--run", str(run)])
    wait_until(lambda: generations(run) >= 1, process)
    process.send_signal(number)
    _, err = process.communicate(timeout=60)
    assert process.returncode == code, err
    assert f"Resume: evo-plastic train --run {run} --resume" in err
    assert json.loads((run / "manifest.json").read_text())["status"] == "interrupted"
    latest = json.loads((run / "checkpoints" / "latest.json").read_text())
    assert latest["generation"] == generations(run)


def test_a_finished_run_can_go_on(undisturbed: Path, tmp_path: Path) -> None:
    config, run = write_config(tmp_path / "c.yaml", 10), tmp_path / "run"
    assert train([str(config), "--run", str(run)])[0] == 0
    code, _, err = train(["--run", str(run), "--resume", "--set", "training.generations=20"])
    assert code == 0, err
    assert_equal_runs(run, undisturbed)
    sessions = json.loads((run / "manifest.json").read_text())["sessions"]
    assert len(sessions) == 2


def test_a_damaged_checkpoint_is_passed_over(undisturbed: Path, tmp_path: Path) -> None:
    config, run = write_config(tmp_path / "c.yaml", 10), tmp_path / "run"
    assert train([str(config), "--run", str(run)])[0] == 0
    newest = run / "checkpoints" / "gen-000010.npz"
    newest.write_bytes(newest.read_bytes()[:-100])
    code, _, err = train(["--run", str(run), "--resume", "--set", "training.generations=20"])
    assert code == 0, err
    assert re.search(r"gen-000010\.npz.*going on from gen-000005\.npz", err, re.DOTALL)
    assert_equal_runs(run, undisturbed)


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["{tmp}/missing.yaml"], "missing.yaml"),
        (["{tmp}/c.yaml", "--set", "strategy.popolation=5"], "did you mean 'population'"),
        (["{tmp}/c.yaml", "--set", "strategy.population=many"], "strategy.population"),
        (
            [
                "{tmp}/c.yaml",
                "--run",
                "{tmp}/new",
                "--set",
                "strategy.name=cma",
                "--set",
                "network={{name: meta-lstm, modulation: none}}",
            ],
            "full is for at most 2000 genes",
        ),
        (["{tmp}/c.yaml", "--run", "{run}"], "is not empty"),
        (["--run", "{tmp}", "--resume"], "is no run directory"),
        (["{tmp}/c.yaml", "--resume"], "--resume needs --run"),
        (["--run", "{run}", "--resume", "--set", "seed=8"], "other values of seed"),
        ([], "Missing argument 'CONFIG'"),
    ],
)
def test_bad_input_is_refused_with_exit_code_2(
    undisturbed: Path, tmp_path: Path, arguments: list[str], message: str
) -> None:
    write_config(tmp_path / "c.yaml", 5)
    before = sorted(path.name for path in tmp_path.iterdir())
    given = [text.format(tmp=tmp_path, run=undisturbed) for text in arguments]
    code, out, err = train(given)
    assert code == 2
    assert message in err
    assert "Traceback" not in err
    assert out == ""
    assert sorted(path.name for path in tmp_path.iterdir()) == before


def test_a_run_in_use_is_refused(tmp_path: Path) -> None:
    config, run = write_config(tmp_path / "c.yaml", ENDLESS), tmp_path / "run"
    process = start([str(config), "--run", str(run)])
    wait_until(lambda: generations(run) >= 1, process)
    code, _, err = train(["--run", str(run), "--resume"])
    process.kill()
    process.communicate()
    assert code == 2
    assert f"{run} is in use by another process" in err


def test_training_that_cannot_go_on_exits_with_3(tmp_path: Path) -> None:
    config = write_config(tmp_path / "c.yaml", 5)
    run = tmp_path / "run"
    code, _, err = train([str(config), "--run", str(run), "--set", "strategy.initial_spread=1e60"])
    assert code == 3
    assert "0 of 12 candidates have a finite fitness" in err
    assert json.loads((run / "manifest.json").read_text())["status"] == "failed"
