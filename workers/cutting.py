"""Into what chunks work is cut: each worth the call that hands it out, none too long to lose."""

import math

SHARE = 3
"""A chunk is a worker's part of what is left, divided by this: large ones first, little at the
end, when workers would wait for one another; and the first no larger than a worker three times
as slow as the others can do in their time."""

FIRST_SHARE = 8
"""Likewise for all chunks of a job, as long as nobody knows how long they take."""

WORTH_CALLS = 20
"""A chunk takes at least this many times what it costs to hand it out."""

LONGEST_SECONDS = 2.0
"""What a worker that dies takes along, and how long an old chunk outlives a run that stops."""


def cut(
    count: int, workers: int, call_seconds: float, item_seconds: float | None = None
) -> list[range]:
    """Cut ``count`` items into ranges, in their order.

    call_seconds: cost of handing a chunk out      item_seconds: CPU time of an item, if known
    """
    smallest, largest = 1, math.ceil(count / (FIRST_SHARE * workers))
    if item_seconds:
        largest = max(int(LONGEST_SECONDS / item_seconds), 1)
        smallest = min(math.ceil(WORTH_CALLS * call_seconds / item_seconds), largest)
    chunks, first = list[range](), 0
    while first < count:
        part = math.ceil((count - first) / (SHARE * workers))
        last = min(first + min(max(part, smallest), largest), count)
        chunks.append(range(first, last))
        first = last
    return chunks
