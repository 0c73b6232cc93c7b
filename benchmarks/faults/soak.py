"""A long run under random injuries, with the memory of its processes.

The number of generations is not set: after the time is up, as many are trained with nobody
disturbing them, and the two must be equal.
"""

import contextlib
import json
import random
import signal
import tempfile
import time
from pathlib import Path
from typing import Any

import click

from benchmarks.faults import injuries, memory
from benchmarks.faults.inject import NODES
from benchmarks.faults.machines import Machines, machines
from benchmarks.faults.runs import Run, training
from benchmarks.faults.soak_figure import draw
from evo_plastic.files import write_whole

ENDLESS = 10**6
PAUSE_SECONDS = (10.0, 40.0)
"""Between two injuries; recovering takes up to 20 seconds."""

SAMPLE_SECONDS = 5.0

KINDS = {
    "actor": (injuries.an_actor, 8),
    "all actors": (injuries.all_actors, 2),
    "raylet": (injuries.a_raylet, 2),
    "node removed": (injuries.a_node, 2),
    "all nodes removed": (injuries.all_nodes, 1),
    "worker paused": (injuries.a_pause, 2),
    "worker hangs": (injuries.a_hang, 1),
}
"""Each with its weight; the driver is killed in between, by its own clock."""

DRIVER_SECONDS = 480.0


class Soak:
    """What is kept of a run: samples of memory, and the injuries with their times."""

    def __init__(self, here: Machines, run: Run) -> None:
        self.samples: list[dict[str, Any]] = []
        self.injured: list[dict[str, Any]] = []
        self._here, self._run = here, run
        self._rng = random.Random(2)
        self._begun = time.monotonic()

    @property
    def seconds(self) -> float:
        return time.monotonic() - self._begun

    def last(self, seconds: float) -> None:
        """Injure again and again until the time is up; the driver is left alive."""
        kinds, weights = list(KINDS), [weight for _, weight in KINDS.values()]
        driver_at = DRIVER_SECONDS
        while self.seconds < seconds:
            self._rest(self._rng.uniform(*PAUSE_SECONDS))
            self._here.at_least(NODES)
            if self.seconds > driver_at:
                driver_at += DRIVER_SECONDS
                self._note("driver killed")
                self._run.kill()
                self._run.start(f"training.generations={ENDLESS}")
            elif self._here.actors():
                (kind,) = self._rng.choices(kinds, weights)
                self._note(kind)
                # What was to be injured may have ended by itself, as after a raylet's death.
                with contextlib.suppress(ProcessLookupError, IndexError):
                    KINDS[kind][0](self._here, self._run, self._rng)

    def _rest(self, seconds: float) -> None:
        until = time.monotonic() + seconds
        while time.monotonic() < until:
            self._sample()
            time.sleep(SAMPLE_SECONDS)

    def _sample(self) -> None:
        workers = {number: memory.megabytes(number) for number in self._here.actors()}
        self.samples.append(
            {
                "seconds": round(self.seconds, 1),
                "generation": self._run.generation,
                "driver": memory.megabytes(self._run.number),
                "workers": {number: mb for number, mb in workers.items() if mb is not None},
            }
        )

    def _note(self, kind: str) -> None:
        self.injured.append({"seconds": round(self.seconds, 1), "injury": kind})
        click.echo(f"{self.seconds:6.0f} s  generation {self._run.generation:5d}  {kind}")


@click.command()
@click.option("--minutes", default=30.0, show_default=True)
@click.option("--out", required=True, type=click.Path(path_type=Path))
def main(minutes: float, out: Path) -> None:
    """Train under injuries, then without, and compare; exit code 1 if the two differ."""
    with tempfile.TemporaryDirectory() as folder:
        with machines(NODES) as here:
            run = Run(Path(folder) / "injured", here)
            with training(run, f"training.generations={ENDLESS}"):
                run.reach(2)
                soak = Soak(here, run)
                soak.last(60 * minutes)
                seconds = soak.seconds
                here.at_least(NODES)
                run.kill(signal.SIGTERM)
                generations = run.generation
                run.start(f"training.generations={generations}")
                if run.finish() != 0:
                    raise click.ClickException(run.log.read_text())
        undisturbed = Run(Path(folder) / "undisturbed")
        undisturbed.start(f"training.generations={generations}")
        undisturbed.finish(10 * 60 * minutes)
        identical = undisturbed.results() == run.results()
        click.echo(run.log.read_text())
    record = {
        "seconds": round(seconds, 1),
        "generations": generations,
        "identical": identical,
        "injured": soak.injured,
        "samples": soak.samples,
    }
    out.mkdir(parents=True, exist_ok=True)
    write_whole(out / "soak.json", (json.dumps(record) + "\n").encode())
    draw(record, out / "soak")
    click.echo(f"{generations} generations, {len(soak.injured)} injuries, identical: {identical}")
    if not identical:
        raise click.exceptions.Exit(1)


if __name__ == "__main__":
    main()
