"""Pool of Ray actors: chunks are pulled one by one, and nothing depends on who answers.

A dead actor, or a node with all of its, costs the chunks it had not finished. An actor that
hangs is noticed by the time its chunk takes: Ray itself would wait for ever. One chunk at a time
per worker: handing out a second one ahead saved 0.1 ms per chunk, and an actor that dies would
take two chunks along.

Not in our hands: when Ray on the driver's own machine dies, or the cluster's head for a minute,
Ray ends the driver's process.
"""

import contextlib
import logging
import pickle
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any

import ray
from ray.exceptions import RayError, RayTaskError, UnserializableException

from evo_plastic.errors import ClusterLost
from evo_plastic.jit import FINGERPRINT
from workers.actor import Actor
from workers.cluster import TOKEN_HINT, Cluster, first_line
from workers.handout import UNKNOWN_SECONDS, Handout, Pace
from workers.patience import Patience, never
from workers.pool import POLL_SECONDS, MakeWorker, Pool
from workers.starts import Starts
from workers.watch import Watch

_log = logging.getLogger(__name__)


@dataclass
class Call:
    """What an actor is busy with; without a chunk, its result is of no use to the map.

    size, losses: of the chunk, see ``Handout``.
    """

    actor: Any
    chunk: int | None = None
    starting: bool = False
    size: float = 1.0
    losses: int = 0
    begun: float = field(default_factory=time.monotonic)

    @property
    def seconds(self) -> float:
        return time.monotonic() - self.begun


