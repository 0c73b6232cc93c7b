"""Training runs as processes of their own, and what is left of them."""

import contextlib
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import numpy as np

from benchmarks.faults.machines import Machines, wait_for
from benchmarks.faults.processes import running

GENERATIONS = 16
CONFIG = f"""\
seed: 11
network: {{name: dec-prnn, modulation: post, hidden_size: 16}}
task: {{name: maze9}}
strategy: {{name: sep-cma-es, population: 48}}
training:
  generations: {GENERATIONS}
  curriculum: [{{start: 0, tasks: 16}}]
  repeats: 6
  racing: true
  validation: {{every: 4, lifetimes: 256, repeats: 1}}
  checkpoint_every: 2
"""


class Run:
    """A run in ``folder``, trained by one process after another."""

    def __init__(self, folder: Path, machines: Machines | None = None) -> None:
        """machines: where its lifetimes are lived; None: in the threads of its own process."""
        folder.mkdir(parents=True, exist_ok=True)
        self.path = folder / "run"
        self.log = folder / "log.txt"
        self._machines = machines
        self._config = folder / "config.yaml"
        self._config.write_text(CONFIG)
        self.process: subprocess.Popen[bytes] | None = None

    def start(self, *overrides: str) -> None:
        """Begin to train, or to go on if there is something to go on with."""
        settings = [*overrides]
        if self._machines is None:
            settings += ["pool.backend=local"]
        else:
            settings += ["pool.backend=ray", f"pool.address={self._machines.address}"]
        resume = ["--resume"] if (self.path / "manifest.json").exists() else [str(self._config)]
        command = [sys.executable, "-m", "evo_plastic", "train", *resume, "--run", str(self.path)]
        for setting in settings:
            command += ["--set", setting]
        with self.log.open("a") as log:
            self.process = subprocess.Popen(command, stdout=log, stderr=log)

    @property
    def number(self) -> int:
        assert self.process is not None
        return self.process.pid

    @property
    def generation(self) -> int:
        """The last one in the metrics."""
        with contextlib.suppress(FileNotFoundError):
            return (self.path / "metrics.jsonl").read_bytes().count(b"\n")
        return 0

    def reach(self, generation: int) -> None:
        """Wait until it has come so far; ``RuntimeError`` if it ends before."""
        wait_for(
            lambda: self.generation >= generation or not running(self.number),
            f"generation {generation}",
        )
        if self.generation < generation:
            raise RuntimeError(f"ended before generation {generation}:\n{self.log.read_text()}")

    def finish(self, seconds: float = 300.0) -> int:
        """Its exit code."""
        assert self.process is not None
        return self.process.wait(seconds)

    def kill(self, number: int = signal.SIGKILL) -> int:
        assert self.process is not None
        self.process.send_signal(number)
        return self.finish()

    def results(self) -> dict[str, bytes]:
        """What must not depend on who computed it, nor on what went wrong meanwhile."""
        names = ("metrics.jsonl", "eval.jsonl", "genome.npz")
        found = {name: (self.path / name).read_bytes() for name in names}
        # A checkpoint's file also has the seconds that it took.
        newest = max((self.path / "checkpoints").glob("*.npz"))
        with np.load(newest, allow_pickle=False) as arrays:
            found |= {
                f"{newest.name}/{name}": arrays[name].tobytes()
                for name in arrays.files
                if arrays[name].dtype.kind in "fiu"
            }
        return found


@contextlib.contextmanager
def training(run: Run, *overrides: str) -> Iterator[Run]:
    """A run under way; nothing of it is left at the end."""
    run.start(*overrides)
    try:
        yield run
    finally:
        assert run.process is not None
        if run.process.poll() is None:
            run.kill()
