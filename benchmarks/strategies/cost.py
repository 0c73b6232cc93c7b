"""Time of a generation without its evaluation, and the memory that a strategy takes."""

import multiprocessing
import re
import statistics
import time
from collections.abc import Sequence
from concurrent.futures import ProcessPoolExecutor
from pathlib import Path

import numpy as np

from benchmarks.common import Row
from benchmarks.strategies.contestants import CONTESTANTS, Contestant
from evo_plastic.cli.output import print_table

POPULATION = 360
SIZES = (1347, 20743)
"""Genes of DecPRNN(PostDN) and of PRNN(PostDN)."""
WARM_UP = 3


def _begin(contestant: str, n: int) -> Contestant:
    start = 0.05 * np.random.default_rng(0).standard_normal(n)
    return CONTESTANTS[contestant](start, 0.05, POPULATION, 0)


def _generation(contestant: Contestant, number: int) -> tuple[float, float]:
    """Wall clock and CPU seconds of one generation."""
    losses = np.random.default_rng(number).standard_normal(POPULATION)
    wall, cpu = time.perf_counter(), time.process_time()
    contestant.step(lambda genomes: losses)
    return time.perf_counter() - wall, time.process_time() - cpu


def measure(contestants: Sequence[str], rounds: int) -> list[Row]:
    """One row per size and contestant; generations of all of them in turn."""
    rows = []
    for n in SIZES:
        searches = {name: _begin(name, n) for name in contestants}
        times: dict[str, list[tuple[float, float]]] = {name: [] for name in contestants}
        for number in range(WARM_UP + rounds):
            for name, search in searches.items():
                times[name].append(_generation(search, number))
        for name in contestants:
            wall, cpu = (statistics.median(t) for t in zip(*times[name][WARM_UP:], strict=True))
            rows.append({"n": n, "population": POPULATION, "contestant": name,
                         "wall_ms": 1e3 * wall, "cpu_ms": 1e3 * cpu,
                         "memory_mb": _memory(name, n)})  # fmt: skip
    return rows


def _memory(contestant: str, n: int) -> float:
    with ProcessPoolExecutor(1, multiprocessing.get_context("spawn")) as child:
        return child.submit(_grown, contestant, n).result()


def _grown(contestant: str, n: int) -> float:
    """How much this process has grown at most, libraries aside, in MB."""
    _generation(_begin(contestant, 10), 0)
    before = _peak()
    search = _begin(contestant, n)
    for number in range(WARM_UP):
        _generation(search, number)
    return _peak() - before


def _peak() -> float:
    """Most memory this process ever held, in MB; ``ru_maxrss`` would count its parent's too."""
    status = Path("/proc/self/status").read_text()
    return int(re.findall(r"VmHWM:\s+(\d+) kB", status)[0]) / 1024


def show(rows: Sequence[Row]) -> None:
    print(f"\na generation of {POPULATION} candidates without evaluation, medians")
    headers = ("n", "strategy", "wall ms", "CPU ms", "memory MB")
    keys = ("n", "contestant", "wall_ms", "cpu_ms", "memory_mb")
    print_table(headers, [tuple(row[key] for key in keys) for row in rows])
