"""A cluster that demands no token: used only by who says ``--insecure``, and without a token."""

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from cli_runs import NETWORK, evo_plastic, refused, write_genome
from ray_cluster import RayCluster, ray_cluster

# Ray's own call of aiohttp.
pytestmark = pytest.mark.filterwarnings("ignore:ssl=None is deprecated:DeprecationWarning")

CONFIG = """\
network: {hidden_size: 16}
strategy: {population: 12}
training:
  generations: 2
  curriculum: [{start: 0, tasks: 16}]
  repeats: 1
  validation: {every: 2, lifetimes: 16}
pool: {workers: 1}
"""
OPEN = "demands no token, so whoever reaches it can run code there"


@pytest.fixture(scope="module")
def cluster() -> Iterator[RayCluster]:
    with ray_cluster("disabled") as started:
        yield started


@pytest.fixture(autouse=True)
def _at_its_door(cluster: RayCluster, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("RAY_API_SERVER_ADDRESS", cluster.url)
    monkeypatch.setenv("RAY_AUTH_TOKEN_PATH", str(cluster.token))  # must not be shown
    for name in ("RAY_AUTH_TOKEN", "RAY_AUTH_MODE", "RAY_ADDRESS"):
        monkeypatch.delenv(name, raising=False)


@pytest.fixture
def config(tmp_path: Path) -> Path:
    path = tmp_path / "c.yaml"
    path.write_text(CONFIG)
    return path


def status(run: Path) -> str:
    return str(json.loads((run / "manifest.json").read_text())["status"])


def test_it_is_refused(cluster: RayCluster, config: Path, tmp_path: Path) -> None:
    assert OPEN in refused("jobs", "list")
    assert OPEN in refused("submit", config, "--run", tmp_path / "a")
    joining = ["--set", f"pool.address={cluster.address}"]
    ended = evo_plastic("train", config, "--run", tmp_path / "a", *joining)
    assert (ended.code, ended.out) == (2, "")
    assert ended.err.splitlines()[-1].startswith(f"error: the cluster at {cluster.address} {OPEN}")


def test_a_pool_joins_it_when_that_is_meant(
    cluster: RayCluster, config: Path, tmp_path: Path
) -> None:
    run = tmp_path / "a"
    command = [sys.executable, "-m", "evo_plastic", "train", config, "--run", run, "--insecure"]
    # Ray in a process of its own: it reads its variables once.
    ended = subprocess.run(
        [*command, "--set", f"pool.address={cluster.address}"],
        capture_output=True,
        text=True,
        env=os.environ | {"PYTHONPATH": str(Path(__file__).parent.parent)},
    )
    assert ended.returncode == 0, ended.stderr
    assert status(run) == "done"


def test_a_job_brings_its_sources_and_its_first_genome(
    cluster: RayCluster, config: Path, tmp_path: Path
) -> None:
    run = tmp_path / "runs" / "b"
    start = write_genome(tmp_path / "genome.npz", NETWORK)
    ended = evo_plastic("submit", config, "--run", run, "--insecure", "--set", f"start={start}")
    assert ended.code == 0, ended.out + ended.err
    assert f"{run}: 2 generations; best validation" in ended.out
    assert (status(run), (run / "start.npz").exists()) == ("done", True)
    _, job = evo_plastic("jobs", "list", "--insecure").out.splitlines()
    assert job.split()[1] == "succeeded"
