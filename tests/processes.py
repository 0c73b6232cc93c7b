"""Which processes there are."""

from pathlib import Path

from benchmarks.faults.processes import running


def descendants(of: int) -> set[int]:
    parents = {}
    for entry in Path("/proc").glob("[0-9]*/stat"):
        try:
            state, parent = entry.read_text().rpartition(")")[2].split()[:2]
        except OSError:  # it ended meanwhile
            continue
        if state != "Z":
            parents[int(entry.parent.name)] = int(parent)
    found, more = set[int](), {of}
    while more:
        more = {child for child, parent in parents.items() if parent in more}
        found |= more
    return found


def alive(processes: set[int]) -> set[int]:
    return {number for number in processes if running(number)}
