"""Clocks around the parts of a training run; the package itself knows nothing of them."""

import functools
import os
import threading
import time
from collections import defaultdict
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from unittest.mock import patch

from benchmarks.schedule import Map, Span
from evo_plastic.networks.spec import NetworkSpec
from workers import pool
from workers.engine import Engine, Outcomes
from workers.jobs import Job


class ClockedEngine(Engine):
    """Sums the CPU time that it spends on lifetimes."""

    kernel_seconds = 0.0

    def live_population(self, *arguments: Any) -> Outcomes:
        begun = time.thread_time()
        outcomes = super().live_population(*arguments)
        self.kernel_seconds += time.thread_time() - begun
        return outcomes


class ClockedWorker:
    """A worker whose results are pairs: what the job gives, and its ``Span``."""

    def __init__(self, spec: NetworkSpec, precision: str) -> None:
        self._engine = ClockedEngine(spec, precision)

    def run(self, job: Job, chunk: Any) -> tuple[object, Span]:
        worker = os.getpid(), threading.get_ident()
        begun, cpu, kernel = time.monotonic(), time.thread_time(), self._engine.kernel_seconds
        result = job.run(self._engine, chunk)
        kernel = self._engine.kernel_seconds - kernel
        return result, Span(worker, begun, time.monotonic(), time.thread_time() - cpu, kernel)


class ClockedPool(pool.Pool):
    """Passes on what ``ClockedWorker``s compute, and keeps their spans."""

    def __init__(self, inner: pool.Pool) -> None:
        self.call_seconds = inner.call_seconds
        self.maps: list[Map] = []
        self._inner = inner

    @property
    def size(self) -> int:
        return self._inner.size

    def map(
        self, shared: Any, chunks: Sequence[Any], sizes: Sequence[float] | None = None
    ) -> list[Any]:
        begun = time.monotonic()
        pairs = self._inner.map(shared, chunks, sizes)
        self.maps.append(Map(begun, time.monotonic(), [span for _, span in pairs]))
        return [result for result, _ in pairs]

    def close(self) -> None:
        self._inner.close()


@contextmanager
def clocked(places: dict[str, tuple[object, str]]) -> Iterator[dict[str, float]]:
    """CPU seconds spent in functions while the block runs, by the keys of ``places``.

    places : owner and attribute of each function; none may call another
    """
    seconds: dict[str, float] = defaultdict(float)
    patches = [
        patch.object(owner, attribute, _timed(getattr(owner, attribute), seconds, name))
        for name, (owner, attribute) in places.items()
    ]
    for one in patches:
        one.start()
    try:
        yield seconds
    finally:
        for one in patches:
            one.stop()


def _timed(
    function: Callable[..., Any], seconds: dict[str, float], name: str
) -> Callable[..., Any]:
    @functools.wraps(function)
    def run(*arguments: Any, **named: Any) -> Any:
        begun = time.thread_time()
        try:
            return function(*arguments, **named)
        finally:
            seconds[name] += time.thread_time() - begun

    return run


def machine_seconds() -> float:
    """CPU time that all processes have had, with what the host took away (Linux)."""
    names = "user nice system idle iowait irq softirq steal"
    ticks = dict(zip(names.split(), Path("/proc/stat").read_text().split()[1:9], strict=True))
    return sum(int(ticks[name]) for name in ticks if name not in ("idle", "iowait")) / _TICKS


_TICKS = os.sysconf("SC_CLK_TCK")


def own_seconds() -> float:
    """CPU time of this process and of all that descend from it and still run (Linux)."""
    parents, seconds = {}, {}
    for folder in Path("/proc").glob("[0-9]*"):
        try:
            # The name, in brackets, may hold anything; what follows is numbers.
            facts = (folder / "stat").read_text().rpartition(")")[2].split()
        except OSError:
            continue  # it has just ended
        parents[int(folder.name)] = int(facts[1])
        seconds[int(folder.name)] = (int(facts[11]) + int(facts[12])) / _TICKS
    family, found = set[int](), {os.getpid()}
    while found:
        family |= found
        found = {number for number, parent in parents.items() if parent in family} - family
    return sum(seconds[number] for number in family)
