"""What the simulated driver keeps in mind: batches, workers, calls."""

from collections.abc import Sequence
from dataclasses import dataclass
from enum import Enum, auto
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from workers.handout import Handout


class Batch(NamedTuple):
    """Candidates of one map."""

    seconds: NDArray[np.float64]
    """That each takes on a worker that is not slow, (candidates,)."""
    lives: int = 1
    """Lifetimes of each."""


class Generation(NamedTuple):
    seconds: float
    driver: float
    """Seconds that the driver was busy."""
    alone: float
    """Of these, the seconds before and after the maps, when no worker has anything to do."""
    chunks: int
    """That were handed out, second copies too."""
    sent: int
    """Bytes out of the driver's machine."""


class Message(Enum):
    """What the driver is told of a call."""

    RESULT = auto()
    DEATH = auto()
    READY = auto()  # a worker that has started, or answered a ping
    ALARM = auto()  # the call may be overdue
    LAST_ALARM = auto()  # its worker may have to be given up


@dataclass
class Worker:
    node: int
    slowness: float
    until_stall: float  # seconds of work
    until_death: float  # seconds of work
    generation: int = 0
    """The one whose proposal it holds; the first is 1."""


@dataclass(eq=False)
class Call:
    """What a worker is busy with; without a handout it starts, or is pinged."""

    worker: int
    handout: Handout | None = None
    chunk: int = 0
    losses: int = 0
    sent: float = 0.0
    work: float = 0.0
    """CPU time of the chunk on this worker."""
    over: bool = False
    """Answered, or given up."""


class Map:
    """One map on its way."""

    def __init__(self, batch: Batch, parts: Sequence[range]) -> None:
        self.batch, self.parts = batch, parts
        self.handout = Handout([float(len(part) * batch.lives) for part in parts])
        self.worked = 0.0
        """CPU time of the answers."""
        self._sums = np.concatenate([[0.0], np.cumsum(batch.seconds)])

    def seconds(self, chunk: int) -> float:
        """That a chunk takes on a worker that is not slow."""
        part = self.parts[chunk]
        return float(self._sums[part.stop] - self._sums[part.start])
