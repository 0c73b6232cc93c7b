"""Steps per second of one core, environment included: compiled lifetimes against others.

Against the float64 numpy oracle for every network in mazes of three sizes; against torch and
JAX, where they are installed, for one of every network in 9×9 mazes, at several batch sizes of
which the best counts. All live in the same mazes with the same random draws.

Every round measures everything once, in turn, so that other load on the machine hits all
alike; the table gives medians over rounds, and ratios are taken within a round. Genomes are
untrained, N(0, 0.05²): they rarely reach the goal, so that rollouts are long.
"""
# mypy: disable-error-code=no-untyped-call

import importlib
import importlib.util
import statistics
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from types import ModuleType

import numpy as np
from numpy.typing import NDArray

from benchmarks.common import ROLLOUTS, SPREAD, Rate, Row, create_network, timed
from benchmarks.peers.parts import arrays_of
from benchmarks.peers.world import make_world
from evo_plastic.cli.output import print_table
from evo_plastic.config import STATIC, NetworkConfig
from evo_plastic.networks import every
from evo_plastic.networks.oracle import OracleNetwork
from evo_plastic.networks.spec import NetworkSpec
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

TASKS = ("maze9", "maze15", "maze21")
PEERS = {"torch": "benchmarks.peers.torch_lifetimes", "jax": "benchmarks.peers.jax_lifetimes"}
BATCHES = (32, 128, 256, 512)
MAZES, REPEATS = 8, 4
LIVES = MAZES * REPEATS
GENOMES = 8

Work = Callable[[], int]
"""Lives lifetimes; the number of steps they took."""


@dataclass(frozen=True)
class Setting:
    """One network in the mazes of one task; works: ways to live there, by name."""

    config: NetworkConfig
    task: str
    spec: NetworkSpec
    mazes: TaskSet
    works: dict[str, Work] = field(default_factory=dict)


def prepare(config: NetworkConfig, task: str, peers: Sequence[str] = ()) -> Setting:
    spec = create_network(config)
    mazes = sample(get(task), fold(0, STREAM_TASKS, np.arange(MAZES)))
    genomes = SPREAD * np.random.default_rng(0).standard_normal((GENOMES, spec.n_gene))
    setting = Setting(config, task, spec, mazes)
    setting.works["compiled"] = _compiled(setting, genomes)
    setting.works["numpy"] = _numpy(setting, genomes[0])
    for peer in peers:
        module = importlib.import_module(PEERS[peer])
        for batch in BATCHES:
            setting.works[f"{peer} {batch}"] = _peer(setting, genomes[0], module, batch)
    return setting


def _lives(count: int) -> tuple[NDArray[np.int32], NDArray[np.uint64]]:
    """Maze of each lifetime, and the key of its noise."""
    instance = (np.arange(count) // REPEATS % MAZES).astype(np.int32)
    return instance, fold(0, STREAM_NOISE, np.arange(count))


def _compiled(setting: Setting, genomes: NDArray[np.float64]) -> Work:
    engine = Engine(setting.spec, "float32")
    instance, keys = _lives(LIVES)

    def live() -> int:
        found = engine.live_population(genomes, setting.mazes, instance, keys[None], ROLLOUTS)
        return int(found.steps.sum())

    return live


def _numpy(setting: Setting, genome: NDArray[np.float64]) -> Work:
    """One lifetime in float64, in another maze each time."""
    instance, keys = _lives(LIVES)
    number = 0

    def live() -> int:
        nonlocal number
        number = (number + 1) % LIVES
        return live_in_numpy(setting, genome, int(instance[number]), keys[number])

    return live


def live_in_numpy(setting: Setting, genome: NDArray[np.float64], maze: int, key: np.uint64) -> int:
    network = OracleNetwork(setting.spec, genome)
    cells, size = setting.mazes.cells, setting.mazes.size
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


def _peer(setting: Setting, genome: NDArray[np.float64], module: ModuleType, batch: int) -> Work:
    config, arrays = setting.config, arrays_of(setting.spec, genome)
    world = make_world(setting.mazes, *_lives(batch), ROLLOUTS, setting.spec.inputs)
    work: Work = module.Lifetimes(config.name, config.modulation, arrays, world)
    return work


def installed_peers() -> list[str]:
    return [peer for peer in PEERS if importlib.util.find_spec(peer) is not None]


def measure_all(rounds: int) -> list[Row]:
    """Every network and task; peers for one of every network, in the first task.

    Where JAX is installed, this process is held to one core from now on.
    """
    peers = installed_peers()
    for peer in peers:
        importlib.import_module(PEERS[peer]).use_one_core()
    settings = [
        prepare(config, task, peers if task == TASKS[0] and _has_peers(config) else ())
        for config in every(hidden=64)
        for task in TASKS
    ]
    return measure(settings, rounds)


def _has_peers(config: NetworkConfig) -> bool:
    return config.name in STATIC or config.modulation == "post"


def measure(settings: Sequence[Setting], rounds: int) -> list[Row]:
    """One row per setting."""
    for setting in settings:
        for work in setting.works.values():
            work()  # compiles or loads the kernel
    rates: list[dict[str, list[Rate]]] = [{name: [] for name in s.works} for s in settings]
    for _ in range(rounds):
        for setting, found in zip(settings, rates, strict=True):
            for name, work in setting.works.items():
                found[name].append(timed(work))
    return [_summarise(setting, found) for setting, found in zip(settings, rates, strict=True)]


def _summarise(setting: Setting, rates: dict[str, list[Rate]]) -> Row:
    """Medians; of a peer those at its best batch size. The ratio is of CPU time."""
    row: Row = {"network": setting.spec.title, "task": setting.task}
    for name in ("compiled", "numpy", *PEERS):
        found = {work: rates[work] for work in rates if work.partition(" ")[0] == name}
        if not found:
            continue
        best = max(found, key=lambda work: statistics.median(r.cpu for r in found[work]))
        row[f"{name}_wall"] = statistics.median(rate.wall for rate in found[best])
        row[f"{name}_cpu"] = statistics.median(rate.cpu for rate in found[best])
        if name != "compiled":
            pairs = zip(rates["compiled"], found[best], strict=True)
            row[f"{name}_ratio"] = statistics.median(ours.cpu / its.cpu for ours, its in pairs)
        if name in PEERS:
            row[f"{name}_batch"] = int(best.partition(" ")[2])
            medians = {work: statistics.median(r.cpu for r in found[work]) for work in found}
            row[f"{name}_batches"] = {work.partition(" ")[2]: r for work, r in medians.items()}
    return row


def show(rows: Sequence[Row]) -> None:
    print("million environment-plus-network steps per CPU second, and ratios to ours")
    headers = ["network", "task", "ours", "numpy", "ours/numpy"]
    peers = [peer for peer in PEERS if any(f"{peer}_cpu" in row for row in rows)]
    for peer in peers:
        headers += [peer, "batch", f"ours/{peer}"]
    table = []
    for row in rows:
        cells = [row["network"], row["task"], row["compiled_cpu"] / 1e6, row["numpy_cpu"] / 1e6]
        cells.append(row["numpy_ratio"])
        for peer in peers:
            measured = f"{peer}_cpu" in row
            cells += (
                [row[f"{peer}_cpu"] / 1e6, row[f"{peer}_batch"], row[f"{peer}_ratio"]]
                if measured
                else [""] * 3
            )
        table.append(cells)
    print_table(headers, table)


def main() -> None:
    show(measure_all(rounds=5))


if __name__ == "__main__":
    main()
