"""The Slurm script, run with commands of Slurm that do what they are asked on this machine."""

import contextlib
import json
import os
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from cli_runs import evo_plastic
from ray_cluster import kill, with_mark

SCRIPT = Path(__file__).parent.parent / "configs" / "cluster" / "slurm.sh"
CONFIG = """\
network: {hidden_size: 16}
strategy: {population: 12}
training:
  generations: 1
  curriculum: [{start: 0, tasks: 16}]
  repeats: 1
  validation: {every: 1, lifetimes: 16}
"""
COMMANDS = {
    "evo-plastic": f'exec {sys.executable} -m evo_plastic "$@"',
    "python": f'exec {sys.executable} "$@"',
    "ray": f'exec {sys.executable} -m ray.scripts.scripts "$@"',
    "hostname": "echo 127.0.0.1 192.0.2.1",
    # Its options come first, all of the form --name=value.
    "srun": 'while [ "${1#--}" != "$1" ]; do shift; done; exec "$@"',
}


@pytest.fixture
def folder() -> Iterator[Path]:
    """Where a job starts: with a virtual environment that knows our commands."""
    with tempfile.TemporaryDirectory(prefix="slurm") as name:
        bin = Path(name) / ".venv" / "bin"
        bin.mkdir(parents=True)
        for command, body in COMMANDS.items():
            (bin / command).write_text(f"#!/bin/bash\n{body}\n")
            (bin / command).chmod(0o755)
        (bin / "activate").write_text(f"export PATH={bin}:$PATH\n")
        yield Path(name)


@pytest.fixture
def _another_job_on_this_node() -> Iterator[None]:
    """It has the port of Ray's client server that every head wants by default."""
    with socket.socket() as taken:
        with contextlib.suppress(OSError):  # somebody else has it: as well
            taken.bind(("127.0.0.1", 10001))
        yield


CLUSTER_LOST = 4


class Job:
    """The script as Slurm runs it, of two nodes with a CPU each."""

    def __init__(self, number: int, folder: Path, arguments: list[object]) -> None:
        self.number = number
        slurm = {
            "SLURM_JOB_ID": str(number),
            "SLURM_JOB_NUM_NODES": "2",
            "SLURM_CPUS_PER_TASK": "1",
            "SLURMD_NODENAME": "here",
            "PYTHONPATH": str(SCRIPT.parent.parent.parent),
        }
        kept = {name: value for name, value in os.environ.items() if not name.startswith("RAY_")}
        self.log = folder / "log"
        with self.log.open("w") as log:
            self.script = subprocess.Popen(
                ["bash", SCRIPT, *map(str, arguments)],
                cwd=folder, env=kept | slurm, stdout=log, stderr=log, start_new_session=True,
            )  # fmt: skip

    def reaches(self, run: Path, count: int) -> bool:
        """Whether the run comes to so many generations before the job ends."""
        deadline = time.monotonic() + 240
        while (run / "metrics.jsonl").read_bytes().count(b"\n") < count:
            assert time.monotonic() < deadline, self.log.read_text()
            if self.script.poll() is not None:
                return False
            time.sleep(0.2)
        return True

    def end(self) -> None:
        """What Slurm does when the script has ended."""
        kill(lambda: with_mark(self.script.pid, f"SLURM_JOB_ID={self.number}"))
        self.script.wait()
        shutil.rmtree(f"/tmp/ray-{self.number}", ignore_errors=True)


@pytest.mark.usefixtures("_another_job_on_this_node")
def test_a_job_goes_on_with_its_run_and_saves_it_before_the_time_is_up(
    folder: Path, tmp_path: Path
) -> None:
    config, run = tmp_path / "c.yaml", tmp_path / "run"
    config.write_text(CONFIG)
    assert evo_plastic("train", config, "--run", run).code == 0
    config.write_text(CONFIG.replace("generations: 1", "generations: 1000000"))

    # On a busy machine Ray misses its own limit for a start: the same line again goes on.
    for number in (os.getpid() % 10000, os.getpid() % 10000 + 10000):
        job = Job(number, folder, [config, run, "--set", "pool.workers=1"])
        try:
            if job.reaches(run, 4):
                job.script.send_signal(signal.SIGTERM)  # to it alone, as --signal=B:TERM does
            code = job.script.wait(60)
        finally:
            job.end()
        if code != CLUSTER_LOST:
            break
    log = job.log.read_text()
    assert code == 128 + signal.SIGTERM, log
    assert "going on after generation 1\n" in log
    assert "interrupted, state saved" in log
    assert json.loads((run / "manifest.json").read_text())["status"] == "interrupted"
