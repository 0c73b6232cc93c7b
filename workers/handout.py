"""Which chunks of one map wait, are under way and are done, and how long one may take.

A chunk whose worker dies waits again, first in the queue. One that is overdue may be handed out
a second time, and the first answer counts: both would be the same. How long a chunk should take
follows from its size and from the slowest worker lately, so nobody is overdue for being slow.
"""

from collections import Counter, deque
from collections.abc import Sequence
from typing import Any

from evo_plastic.errors import ClusterLost

MAX_LOSSES = 3

OVERDUE, OVERDUE_SECONDS = 4.0, 5.0
"""A chunk that takes so many times what it should, and so long, has a worker that may hang."""

HOPELESS, HOPELESS_SECONDS = 20.0, 30.0
"""Likewise for a worker that is given up; twice as long for a chunk that was lost before."""

UNKNOWN_SECONDS = 600.0
"""Likewise before anything is known of the pace, and for a worker that starts."""

FADING, GROWTH = 0.99, 2.0


class Pace:
    """Seconds per unit of size of the slowest worker; what is long ago counts less and less."""

    def __init__(self) -> None:
        self._slowest = 0.0

    def note(self, seconds: float, size: float) -> None:
        pace = seconds / size
        if self._slowest > 0.0:
            pace = min(pace, GROWTH * self._slowest)  # one pause is not a pace
        self._slowest = max(pace, FADING * self._slowest)

    def overdue(self, size: float) -> float:
        """Seconds after which a chunk may be handed out again."""
        return max(OVERDUE * self._slowest * size, OVERDUE_SECONDS)

    def hopeless(self, size: float, losses: int = 0) -> float:
        """Seconds after which its worker is given up."""
        if self._slowest == 0.0:
            return UNKNOWN_SECONDS * 2.0**losses
        return max(HOPELESS * self._slowest * size, HOPELESS_SECONDS) * 2.0**losses


class Handout:
    """One map: chunks by their number."""

    def __init__(self, sizes: Sequence[float]) -> None:
        """sizes: what the chunks cost, in any unit."""
        self.sizes = sizes
        self.results: dict[int, Any] = {}
        self._waiting = deque(range(len(sizes)))
        self._losses: Counter[int] = Counter()
        self._copies: Counter[int] = Counter()

    @property
    def done(self) -> bool:
        return len(self.results) == len(self.sizes)

    def losses(self, chunk: int) -> int:
        return self._losses[chunk]

    def take(self) -> int | None:
        """The next chunk to hand out, if one waits."""
        if not self._waiting:
            return None
        chunk = self._waiting.popleft()
        self._copies[chunk] += 1
        return chunk

    def take_again(self, chunk: int) -> bool:
        """Whether a chunk that is overdue is handed out once more; there are two at most."""
        again = chunk not in self.results and self._copies[chunk] == 1
        self._copies[chunk] += again
        return again

    def answer(self, chunk: int, result: Any) -> None:
        """The first answer counts."""
        self._copies[chunk] -= 1
        self.results.setdefault(chunk, result)

    def lose(self, chunk: int, why: str) -> None:
        """The worker that had a chunk is gone; ``ClusterLost`` if it was the third."""
        self._copies[chunk] -= 1
        if chunk in self.results:
            return
        self._losses[chunk] += 1
        if self._losses[chunk] == MAX_LOSSES:
            raise ClusterLost(
                f"chunk {chunk} of {len(self.sizes)} was lost {MAX_LOSSES} times with the worker "
                f"that ran it; the last error: {why}"
            )
        if self._copies[chunk] == 0:
            self._waiting.appendleft(chunk)
