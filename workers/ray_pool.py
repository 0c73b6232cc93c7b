"""Pool of Ray actors: chunks are pulled one by one, put in order, and repeated after a death.

Everything crosses as pickled bytes: arrays that Ray itself unpacks are read-only, which numba
takes for another type and compiles again; bytes unpickle into writable copies, once per map
for what is shared. One chunk at a time per worker: handing out a second one ahead saved 0.1 ms
per chunk, and an actor that dies would take two chunks along.

Not in our hands: when Ray on the driver's own machine dies, Ray ends the driver's process.
"""

import contextlib
import pickle
import platform
import time
from collections import Counter, deque
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import ray
from ray.exceptions import RayError, RayTaskError, UnserializableException

from evo_plastic.errors import ClusterLost, InputError
from evo_plastic.jit import FINGERPRINT
from workers.cluster import TOKEN_HINT, Cluster, first_line
from workers.pool import POLL_SECONDS, MakeWorker, Pool, Worker

MAX_TRIES = 3
START_SECONDS = 60.0  # without any worker; a busy machine takes 20 s for its first


class Actor:
    """A worker in a process of its own; undecorated, so that type checkers keep its type."""

    _worker: Worker
    _shared: Any
    _key = ""

    def prepare(self, make_worker: bytes, sources: str) -> None:
        """Refuse to begin with other sources than the driver's: they would give other numbers."""
        if sources != FINGERPRINT:
            raise InputError(
                f"a worker on {platform.node()} runs other sources of evo-plastic ({FINGERPRINT}) "
                f"than the driver ({sources}): install the same version on every node"
            )
        self._worker = pickle.loads(make_worker)()

    def run(self, key: str, shared: list[Any], chunk: bytes) -> bytes:
        """``shared`` holds one reference, which Ray does not resolve inside a list."""
        if key != self._key:
            self._shared = pickle.loads(ray.get(shared[0]))
            self._key = key
        return pickle.dumps(self._worker.run(self._shared, pickle.loads(chunk)), protocol=5)


@dataclass
class Call:
    """What an actor is busy with; without a chunk, its result is of no use to the map."""

    actor: Any
    chunk: int | None = None
    starting: bool = False


class Map:
    """Which chunks of one map wait, and which are done."""

    def __init__(self, count: int) -> None:
        self.count = count
        self.waiting = deque(range(count))
        self.results: dict[int, Any] = {}
        self._deaths: Counter[int] = Counter()

    def repeat(self, chunk: int, error: RayError) -> None:
        self._deaths[chunk] += 1
        if self._deaths[chunk] == MAX_TRIES:
            raise ClusterLost(
                f"chunk {chunk} of {self.count} was lost {MAX_TRIES} times with the worker "
                f"that ran it; the last error: {first_line(error)}"
            ) from error
        self.waiting.appendleft(chunk)


class RayPool(Pool):
    """``cluster.workers`` actors with a CPU each; closing it closes ``cluster``.

    An actor that dies is replaced. The pool begins once one actor is ready, and the others
    join as the cluster finds room for them.
    """

    def __init__(self, make_worker: MakeWorker, cluster: Cluster) -> None:
        self.size = cluster.workers
        self._cluster = cluster
        self._make_worker = pickle.dumps(make_worker)
        self._actor_class: Any = ray.remote(Actor).options(
            num_cpus=1, max_restarts=0, runtime_env={"env_vars": cluster.environment}
        )
        self._actors: list[Any] = []
        self._idle: list[Any] = []
        self._calls: dict[Any, Call] = {}
        self._failed_starts = 0
        self._seen_alive = time.monotonic()
        with contextlib.ExitStack() as undo:
            undo.callback(self.close)
            self._fill()
            while not self._idle:
                self._collect(Map(0))
            undo.pop_all()

    def map(self, shared: Any, chunks: Sequence[Any]) -> list[Any]:
        """See ``Pool.map``. A chunk whose worker died ``MAX_TRIES`` times is given up."""
        packed = [pickle.dumps(chunk, protocol=5) for chunk in chunks]
        reference = ray.put(pickle.dumps(shared, protocol=5))
        current = Map(len(packed))
        with self._leftovers_dropped():
            self._fill()
            self._seen_alive = time.monotonic()
            while len(current.results) < current.count:
                while self._idle and current.waiting:
                    actor, chunk = self._idle.pop(), current.waiting.popleft()
                    call = actor.run.remote(reference.hex(), [reference], packed[chunk])
                    self._calls[call] = Call(actor, chunk)
                self._collect(current)
        return [current.results[chunk] for chunk in range(current.count)]

    def close(self) -> None:
        if ray.is_initialized():
            for actor in self._actors:
                ray.kill(actor)
        self._actors.clear()
        self._idle.clear()
        self._calls.clear()
        self._cluster.close()

    @contextlib.contextmanager
    def _leftovers_dropped(self) -> Iterator[None]:
        """An actor that is busy when a map ends early is idle again when it is done."""
        try:
            yield
        finally:
            for call in self._calls.values():
                call.chunk = None

    def _fill(self) -> None:
        while len(self._actors) < self.size:
            actor = self._actor_class.remote()
            self._actors.append(actor)
            start = actor.prepare.remote(self._make_worker, FINGERPRINT)
            self._calls[start] = Call(actor, starting=True)

    def _discard(self, actor: Any) -> None:
        ray.kill(actor)  # it may only be out of reach
        self._actors.remove(actor)

    def _collect(self, current: Map) -> None:
        """Wait a moment for one call to end, and take its outcome into account."""
        done, _ = ray.wait(list(self._calls), num_returns=1, timeout=POLL_SECONDS)
        for reference in done:
            self._take(reference, self._calls.pop(reference), current)
        if done or not all(call.starting for call in self._calls.values()):
            self._seen_alive = time.monotonic()
        elif time.monotonic() - self._seen_alive > START_SECONDS:
            raise ClusterLost(
                f"no worker started within {START_SECONDS:.0f} s: {self.size} workers were "
                f"asked for, and of its CPUs the cluster has "
                f"{ray.available_resources().get('CPU', 0):g} to spare"
            )

    def _take(self, reference: Any, call: Call, current: Map) -> None:
        try:
            result = ray.get(reference)
        except (RayTaskError, UnserializableException) as error:
            self._take_exception(call, error)
        except RayError as error:
            self._take_death(call, error, current)
        else:
            self._failed_starts = 0
            self._idle.append(call.actor)
            if call.chunk is not None:
                current.results[call.chunk] = pickle.loads(result)

    def _take_exception(self, call: Call, error: RayError) -> None:
        """Raise what the worker's own code raised, with its traceback as the cause.

        What cannot be pickled is raised as Ray's own error, which quotes the traceback.
        """
        if call.starting:
            self._discard(call.actor)
        else:
            self._idle.append(call.actor)
        if call.starting or call.chunk is not None:
            raise getattr(error, "cause", error) from error

    def _take_death(self, call: Call, error: RayError, current: Map) -> None:
        self._discard(call.actor)
        self._failed_starts += call.starting
        if self._failed_starts >= MAX_TRIES:
            raise ClusterLost(
                f"workers do not start on the cluster ({TOKEN_HINT}): {error}"
            ) from error
        self._fill()
        if call.chunk is not None:
            current.repeat(call.chunk, error)
