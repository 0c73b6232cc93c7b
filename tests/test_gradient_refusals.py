"""What training by gradients cannot be asked for, and how it says so."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest
import torch
from gradient_commands import FEWEST, FEWEST_TASKS, settings, train, write_configs

HOME = Path(__file__).parent.parent


@pytest.fixture(scope="module")
def configs(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    return write_configs(tmp_path_factory.mktemp("gradients"))


@pytest.fixture(scope="module")
def config(configs: dict[str, Path]) -> Path:
    return configs["a2c"]


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ("training.racing=true", "training.racing is for evolution strategies: a2c lives"),
        ("training.repeats=2", "training.repeats is for evolution strategies"),
        ("training.noise=independent", "training.noise is for evolution strategies"),
        ("training.curriculum=[{start: 0, tasks: 4}]", "training.curriculum is for evolution"),
        ("strategy={name: ppo, lifetimes: 3}", "minibatches must be at most lifetimes, 3"),
        ("strategy.population=8", "strategy.population: unknown key"),
        ("strategy.clip=0.1", "strategy.clip: unknown key"),
        ("strategy.window=0", "strategy.window"),
        ("strategy.discount=1.5", "strategy.discount"),
    ],
)
def test_settings_that_gradients_do_not_have_are_refused(
    config: Path, tmp_path: Path, change: str, message: str
) -> None:
    ended = train(config, tmp_path / "run", change)
    assert (ended.code, ended.out) == (2, "")
    assert message in ended.err
    assert "Traceback" not in ended.err
    assert not (tmp_path / "run").exists()


@pytest.mark.skipif(torch.cuda.is_available(), reason="there is a GPU")
def test_a_gpu_that_is_not_there_is_refused(config: Path, tmp_path: Path) -> None:
    ended = train(config, tmp_path / "run", "pool.device=cuda")
    assert ended.code == 2
    expected = "error: pool.device: cuda, but torch finds no GPU; expected auto or cpu"
    assert ended.err.splitlines() == [expected]
    assert not (tmp_path / "run").exists()


WITHOUT_TORCH = """\
import sys
sys.modules["torch"] = None
from evo_plastic.cli import run
sys.exit(run(sys.argv[1:]))
"""


@pytest.mark.parametrize(("name", "code"), [("ppo", 2), ("evolution", 0)])
def test_only_gradients_need_torch(
    configs: dict[str, Path], tmp_path: Path, name: str, code: int
) -> None:
    command = [sys.executable, "-c", WITHOUT_TORCH, "train", str(configs[name]), "--run", "run"]
    command += settings(*FEWEST, *(FEWEST_TASKS if name == "evolution" else ()))
    environment = os.environ | {"PYTHONPATH": str(HOME)}
    ended = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True,
                           env=environment, timeout=120)  # fmt: skip
    assert ended.returncode == code, ended.stderr
    assert "Traceback" not in ended.stderr
    if code:
        expected = "error: strategy ppo needs torch: pip install 'evo-plastic[torch]'"
        assert ended.stderr.splitlines() == [expected]
        assert not (tmp_path / "run").exists()


def test_training_that_overflows_exits_with_3(config: Path, tmp_path: Path) -> None:
    run = tmp_path / "run"
    ended = train(config, run, "strategy.initial_spread=1e60")
    assert ended.code == 3
    assert "error: 0 of 8 lifetimes have a finite fitness" in ended.err
    assert json.loads((run / "manifest.json").read_text())["status"] == "failed"
