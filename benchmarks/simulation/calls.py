"""What Ray takes for a call of the pool's actors, and what it costs the driver."""

import pickle
import statistics
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from functools import partial
from types import SimpleNamespace
from typing import Any, NamedTuple

import numpy as np
import ray

from benchmarks.simulation.lifetimes import Case, search
from evo_plastic.jit import FINGERPRINT
from workers import cluster
from workers.actor import Actor
from workers.handout import Handout, Pace
from workers.jobs import PopulationJob, PopulationResult
from workers.ray_pool import Call, RayPool

CANDIDATES = 5
"""Of the chunks that are sent to and fro: about what many workers are given."""
CALLS = 30
WAITING = (100, 400, 1600)
"""Calls that are not back yet, for the slopes."""
BLOCKED_SECONDS = 3600.0


class Echo:
    """A worker without lifetimes. A chunk that is a number makes it sleep so many seconds."""

    def __init__(self, result: object) -> None:
        self._result = result

    def run(self, shared: object, chunk: Any) -> object:
        if isinstance(chunk, float):
            time.sleep(chunk)
        return self._result


class Calls(NamedTuple):
    """Seconds."""

    put: float  # wall clock, of a proposal
    open: float  # wall clock, by which the first call with a proposal takes longer
    send: float  # the driver's CPU time
    receive: float  # the driver's CPU time
    transit: float  # the rest of a call's wall clock
    threads: float  # CPU time of Ray's own threads in the driver, for a call


@contextmanager
def echoes(count: int) -> Iterator[list[Any]]:
    """Actors as the pool's, on an embedded Ray with a CPU for each."""
    here = cluster.start(None, count)
    try:
        options: dict[str, Any] = {"num_cpus": 1, "runtime_env": {"env_vars": here.environment}}
        result = PopulationResult(np.zeros(CANDIDATES), 1, 1.0)
        make = pickle.dumps(partial(Echo, result))
        actors = [ray.remote(Actor).options(**options).remote() for _ in range(count)]
        ray.get([actor.prepare.remote(make, FINGERPRINT) for actor in actors])
        yield actors
    finally:
        here.close()


def measure(actor: Any, case: Case, rounds: int) -> Calls:
    """Medians over all rounds; each has a proposal of its own."""
    one = search(case)
    few = replace(one.trial, members=one.trial.members[:CANDIDATES])
    chunk = pickle.dumps(few, protocol=5)
    puts, firsts, others, threads = [], [], [], []
    for _ in range(rounds):
        begun = time.perf_counter()
        shared = ray.put(pickle.dumps(PopulationJob(one.strategy, one.proposal), protocol=5))
        puts.append(time.perf_counter() - begun)
        firsts.append(_call(actor, shared, chunk))
        process, thread = time.process_time(), time.thread_time()
        others += [_call(actor, shared, chunk) for _ in range(CALLS)]
        mine = time.thread_time() - thread
        threads.append((time.process_time() - process - mine) / CALLS)
    wall, send, receive = (statistics.median(column) for column in zip(*others, strict=True))
    opening = statistics.median(first[0] for first in firsts) - wall
    return Calls(
        put=statistics.median(puts),
        open=max(0.0, opening),
        send=send,
        receive=receive,
        transit=max(0.0, wall - send - receive),
        threads=statistics.median(threads),
    )


def _call(actor: Any, shared: Any, chunk: bytes) -> tuple[float, float, float]:
    """Wall clock of a call, the driver's CPU time before and after the waiting."""
    wall, begun = time.perf_counter(), time.thread_time()
    call = actor.run.remote(shared.hex(), [shared], chunk)
    sent = time.thread_time()
    ray.wait([call], num_returns=1)
    pickle.loads(ray.get(call))
    return time.perf_counter() - wall, sent - begun, time.thread_time() - sent


def waiting(blocked: Any, free: Any, rounds: int) -> float:
    """CPU time of ``ray.wait`` for every call that it looks at and that is not back yet."""
    shared = ray.put(pickle.dumps(None))
    calls = [
        blocked.run.remote(shared.hex(), [shared], pickle.dumps(BLOCKED_SECONDS))
        for _ in range(max(WAITING))
    ]
    medians = []
    for count in WAITING:
        found = []
        for _ in range(rounds):
            done = free.run.remote(shared.hex(), [shared], pickle.dumps(None))
            ray.get(done)
            begun = time.thread_time()
            ray.wait([*calls[:count], done], num_returns=1)
            found.append(time.thread_time() - begun)
        medians.append(statistics.median(found))
    return slope(WAITING, medians)


def overdue(rounds: int) -> float:
    """CPU time of the pool's search for chunks that are overdue, for every call under way."""
    medians = []
    for count in WAITING:
        calls = {number: Call(None, number) for number in range(count)}
        pool: Any = SimpleNamespace(_calls=calls, _pace=Pace())
        nothing_waits = Handout([])
        found = []
        for _ in range(rounds):
            begun = time.thread_time()
            RayPool._next(pool, nothing_waits)
            found.append(time.thread_time() - begun)
        medians.append(statistics.median(found))
    return slope(WAITING, medians)


def slope(x: Sequence[float], y: Sequence[float]) -> float:
    return max(0.0, float(np.polyfit(x, y, 1)[0]))
