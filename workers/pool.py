"""What every pool of workers promises, and the choice between the two kinds.

A pool spreads the chunks of one piece of work over its workers. Because a worker is pure, the
results do not depend on the kind of pool, on its size, nor on which worker took which chunk.

Order of a run: the driver's process builds one worker first, which compiles the kernels into
numba's cache on disk; only then is a pool created, so that its workers find them compiled.
"""

import os
from collections.abc import Callable, Sequence
from typing import Any, Protocol, Self

from evo_plastic.config import PoolConfig
from workers.patience import never

# How long a pool waits for results before it lets Python deliver signals.
POLL_SECONDS = 0.1


class Worker(Protocol):
    def run(self, shared: Any, chunk: Any) -> Any:
        """Evaluate one chunk; the same arguments give the same result on every worker.

        ``shared``, ``chunk`` and the result can be pickled; none is changed after it was given.
        """
        ...


MakeWorker = Callable[[], Worker]


class Pool(Protocol):
    call_seconds: float
    """What it costs to hand out a chunk, roughly."""

    @property
    def size(self) -> int:
        """How many workers there are at present, at least 1."""

    def map(
        self, shared: Any, chunks: Sequence[Any], sizes: Sequence[float] | None = None
    ) -> list[Any]:
        """Results of ``run(shared, chunk)`` in the order of ``chunks``.

        sizes: what the chunks cost, in any unit; by default all the same. A ``shared`` that is
        the object of the map before is not sent again.

        A worker's exception is raised here, of the same type; the pool stays usable. Raises
        ``ClusterLost`` when the machines that should answer are gone for good, ``Abandoned``
        when the pool's ``stopping`` asked for an end and it takes too long.
        """
        ...

    def close(self) -> None: ...

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()


def available_cpus() -> int:
    """CPUs this process may use, which can be fewer than the machine has."""
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


def create(
    config: PoolConfig,
    make_worker: MakeWorker,
    stopping: Callable[[], bool] = never,
    insecure: bool = False,
) -> Pool:
    """Start the pool that ``config`` asks for; ``make_worker`` is picklable, called per worker.

    insecure: on a cluster that demands no token, too. Raises ``ClusterLost`` when Ray cannot be
    started or joined, ``InputError`` when a cluster does not let us in.
    """
    backend = config.backend
    if backend == "auto":
        backend = "local" if config.address is None else "ray"
    if backend == "local":
        from workers.local_pool import LocalPool

        return LocalPool(make_worker, config.workers or available_cpus(), stopping)
    from workers import cluster
    from workers.ray_pool import RayPool

    started = cluster.start(config.address, config.workers, insecure)
    return RayPool(make_worker, started, stopping)