class RayPool(Pool):
    """One actor with a CPU each for every worker of ``cluster``; closing it closes ``cluster``.

    An actor that dies is replaced. The pool begins once one actor is ready, and the others join
    as the cluster finds room for them; when all are gone, it waits for the cluster.
    """

    call_seconds = 1e-3

    def __init__(
        self, make_worker: MakeWorker, cluster: Cluster, stopping: Callable[[], bool] = never
    ) -> None:
        self._cluster = cluster
        self._make_worker = pickle.dumps(make_worker)
        # Spread, lest one node's death take most of the workers.
        self._actor_class: Any = ray.remote(Actor).options(
            num_cpus=1,
            max_restarts=0,
            scheduling_strategy="SPREAD",
            runtime_env={"env_vars": cluster.environment},
        )
        self._actors: list[Any] = []
        self._idle: list[Any] = []
        self._calls: dict[Any, Call] = {}
        self._shared: tuple[Any, Any] | None = None
        self._pace = Pace()
        self._patience = Patience(stopping)
        self._watch = Watch(cluster.joined)
        self._starts = Starts()
        with contextlib.ExitStack() as undo:
            undo.callback(self.close)
            while not self._idle:
                self._collect(Handout([]))
            undo.pop_all()

    @property
    def size(self) -> int:
        """Actors that work or will when there is room for them."""
        return max(len(self._actors), 1)

    def map(
        self, shared: Any, chunks: Sequence[Any], sizes: Sequence[float] | None = None
    ) -> list[Any]:
        """See ``Pool.map``. A chunk that was lost again and again is given up."""
        packed = [pickle.dumps(chunk, protocol=5) for chunk in chunks]
        reference = self._broadcast(shared)
        current = Handout(sizes or [1.0] * len(packed))
        with self._leftovers_dropped():
            while not current.done:
                self._hand_out(current, reference, packed)
                self._collect(current)
        return [current.results[chunk] for chunk in range(len(packed))]

    def close(self) -> None:
        if ray.is_initialized():
            for actor in self._actors:
                ray.kill(actor)
        self._actors.clear()
        self._idle.clear()
        self._calls.clear()
        self._cluster.close()

    def _broadcast(self, shared: Any) -> Any:
        """Put ``shared`` where every node fetches it once; the object of the last map is there."""
        if self._shared is None or self._shared[0] is not shared:
            self._shared = shared, ray.put(pickle.dumps(shared, protocol=5))
        return self._shared[1]

    @contextlib.contextmanager
    def _leftovers_dropped(self) -> Iterator[None]:
        """An actor that is busy when a map ends early is idle again when it is done."""
        try:
            yield
        finally:
            for call in self._calls.values():
                call.chunk = None

    def _fill(self) -> None:
        """As many actors as there should be; those the cluster has no room for yet will wait."""
        missing = self._cluster.wanted() - len(self._actors)
        if missing > 0 and self._starts.allowed():
            for _ in range(missing):
                actor = self._actor_class.remote()
                self._actors.append(actor)
                start = actor.prepare.remote(self._make_worker, FINGERPRINT)
                self._calls[start] = Call(actor, starting=True)

    def _hand_out(self, current: Handout, reference: Any, packed: list[bytes]) -> None:
        while self._idle and (chunk := self._next(current)) is not None:
            actor, size = self._idle.pop(), current.sizes[chunk]
            call = actor.run.remote(reference.hex(), [reference], packed[chunk])
            self._calls[call] = Call(actor, chunk, size=size, losses=current.losses(chunk))

    def _next(self, current: Handout) -> int | None:
        """A chunk that waits, or one that is overdue with somebody else."""
        chunk = current.take()
        if chunk is not None:
            return chunk
        for call in self._calls.values():
            if call.chunk is None or call.seconds < self._pace.overdue(call.size):
                continue
            if current.take_again(call.chunk):
                return call.chunk
        return None

    def _collect(self, current: Handout) -> None:
        """Wait a moment for one call to end, and take its outcome into account."""
        self._fill()
        for reference in self._wait():
            self._take(reference, self._calls.pop(reference), current)
        self._give_up_the_hopeless(current)
        if self._idle or not all(call.starting for call in self._calls.values()):
            self._watch.somebody_works()
        else:
            self._watch.nobody_works(self.size)
        if not current.done:
            self._patience()

    def _wait(self) -> list[Any]:
        if not self._calls:  # a pause after failed starts
            time.sleep(POLL_SECONDS)
            return []
        done, _ = ray.wait(list(self._calls), num_returns=1, timeout=POLL_SECONDS)
        return list(done)

    def _take(self, reference: Any, call: Call, current: Handout) -> None:
        try:
            result = ray.get(reference)
        except (RayTaskError, UnserializableException) as error:
            self._take_exception(call, error, current)
        except RayError as error:
            self._take_death(call, error, current)
        else:
            self._idle.append(call.actor)
            if call.starting:
                self._starts.succeeded()
            if call.chunk is not None:
                self._pace.note(call.seconds, call.size)
                current.answer(call.chunk, pickle.loads(result))

    def _take_exception(self, call: Call, error: RayError, current: Handout) -> None:
        """Raise what the worker's own code raised, with its traceback as the cause.

        What cannot be pickled is raised as Ray's own error, which quotes the traceback. A late
        worker that cannot be made, as on a node with other sources, does not end a run.
        """
        cause = getattr(error, "cause", error)
        if isinstance(cause, RayError) and cause is not error:  # it could not get what is shared
            self._take_death(call, cause, current)
        elif not call.starting:
            self._idle.append(call.actor)
            if call.chunk is not None and call.chunk not in current.results:
                raise cause from error
        else:
            self._discard(call.actor)
            self._starts.failed()
            if not self._starts.any_succeeded and not self._others_start():
                raise cause from error
            _log.warning("a worker does not start: %s", first_line(cause))

    def _take_death(self, call: Call, error: RayError, current: Handout) -> None:
        self._discard(call.actor)
        if call.starting:
            self._starts.failed()
            if self._starts.hopeless and not self._others_start():
                raise ClusterLost(
                    f"workers do not start on the cluster ({TOKEN_HINT}): {error}"
                ) from error
        # Others may have died with it. One that is asked now takes no chunk along.
        while self._idle:
            actor = self._idle.pop()
            self._calls[actor.ping.remote()] = Call(actor, size=0.0)
        if call.chunk is not None:
            current.lose(call.chunk, first_line(error))

    def _give_up_the_hopeless(self, current: Handout) -> None:
        for reference, call in list(self._calls.items()):
            if call.seconds < self._deadline(call) or ray.wait([reference], timeout=0)[0]:
                continue
            del self._calls[reference]
            self._discard(call.actor)
            why = f"a worker did not {'start' if call.starting else 'answer'} within"
            why = f"{why} {call.seconds:.0f} s"
            _log.warning("%s: it is replaced", why)
            if call.chunk is not None:
                current.lose(call.chunk, why)

    def _deadline(self, call: Call) -> float:
        # Replacing a worker that only waits for room does no harm.
        return UNKNOWN_SECONDS if call.starting else self._pace.hopeless(call.size, call.losses)

    def _others_start(self) -> bool:
        return any(call.starting for call in self._calls.values())

    def _discard(self, actor: Any) -> None:
        ray.kill(actor)  # it may only be out of reach
        self._actors.remove(actor)
