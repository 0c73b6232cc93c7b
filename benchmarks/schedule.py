"""When the chunks of a map ran on which worker: gaps, idle ends, and how they would pack."""

import heapq
import itertools
from collections import defaultdict
from typing import NamedTuple


class Span(NamedTuple):
    """One chunk: clock readings (comparable between processes) and seconds of CPU time."""

    worker: tuple[int, int]  # process and thread
    begun: float
    ended: float
    cpu: float
    kernel: float


class Map(NamedTuple):
    """One call of a pool's ``map``, with its chunks in the order of their handing out."""

    begun: float
    ended: float
    spans: list[Span]


def by_worker(one: Map) -> list[list[Span]]:
    """The chunks that each worker ran, in order of time."""
    workers: dict[tuple[int, int], list[Span]] = defaultdict(list)
    for span in sorted(one.spans, key=lambda span: span.begun):
        workers[span.worker].append(span)
    return list(workers.values())


def gaps(one: Map) -> list[float]:
    """Seconds between the end of a chunk and the begin of the same worker's next one."""
    return [
        after.begun - before.ended
        for spans in by_worker(one)
        for before, after in itertools.pairwise(spans)
    ]


def tail(one: Map, workers: int) -> float:
    """Seconds that workers had nothing left to do before the map returned: their mean."""
    ends = [spans[-1].ended for spans in by_worker(one)]
    never_used = (workers - len(ends)) * (one.ended - one.begun)
    return (sum(one.ended - end for end in ends) + never_used) / workers


def packed(one: Map, workers: int, gap: float) -> float:
    """Seconds from first to last if each chunk took its CPU time and nothing was in its way.

    The worker that is free first takes the next chunk, ``gap`` seconds later.
    """
    free = [0.0] * workers
    for span in one.spans:
        heapq.heapreplace(free, free[0] + gap + span.cpu)
    return max(free)
