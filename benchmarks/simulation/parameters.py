"""What the simulation is told: measured costs, the cluster, and what goes wrong in it."""

import math
from dataclasses import dataclass

from evo_plastic.strategies.blocks import WORTH_THREADS


@dataclass(frozen=True)
class Costs:
    """Of one network on one kind of machine; seconds, and bytes as they are pickled."""

    prepare: float = 0.0
    """Driver, before a generation's first chunk: mazes, proposal, putting it into the store."""
    pack: float = 0.0
    """Driver, before the first chunk is handed out, for every chunk."""
    send: float = 0.0
    """Driver, for every chunk handed out."""
    receive: float = 0.0
    """Driver, for every result taken."""
    waiting: float = 0.0
    """Driver, for every result taken and every call that is not back yet: ``ray.wait`` looks at
    all of them."""
    overdue: float = 0.0
    """Likewise, once no chunk waits any more: the pool looks for one that is overdue."""
    transit: float = 0.0
    """Of a call and its result between two processes of a machine, the driver's part left out."""
    open: float = 0.0
    """Worker, before its first chunk of a generation: reading the proposal."""
    tell: float = 0.0
    """CPU time of the driver after a generation, whatever its population."""
    tell_candidate: float = 0.0
    """Likewise for every candidate; on ``tell_cores`` if there is much to draw."""
    tell_cores: int = 1
    threads_from: int = WORTH_THREADS
    """Numbers to draw, population × genes, from which ``tell`` has threads."""
    genes: int = 0
    records: float = 0.0
    """Driver, after a generation: rows of metrics, and its part of a checkpoint."""
    proposal_bytes: int = 0
    chunk_bytes: int = 0
    candidate_bytes: int = 0
    """Of a chunk, for every candidate in it."""
    result_bytes: int = 0

    def alone(self, population: int) -> float:
        """Seconds after the last result, when only the driver works."""
        cores = self.tell_cores if population * self.genes >= self.threads_from else 1
        return self.tell + self.tell_candidate * population / cores + self.records


@dataclass(frozen=True)
class Cluster:
    workers: int
    workers_per_node: int = 64
    latency: float = 0.0
    """Seconds one way between two machines."""
    bandwidth: float = math.inf
    """Bytes per second out of the driver's machine, which all others share."""


@dataclass(frozen=True)
class Faults:
    """Times between two are exponential and count while a worker works: idle ones cost nothing."""

    slow_share: float = 0.0
    """Of the workers, those that are always slow."""
    slowness: float = 1.0
    """How many times as long a slow worker takes."""
    stall_every: float = math.inf
    """Mean seconds of work between two stalls of a worker."""
    stall: float = 0.0
    """Seconds that a stalled worker stands still."""
    death_every: float = math.inf
    """Mean seconds of work before a worker dies."""
    detection: float = 0.0
    """Seconds until the driver is told of a death."""
    restart: float = 0.0
    """Seconds until a dead worker's successor is ready."""
