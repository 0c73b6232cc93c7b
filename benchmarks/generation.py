"""How long it takes to make mazes: in bulk, and the few that one generation of training draws."""

import statistics
import time
from collections.abc import Callable, Sequence

import numpy as np

from benchmarks.common import Row, interleave
from evo_plastic.cli.output import print_table
from evo_plastic.seeding import STREAM_TASKS, fold
from evo_plastic.tasks import DISTRIBUTIONS, training_tasks
from evo_plastic.tasks.maze_generator import MazeDistribution
from evo_plastic.tasks.task_sets import sample

BULK = 2048
FEW = 8
CALLS = 32


def measure(rounds: int, bulk: int = BULK) -> list[Row]:
    """Microseconds of CPU time per maze, medians over rounds, for every distribution."""
    cases = [case for one in DISTRIBUTIONS.values() for case in (_bulk(one, bulk), _few(one))]
    for case in cases:
        case()  # compiles or loads the generator
    found = [statistics.median(times) for times in interleave(cases, rounds)]
    return [
        {
            "task": one.name,
            "size": one.size,
            "density": one.density,
            "us_per_maze": found[2 * place],
            "us_per_maze_few": found[2 * place + 1],
        }
        for place, one in enumerate(DISTRIBUTIONS.values())
    ]


def _bulk(distribution: MazeDistribution, count: int) -> Callable[[], float]:
    keys = fold(0, STREAM_TASKS, np.arange(count))

    def run() -> float:
        begun = time.thread_time()
        sample(distribution, keys)
        return 1e6 * (time.thread_time() - begun) / count

    return run


def _few(distribution: MazeDistribution) -> Callable[[], float]:
    def run() -> float:
        begun = time.thread_time()
        for generation in range(CALLS):
            training_tasks(distribution.name, 0, generation, FEW)
        return 1e6 * (time.thread_time() - begun) / (CALLS * FEW)

    return run


def show(rows: Sequence[Row]) -> None:
    print(f"maze generation, µs per maze: {BULK} at once, and {FEW} as a generation draws them")
    headers = ["task", "size", "density", "µs in bulk", f"µs of {FEW}"]
    print_table(headers, [list(row.values()) for row in rows])


def main() -> None:
    show(measure(rounds=5))


if __name__ == "__main__":
    main()
