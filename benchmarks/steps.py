"""Steps per second of one core, environment included: compiled lifetimes against plain numpy.

    python -m benchmarks.steps [--networks dec-prnn-post] [--rounds 5] [--json FILE]

Every round measures everything once, in turn, so that other load on the machine hits all alike;
the table gives medians over rounds. Genomes are untrained, N(0, 0.05²): they rarely reach the
goal, so that rollouts are long. Judge by ratios: absolute figures drift with the machine.
"""
# mypy: disable-error-code=no-untyped-call

import json
import statistics
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

import click
import numpy as np
from numpy.typing import NDArray

from evo_plastic.cli.output import print_table
from evo_plastic.files import write_whole
from evo_plastic.networks import create, every
from evo_plastic.networks.oracle import OracleNetwork
from evo_plastic.networks.spec import NetworkSpec
from evo_plastic.records import provenance
from evo_plastic.seeding import STREAM_NOISE, STREAM_TASKS, fold
from evo_plastic.tasks import get
from evo_plastic.tasks.maze import INTERFACE, MAX_STEPS
from evo_plastic.tasks.maze_step import (
    begin_rollout,
    choose_action,
    draw_uniform,
    move,
    observe,
    remember,
)
from evo_plastic.tasks.task_sets import TaskSet, sample
from workers.engine import Engine

NETWORKS = {f"{config.name}-{config.modulation}": config for config in every(hidden=64)}
TASKS = ("maze9", "maze15", "maze21")
MAZES, REPEATS, ROLLOUTS = 8, 4, 3
LIVES = MAZES * REPEATS
GENOMES = 8
SPREAD = 0.05


@dataclass(frozen=True)
class Rate:
    """Steps per second of one measurement."""

    wall: float
    cpu: float


@dataclass(frozen=True)
class Setting:
    """One network in the mazes of one task, with the lifetimes that both ways live."""

    network: str
    task: str
    spec: NetworkSpec
    engine: Engine
    mazes: TaskSet
    instance: NDArray[np.int32]
    keys: NDArray[np.uint64]
    genomes: NDArray[np.float64]


def prepare(network: str, task: str) -> Setting:
    spec = create(NETWORKS[network], INTERFACE)
    return Setting(
        network=network,
        task=task,
        spec=spec,
        engine=Engine(spec, "float32"),
        mazes=sample(get(task), fold(0, STREAM_TASKS, np.arange(MAZES))),
        instance=np.repeat(np.arange(MAZES, dtype=np.int32), REPEATS),
        keys=fold(0, STREAM_NOISE, np.arange(LIVES)),
        genomes=SPREAD * np.random.default_rng(0).standard_normal((GENOMES, spec.n_gene)),
    )


def live_compiled(setting: Setting, genomes: NDArray[np.float64]) -> int:
    """All lifetimes of each genome; the number of steps they took."""
    keys = setting.keys[None]
    lived = setting.engine.live_population(
        genomes, setting.mazes, setting.instance, keys, ROLLOUTS
    )
    return int(lived.steps.sum())


def live_in_numpy(setting: Setting, life: int) -> int:
    """One lifetime of the first genome in float64; the number of steps it took."""
    network = OracleNetwork(setting.spec, setting.genomes[0])
    cells, size = setting.mazes.cells, setting.mazes.size
    maze, key = setting.instance[life], setting.keys[life]
    x, uniform, age = np.zeros((1, INTERFACE.inputs)), np.zeros((2, 1), np.float32), 0
    for rollout in range(ROLLOUTS):
        position = int(setting.mazes.flat_start[maze])
        begin_rollout(key, rollout, x, 0)
        for _ in range(MAX_STEPS):
            observe(cells, maze, size, position, x, 0)
            draw_uniform(key, age, uniform, 0)
            action = choose_action(*network.step(x[0]), *uniform[:, 0])
            position = move(cells, maze, size, position, action)
            remember(action, x, 0)
            age += 1
            if position == setting.mazes.flat_goal[maze]:
                break
    return age


def timed(work: Callable[..., int], *arguments: object) -> Rate:
    wall, cpu = time.perf_counter(), time.thread_time()
    steps = work(*arguments)
    return Rate(steps / (time.perf_counter() - wall), steps / (time.thread_time() - cpu))


def measure(settings: Sequence[Setting], rounds: int) -> list[tuple[list[Rate], list[Rate]]]:
    """Rates of compiled code and of numpy, one of each per round, for each setting."""
    for setting in settings:
        live_compiled(setting, setting.genomes[:1])  # compiles or loads the kernel
        live_in_numpy(setting, 0)
    rates: list[tuple[list[Rate], list[Rate]]] = [([], []) for _ in settings]
    for number in range(rounds):
        for setting, (compiled, plain) in zip(settings, rates, strict=True):
            compiled.append(timed(live_compiled, setting, setting.genomes))
            plain.append(timed(live_in_numpy, setting, number % LIVES))
    return rates


def summarise(
    setting: Setting, compiled: Sequence[Rate], plain: Sequence[Rate]
) -> dict[str, str | float]:
    """Medians over rounds; a ratio is taken within its round."""
    both = list(zip(compiled, plain, strict=True))
    return {
        "network": setting.spec.title,
        "task": setting.task,
        "compiled_wall": statistics.median(rate.wall for rate in compiled),
        "compiled_cpu": statistics.median(rate.cpu for rate in compiled),
        "numpy_wall": statistics.median(rate.wall for rate in plain),
        "numpy_cpu": statistics.median(rate.cpu for rate in plain),
        "ratio_wall": statistics.median(fast.wall / slow.wall for fast, slow in both),
        "ratio_cpu": statistics.median(fast.cpu / slow.cpu for fast, slow in both),
    }


def print_rates(rows: Sequence[dict[str, str | float]]) -> None:
    units = {"compiled_wall": 1e6, "compiled_cpu": 1e6, "numpy_wall": 1e3, "numpy_cpu": 1e3}
    headers = ["network", "task", "float32 M/s", "M/CPU s", "numpy k/s", "k/CPU s",
               "ratio", "CPU ratio"]  # fmt: skip
    cells = [
        [value if isinstance(value, str) else value / units.get(key, 1)
         for key, value in row.items()] for row in rows
    ]  # fmt: skip
    print("environment-plus-network steps per second of one core")
    print_table(headers, cells)


@click.command()
@click.option(
    "--networks", type=click.Choice(list(NETWORKS)), multiple=True, help="By default all."
)
@click.option("--rounds", type=click.IntRange(min=1), default=5, show_default=True)
@click.option(
    "--json",
    "file",
    type=click.Path(dir_okay=False, path_type=Path),
    help="Write the figures here.",
)
def main(networks: tuple[str, ...], rounds: int, file: Path | None) -> None:
    """Measure environment-plus-network steps per second of one core."""
    settings = [prepare(name, task) for name in networks or NETWORKS for task in TASKS]
    rates = measure(settings, rounds)
    rows = [summarise(setting, *both) for setting, both in zip(settings, rates, strict=True)]
    print_rates(rows)
    if file is not None:
        document = {"schema": "evo_plastic/benchmark-steps/1", "rounds": rounds}
        document |= {"provenance": provenance.collect().model_dump(mode="json"), "results": rows}
        write_whole(file, json.dumps(document, indent=2).encode() + b"\n")


if __name__ == "__main__":
    main()
