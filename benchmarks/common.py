"""What the benchmarks share: networks, lifetimes to live, and rounds of measurements."""

import statistics
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, NamedTuple, TypeVar

import numpy as np
from numpy.typing import NDArray

from evo_plastic import networks
from evo_plastic.config import NetworkConfig
from evo_plastic.networks.spec import NetworkSpec
from evo_plastic.seeding import STREAM_NOISE, fold
from evo_plastic.tasks import training_tasks
from evo_plastic.tasks.maze import INTERFACE
from evo_plastic.tasks.task_sets import TaskSet
from workers.engine import Engine

Row = dict[str, Any]
T = TypeVar("T")

HOME = Path(__file__).resolve().parent.parent
ROLLOUTS = 3
SPREAD = 0.05
"""Of untrained genes, N(0, SPREAD²): they rarely reach the goal, so that rollouts are long."""
MAIN = (("dec-prnn", "post"), ("prnn", "post"), ("meta-rnn", "none"))
"""Name and modulation of the networks that are measured where all would take too long."""


def configure(name: str, modulation: str, hidden: int = 64) -> NetworkConfig:
    return NetworkConfig.model_validate(
        {"name": name, "modulation": modulation, "hidden_size": hidden}
    )


def create_network(config: NetworkConfig) -> NetworkSpec:
    return networks.create(config, INTERFACE)


class Pass(NamedTuple):
    """One connection of a network: its rule goes once over (post, pre) synapses per step."""

    rule: str
    post: int
    pre: int
    slots: int
    """Lifetimes side by side."""


def passes(spec: NetworkSpec) -> list[Pass]:
    return [
        Pass(rule, connection.post, connection.pre, spec.slots)
        for rule, connection in zip(spec.rule_names, spec.connections, strict=True)
    ]


@dataclass(frozen=True)
class Workload:
    """Lifetimes of untrained genomes, to be lived again and again."""

    spec: NetworkSpec
    engine: Engine
    genomes: NDArray[np.float64]
    mazes: TaskSet
    instance: NDArray[np.int32]
    keys: NDArray[np.uint64]

    def live(self) -> int:
        """Live all of them; the number of environment steps they took."""
        lived = self.engine.live_population(
            self.genomes, self.mazes, self.instance, self.keys[None], ROLLOUTS
        )
        return int(lived.steps.sum(dtype=np.int64))


def workload(config: NetworkConfig, genomes: int, lives: int, task: str = "maze9") -> Workload:
    """``lives`` lifetimes of each of ``genomes`` genomes, every one in a maze of its own."""
    spec = create_network(config)
    drawn = np.random.default_rng(0).standard_normal((genomes, spec.n_gene))
    return Workload(
        spec=spec,
        engine=Engine(spec, config.precision),
        genomes=SPREAD * drawn,
        mazes=training_tasks(task, 0, 0, lives),
        instance=np.arange(lives, dtype=np.int32),
        keys=fold(0, STREAM_NOISE, np.arange(lives)),
    )


class Rate(NamedTuple):
    """Environment steps per second of one core: by the clock, and of its CPU time."""

    wall: float
    cpu: float


def timed(work: Callable[[], int]) -> Rate:
    # The time of the process: some libraries compute in threads of their own.
    wall, cpu = time.perf_counter(), time.process_time()
    steps = work()
    return Rate(steps / (time.perf_counter() - wall), steps / (time.process_time() - cpu))


def interleave(cases: Sequence[Callable[[], T]], rounds: int) -> list[list[T]]:
    """Results of each case, one per round: what else the machine does hits all cases alike."""
    results: list[list[T]] = [[] for _ in cases]
    for _ in range(rounds):
        for case, found in zip(cases, results, strict=True):
            found.append(case())
    return results


def live_interleaved(workloads: Sequence[Workload], rounds: int) -> list[Rate]:
    """Median rates of workloads that were lived in turn, after once to compile and warm up."""
    for one in workloads:
        one.live()
    measured = interleave([lambda one=one: timed(one.live) for one in workloads], rounds)  # type: ignore[misc]
    return [
        Rate(
            statistics.median(rate.wall for rate in rates),
            statistics.median(rate.cpu for rate in rates),
        )
        for rates in measured
    ]
