"""The Slurm script run by Slurm itself: a real training, and a stand-in for Ray alone."""

import json
import shutil
import signal
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from real_slurm import Slurm, missing, slurm_cluster
from test_slurm import CONFIG, SCRIPT

from benchmarks.faults.processes import running

pytestmark = pytest.mark.skipif(bool(missing()), reason=f"no {' '.join(missing())} here")

RAY = """\
echo "$SLURMD_NODENAME" $$ >> starts
for option; do case "$option" in --temp-dir=*) folder=${option#*=};; esac; done
if [ -n "${folder-}" ]; then mkdir -p "$folder"; touch "$folder/ray_current_cluster"; fi
exec sleep 1000
"""
COMMANDS = {"evo-plastic": f'exec {sys.executable} -m evo_plastic "$@"', "ray": RAY}
LOCAL = ("--set", "pool.backend=local", "--set", "pool.workers=1", "--set", "pool.address=null")


@pytest.fixture
def slurm() -> Iterator[Slurm]:
    with slurm_cluster() as cluster:
        yield cluster


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Where a job starts: with a virtual environment that knows our commands."""
    bin = tmp_path / ".venv" / "bin"
    bin.mkdir(parents=True)
    for command, body in COMMANDS.items():
        (bin / command).write_text(f"#!/bin/bash\n{body}\n")
        (bin / command).chmod(0o755)
    (bin / "activate").write_text(f"export PATH={bin}:$PATH PYTHONPATH={SCRIPT.parents[2]}\n")
    return tmp_path


def submit(slurm: Slurm, folder: Path, *arguments: object) -> str:
    options = ("--parsable", f"--chdir={folder}", f"--output={folder}/log")
    size = ("--nodes=2", "--cpus-per-task=2", "--time=10")
    return slurm.ask("sbatch", *options, *size, SCRIPT, *arguments, *LOCAL)


def until(happened: Callable[[], bool], log: Path) -> None:
    deadline = time.monotonic() + 240
    while not happened():
        assert time.monotonic() < deadline, log.read_text() if log.exists() else "no log"
        time.sleep(0.2)


def end(slurm: Slurm, number: str, log: Path) -> str:
    """Its exit code, and the signal that ended it, as Slurm has them."""
    until(lambda: slurm.ask("squeue", "--noheader", "--states=all", "--jobs", number,
                            "--format=%T") in ("FAILED", "COMPLETED"), log)  # fmt: skip
    shutil.rmtree(f"/tmp/ray-{number}", ignore_errors=True)
    return slurm.job(number)["ExitCode"]


def test_a_signal_to_the_job_saves_its_run_and_ends_ray_on_both_nodes(
    slurm: Slurm, folder: Path
) -> None:
    config, run, log = folder / "c.yaml", folder / "run", folder / "log"
    config.write_text(CONFIG.replace("generations: 1", "generations: 1000000"))
    number = submit(slurm, folder, config, run)
    metrics = run / "metrics.jsonl"
    until(lambda: metrics.exists() and metrics.read_bytes().count(b"\n") >= 2, log)
    steps = slurm.ask("scontrol", "show", "step", number)
    slurm.ask("scancel", "--signal=TERM", "--batch", number)

    assert end(slurm, number, log) == f"{128 + signal.SIGTERM}:0", log.read_text()
    assert "interrupted, state saved" in log.read_text()
    assert json.loads((run / "manifest.json").read_text())["status"] == "interrupted"
    starts = [line.split() for line in (folder / "starts").read_text().splitlines()]
    assert sorted(node for node, _ in starts) == ["n1", "n2"]
    assert steps.count("TRES=cpu=2,mem=2G,node=1") == 2  # all that the job has of a node
    until(lambda: not any(running(int(process)) for _, process in starts), log)


def test_a_mistake_ends_the_job_before_ray_starts(slurm: Slurm, folder: Path) -> None:
    (folder / "c.yaml").write_text("network: {hidden_sise: 16}\n")
    number = submit(slurm, folder, folder / "c.yaml", folder / "run")

    assert end(slurm, number, folder / "log") == "2:0"
    assert "did you mean 'hidden_size'?" in (folder / "log").read_text()
    assert not (folder / "starts").exists()
