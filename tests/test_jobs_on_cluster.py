"""``submit`` and ``jobs`` on a real cluster: tokens, logs, exit codes, stop and resume."""

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
import yaml
from cli_runs import evo_plastic, refused, rows
from ray_cluster import RayCluster, end, free_ports, ray_cluster

from evo_plastic.cli import following
from evo_plastic.errors import InputError
from workers import cluster as clusters
from workers import job_server

# Ray's own call of aiohttp.
pytestmark = pytest.mark.filterwarnings("ignore:ssl=None is deprecated:DeprecationWarning")

CONFIG = """\
seed: 7
network: {hidden_size: 16}
strategy: {population: 12}
training:
  generations: 1000000
  curriculum: [{start: 0, tasks: 16}]
  repeats: 1
  validation: {every: 5, lifetimes: 16}
  checkpoint_every: 5
pool: {workers: 1}
"""


@pytest.fixture(scope="module")
def cluster() -> Iterator[RayCluster]:
    with ray_cluster() as started:
        yield started


@pytest.fixture(autouse=True)
def _at_its_door(cluster: RayCluster, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("RAY_API_SERVER_ADDRESS", cluster.url)
    monkeypatch.setenv("RAY_AUTH_TOKEN_PATH", str(cluster.token))
    monkeypatch.setenv("RAY_ADDRESS", "http://127.0.0.1:1")  # must not be followed
    monkeypatch.delenv("RAY_AUTH_TOKEN", raising=False)


@pytest.fixture
def config(tmp_path: Path) -> Path:
    path = tmp_path / "c.yaml"
    path.write_text(CONFIG)
    return path


def submitted(*arguments: object) -> str:
    """Name of a job that runs these sources where they are: their kernels are compiled."""
    ended = evo_plastic("submit", *arguments, "--installed", "--no-wait")
    assert ended.code == 0, ended.err
    return ended.out.strip()


def wait_until(condition: Callable[[], bool], name: str) -> None:
    for _ in range(900):
        if condition():
            return
        time.sleep(0.2)
    raise TimeoutError(evo_plastic("jobs", "status", name))


def status(run: Path) -> str:
    return str(json.loads((run / "manifest.json").read_text())["status"])


def generations(run: Path) -> int:
    metrics = run / "metrics.jsonl"
    return metrics.read_bytes().count(b"\n") if metrics.exists() else 0


def test_a_run_is_left_alone_stopped_and_resumed(
    config: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    run = tmp_path / "runs" / "a"
    name = submitted(config, "--run", run)
    assert name.startswith("a-20")
    wait_until(lambda: generations(run) >= 6, name)
    assert evo_plastic("jobs", "status", name).out == "RUNNING\n"

    for number, code in ((signal.SIGINT, 130), (signal.SIGTERM, 143)):
        with monkeypatch.context() as patch:
            patch.setattr(following, "_show", lambda _, n=number: os.kill(os.getpid(), n))
            left = evo_plastic("jobs", "follow", name)
        assert left.code == code
        assert left.err == (
            f"{name} runs on. Follow it again: evo-plastic jobs follow {name}; "
            f"stop it: evo-plastic jobs stop {name}\n"
        )
    header, latest = rows(evo_plastic("jobs", "list").out)
    assert header == ["job", "status", "started", "run"]
    assert latest == [name, "running", latest[2], str(run)]

    asked = evo_plastic("jobs", "stop", name)
    assert (asked.code, asked.out) == (0, "")
    assert asked.err.startswith(f"{name} was asked to stop")
    stopped = evo_plastic("jobs", "follow", name)
    assert stopped.code == 143
    assert "interrupted, state saved" in stopped.out
    assert f"{name} was stopped. Resume: evo-plastic submit --run {run} --resume" in stopped.err
    assert status(run) == "interrupted"

    first = generations(run)
    end_at = f"training.generations={first + 3}"
    resumed = evo_plastic("submit", "--run", run, "--resume", "--set", end_at, "--installed")
    assert resumed.code == 0, resumed.out
    assert f"going on after generation {first}\n" in resumed.out
    assert f"{run}: {first + 3} generations; best validation" in resumed.out
    assert (status(run), generations(run)) == ("done", first + 3)


def test_what_fails_there_has_its_exit_code_here(config: Path, tmp_path: Path) -> None:
    run = tmp_path / "full"
    run.mkdir()
    (run / "file").touch()
    ended = evo_plastic("submit", config, "--run", run)
    assert ended.code == 2
    assert f"error: {run} is not empty" in ended.out
    name = ended.err.split()[0]
    assert ended.err == f"{name} failed with exit code 2\n"
    again = evo_plastic("jobs", "follow", name)
    assert (again.code, again.out, again.err) == ended
    stopped = evo_plastic("jobs", "stop", name)
    assert (stopped.code, stopped.err) == (0, f"{name} had ended: failed\n")


def test_a_job_that_does_not_exist_is_refused(cluster: RayCluster) -> None:
    for command in ("status", "follow", "stop"):
        message = refused("jobs", command, "nobody")
        assert message == f"error: the cluster at {cluster.url} knows no job nobody\n"
    assert "names no job" in refused("jobs", "stop", "../version")


def test_the_token_must_be_that_of_the_cluster(
    cluster: RayCluster, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("RAY_AUTH_TOKEN", "another")
    expected = f"error: the token we have is not that of the cluster at {cluster.url}\n"
    assert refused("jobs", "list") == expected
    monkeypatch.setenv("RAY_AUTH_TOKEN", "")
    monkeypatch.setenv("RAY_AUTH_TOKEN_PATH", str(tmp_path / "none"))
    assert "demands a token: expected it in RAY_AUTH_TOKEN, in" in refused("jobs", "list")


def test_a_pool_joins_with_the_token_of_the_cluster_alone(
    cluster: RayCluster, config: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with monkeypatch.context() as patch:
        patch.setenv("RAY_AUTH_TOKEN", "another")
        with pytest.raises(InputError, match=r"^the token we have is not that of the cluster at"):
            clusters.start(cluster.address, 1)
    command = [sys.executable, "-m", "evo_plastic", "train", config, "--run", tmp_path / "a"]
    settings = ["--set", f"pool.address={cluster.address}", "--set", "training.generations=2"]
    # Ray in a process of its own: it reads its variables once.
    environment = os.environ | {"PYTHONPATH": str(Path(__file__).parent.parent)}
    environment.pop("RAY_AUTH_MODE", None)
    ended = subprocess.run([*command, *settings], capture_output=True, text=True, env=environment)
    assert ended.returncode == 0, ended.stderr
    assert status(tmp_path / "a") == "done"


def test_another_port_of_the_cluster_is_told_from_its_gcs(cluster: RayCluster) -> None:
    address = cluster.url.removeprefix("http://")
    with pytest.raises(InputError, match=r"something else: expected Ray's GCS, as in head:6379"):
        clusters.start(address, 1)


@pytest.mark.parametrize(
    "address", ["ftp://head", "os://head", "http://me:secret@head", "http://", "http://head:x"]
)
def test_an_address_of_another_form_is_refused(address: str) -> None:
    assert "expected http://host:port" in refused("jobs", "list", "--address", address)


def test_another_port_of_the_cluster_is_told_from_the_job_server(cluster: RayCluster) -> None:
    message = refused("jobs", "list", "--address", cluster.address)
    assert "expected Ray's job server" in message


def test_a_cluster_that_does_not_answer_is_exit_code_4() -> None:
    (port,) = free_ports(1)
    ended = evo_plastic("jobs", "list", "--address", f"127.0.0.1:{port}")
    assert ended.code == 4
    assert f"error: no cluster answers at http://127.0.0.1:{port}" in ended.err


def test_a_head_on_kubernetes_ends_after_its_jobs(
    config: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What ``configs/cluster/rayjob.yaml`` runs before the head's container is ended."""
    manifest = Path(__file__).parent.parent / "configs" / "cluster" / "rayjob.yaml"
    documents = yaml.safe_load_all(manifest.read_text())
    script = next(one["data"]["stop.sh"] for one in documents if one["kind"] == "ConfigMap")
    ours = tmp_path / "evo-plastic"
    ours.write_text(f'#!/bin/sh\nexec {sys.executable} -m evo_plastic "$@"\n')
    ours.chmod(0o755)
    monkeypatch.setenv("PATH", str(tmp_path), prepend=os.pathsep)
    monkeypatch.setenv("PYTHONPATH", str(Path(__file__).parent.parent))

    run = tmp_path / "runs" / "k"
    name = submitted(config, "--run", run)
    wait_until(lambda: generations(run) >= 1, name)
    subprocess.run(["bash", "-c", script], check=True, timeout=120)
    assert status(run) == "interrupted"
    assert evo_plastic("jobs", "status", name).out == "STOPPED\n"


def test_a_cluster_that_dies_is_exit_code_4(
    cluster: RayCluster, config: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The last test: nothing is left of the cluster."""
    monkeypatch.setattr(job_server, "LOST_SECONDS", 2.0)
    name = submitted(config, "--run", tmp_path / "runs" / "c")
    monkeypatch.setattr(following, "_show", lambda _: end(cluster))
    ended = evo_plastic("jobs", "follow", name)
    assert ended.code == 4
    assert ended.err == f"error: the cluster at {cluster.url} no longer answers\n"
