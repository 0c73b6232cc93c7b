"""What ``submit`` checks and packs before anything leaves this machine."""

import os
import shlex
import subprocess
import sys
from pathlib import Path, PurePosixPath

import pytest
from cli_runs import NETWORK, evo_plastic, refused, write_genome

from evo_plastic.cli import submitting
from evo_plastic.jit import FINGERPRINT
from evo_plastic.parsing import load_experiment
from evo_plastic.records.genomes import load_genome

NOWHERE = "http://127.0.0.1:1"


@pytest.fixture
def config(tmp_path: Path) -> Path:
    (tmp_path / "base.yaml").write_text("seed: 5\nstrategy: {population: 12}\n")
    path = tmp_path / "mine.yaml"
    path.write_text("extends: base.yaml\nnetwork: {hidden_size: 16}\npool: {backend: local}\n")
    return path


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["--run", "runs/a"], "--run runs/a: expected an absolute path on the cluster's storage"),
        (["--run", "/runs/../a"], "expected an absolute path"),
        (["--run", "/runs/-a"], "'-a' cannot name a run"),
        (["--run", "/runs/a", "--set", "pool.backend=local"], "a job has pool.backend=ray and"),
        (["--run", "/runs/a", "--set", "pool.address=null"], "a job has pool.backend=ray and"),
        (["--run", "/runs/a", "--set", "start=none.npz"], "none.npz does not exist"),
        (
            ["--run", "/runs/a", "--set", "strategy={name: cma}", "--set", "network.name=prnn"],
            "full is for at most 2000 genes",
        ),
    ],
)
def test_what_train_would_refuse_is_refused_here(
    config: Path, arguments: list[str], message: str
) -> None:
    assert message in refused("submit", config, "--address", NOWHERE, *arguments)


@pytest.mark.parametrize(
    ("override", "message"),
    [
        ("training.generation=7", "unknown key; did you mean 'generations'?"),
        ("pool.workers=none", "Input should be a valid integer"),
        ("seed=8", "--set seed=8: a resumed run may change only training.generations"),
    ],
)
def test_changes_of_a_run_out_of_reach_are_checked(override: str, message: str) -> None:
    arguments = ["--run", "/runs/a", "--resume", "--set", override, "--address", NOWHERE]
    ended = evo_plastic("submit", *arguments)
    assert (ended.code, ended.out) == (2, "")
    assert message in ended.err


def test_a_new_run_needs_a_configuration() -> None:
    ended = evo_plastic("submit", "--address", NOWHERE, "--run", "/runs/a")
    assert ended.code == 2
    assert "Missing argument 'CONFIG'" in ended.err


def test_without_ray_default_the_install_command_is_named(
    config: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "aiohttp", None)
    arguments = ["submit", config, "--address", NOWHERE, "--run", "/runs/a"]
    assert "pip install 'evo-plastic[cluster]'" in refused(*arguments)


def plan(config: Path | None, *overrides: str, resume: bool = False) -> submitting.Training:
    return submitting.plan(config, overrides, "/runs/a", resume)


def test_a_job_is_the_same_training_on_the_cluster_it_runs_on(
    config: Path, tmp_path: Path
) -> None:
    training = plan(config, "training.generations=7")
    submitting.pack(training, tmp_path, installed=True)
    (sent,) = {path.name for path in tmp_path.iterdir()} - {"base.yaml", "mine.yaml"}
    overrides = ["training.generations=7", "pool.backend=ray", "pool.address=auto"]
    assert (
        load_experiment(tmp_path / sent).experiment
        == load_experiment(config, overrides).experiment
    )
    assert shlex.split(training.command) == [
        *("exec", "python", "-m", "evo_plastic", "train", sent, "--run", "/runs/a"),
    ]


def test_a_run_that_goes_on_keeps_the_configuration_it_has_there(tmp_path: Path) -> None:
    training = plan(None, "pool.workers=3", "training.generations=9", resume=True)
    submitting.pack(training, tmp_path, installed=True)
    assert list(tmp_path.iterdir()) == []
    assert shlex.split(training.command) == [
        *("exec", "python", "-m", "evo_plastic", "train", "--run", "/runs/a", "--resume"),
        *("--set", "pool.workers=3", "--set", "training.generations=9"),
        *("--set", "pool.backend=ray", "--set", "pool.address=auto"),
    ]


def test_what_a_shell_would_read_is_quoted() -> None:
    training = submitting.Training(PurePosixPath("/a b/$(x)"), True, overrides=("a=';'",))
    assert shlex.split(training.command)[-4:] == ["/a b/$(x)", "--resume", "--set", "a=';'"]
    assert "'/a b/$(x)'" in training.command


def test_the_sources_and_the_first_genome_travel(config: Path, tmp_path: Path) -> None:
    """What was packed is what a process elsewhere imports and reads."""
    genome = write_genome(tmp_path / "genome.npz", NETWORK)
    folder = tmp_path / "packed"
    folder.mkdir()
    submitting.pack(plan(config, f"start={genome}"), folder, installed=False)
    code = (
        "import evo_plastic, numpy as np; from evo_plastic.jit import FINGERPRINT;"
        "from evo_plastic.cli import session; from pathlib import Path;"
        "start = session.plan_new(Path('config.yaml'), (), None).start;"
        "print(evo_plastic.__file__, FINGERPRINT, np.sum(start.genome))"
    )
    environment = {name: value for name, value in os.environ.items() if name != "PYTHONPATH"}
    ended = subprocess.run(
        [sys.executable, "-c", code], cwd=folder, env=environment, capture_output=True, text=True
    )
    assert ended.returncode == 0, ended.stderr
    where, fingerprint, total = ended.stdout.split()
    assert Path(where).is_relative_to(folder)
    assert fingerprint == FINGERPRINT
    assert float(total) == load_genome(genome).genome.sum()
