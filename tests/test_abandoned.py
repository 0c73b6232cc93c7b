"""A generation or validation that is given up in the middle never was."""

import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from driver_runs import EXPERIMENT, MAKE_WORKER, state_bytes, train

from evo_plastic.config import PoolConfig
from evo_plastic.errors import Abandoned
from workers import pool
from workers.evaluator import PoolEvaluator

CALLS = 8 + 3
"""Of the pool in the whole run: generations, and validations."""

LONG = """\
network: {name: dec-prnn, modulation: post, hidden_size: 16}
task: {name: maze9}
strategy: {name: sep-cma-es, population: 500}
training:
  generations: 2
  curriculum: [{start: 0, tasks: 64}]
  repeats: 8
  validation: {every: 1, lifetimes: 8}
pool: {backend: local, workers: 1}
"""


class Impatient(PoolEvaluator):
    """Gives up at one of its calls."""

    def __init__(self, workers_pool: pool.Pool, at: int) -> None:
        super().__init__(workers_pool)
        self._left = at
        self.gave_up = False

    def _map(self, *arguments: Any) -> list[Any]:
        self._left -= 1
        if self._left == 0:
            self.gave_up = True
            raise Abandoned
        return super()._map(*arguments)


@pytest.fixture(scope="module")
def workers_pool() -> Iterator[pool.Pool]:
    with pool.create(PoolConfig(backend="local", workers=2), MAKE_WORKER) as created:
        yield created


@pytest.fixture(scope="module")
def undisturbed(
    workers_pool: pool.Pool, tmp_path_factory: pytest.TempPathFactory
) -> tuple[dict[str, bytes], bytes]:
    run, progress = train(
        EXPERIMENT, tmp_path_factory.mktemp("whole") / "run", PoolEvaluator(workers_pool)
    )
    return files(run.path), state_bytes(progress)


def files(run: Path) -> dict[str, bytes]:
    names = ("metrics.jsonl", "eval.jsonl", "genome.npz")
    return {name: (run / name).read_bytes() for name in names}


@pytest.mark.parametrize("at", range(1, CALLS + 1))
def test_a_run_abandoned_anywhere_goes_on_as_if_nothing_had_happened(
    tmp_path: Path,
    workers_pool: pool.Pool,
    undisturbed: tuple[dict[str, bytes], bytes],
    at: int,
) -> None:
    impatient = Impatient(workers_pool, at)
    run, stopped = train(EXPERIMENT, tmp_path / "run", impatient)
    assert impatient.gave_up
    rows = run.metrics.read_text().splitlines() if stopped.generation else []
    assert len(rows) == stopped.generation
    run, progress = train(EXPERIMENT, tmp_path / "run", PoolEvaluator(workers_pool), resume=True)
    assert (files(run.path), state_bytes(progress)) == undisturbed


def test_a_run_of_long_generations_is_saved_within_ten_seconds_of_sigterm(tmp_path: Path) -> None:
    config, run = tmp_path / "long.yaml", tmp_path / "run"
    config.write_text(LONG)
    command = [sys.executable, "-m", "evo_plastic", "train", config, "--run", run]
    with subprocess.Popen(command, stderr=subprocess.PIPE, text=True) as process:
        while not (run / "manifest.json").exists():
            assert process.poll() is None
            time.sleep(0.1)
        time.sleep(1.0)
        begun = time.monotonic()
        os.kill(process.pid, signal.SIGTERM)
        checkpoints = run / "checkpoints"
        while not list(checkpoints.glob("*.npz")) and time.monotonic() - begun < 60:
            time.sleep(0.05)
        assert time.monotonic() - begun < 10
        assert process.wait(120) == 128 + signal.SIGTERM
        assert process.stderr is not None
        assert "interrupted, state saved" in process.stderr.read()
    assert [path.name for path in checkpoints.glob("*.npz")] == ["gen-000000.npz"]
