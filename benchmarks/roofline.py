"""How near the kernels come to what the core can do.

A step goes once over the synapses of each connection. Its arithmetic and its traffic follow
from the rule; per synapse and lifetime:

    decomposed    2 × and 2 +                load S, store S
    abcd, tied    5 × and 5 +                load W, store W, load A B C D once for all slots
    eligibility   4 ×, 3 + and 2 limits      load W and E, store W and E
    static        1 × and 1 +                load W once for all slots

What is loaded once for all slots counts 1 / slots. Of a step that loads L and stores S bytes,

    bound = max(operations / arithmetic rate, time of load and store)
    time of load and store = 2 min(L, S) / rate of both + |L - S| / rate of that one alone

with the rates of the nearest cache that holds all the step goes through. What is not done per
synapse (activations, modulation, outputs, maze, random numbers) is not counted: it is in the
measured time of a step, so that the fraction reached, bound / measured, stays below one.
"""

import statistics
from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple

from benchmarks import machine
from benchmarks.common import Pass, Row, Workload, passes, timed, workload
from evo_plastic.cli.output import print_table
from evo_plastic.config import NetworkConfig
from evo_plastic.networks import every

LIVES, TRIES = 32, 5
"""Lifetimes of one try, some ten milliseconds; the best try counts, as for the peaks."""
FLOAT = 4  # bytes
NANO = 1e9
GIGA = 1e9


class Cost(NamedTuple):
    """Of one synapse, one step and one lifetime; loads and stores of floats."""

    flops: int
    loads: int
    stores: int
    shared: int  # loads that serve all slots


COSTS = {
    "decomposed": Cost(flops=4, loads=1, stores=1, shared=0),
    "abcd": Cost(flops=10, loads=1, stores=1, shared=4),
    "tied": Cost(flops=10, loads=1, stores=1, shared=4),
    "eligibility": Cost(flops=9, loads=2, stores=2, shared=0),
    "scratch_eligibility": Cost(flops=9, loads=2, stores=2, shared=0),
    "static": Cost(flops=2, loads=0, stores=0, shared=1),
}


class Peaks(NamedTuple):
    """Rates of one core, per second."""

    flops: float
    fused_flops: float
    bytes: dict[str, dict[str, float]]
    """By cache, then by what is done (``machine.MOVES``)."""


class Bound(NamedTuple):
    """Seconds of one step of one lifetime."""

    arithmetic: float
    traffic: float
    cache: str


def measure_peaks() -> Peaks:
    rates = {
        level: {move: machine.bandwidth(move, level) for move in machine.MOVES}
        for level in machine.WORKING_SETS
    }
    separate, fused = (machine.arithmetic_rate(fused) for fused in (False, True))
    return Peaks(separate, fused, rates)


def bound(connections: Sequence[Pass], peaks: Peaks) -> Bound:
    costs = [(one.post * one.pre, one.slots, COSTS[one.rule]) for one in connections]
    operations = sum(synapses * cost.flops for synapses, _, cost in costs)
    loads = sum(n * (cost.loads + cost.shared / slots) for n, slots, cost in costs)
    stores = sum(synapses * cost.stores for synapses, _, cost in costs)
    held = sum(n * (slots * cost.loads + cost.shared) for n, slots, cost in costs)
    cache = nearest_cache(FLOAT * held)
    rates = peaks.bytes[cache]
    alone = rates["load"] if loads > stores else rates["store"]
    floats = 2 * min(loads, stores) / rates["load_store"] + abs(loads - stores) / alone
    return Bound(operations / peaks.flops, FLOAT * floats, cache)


def nearest_cache(size: int) -> str:
    """The first that holds ``size`` bytes."""
    fitting = [level for level, capacity in cache_sizes().items() if size <= capacity]
    return fitting[0] if fitting else "memory"


def cache_sizes() -> dict[str, int]:
    """Bytes of each cache that a core has, as Linux says; usual ones where it does not."""
    sizes = {"L1": 32 * machine.KIB, "L2": 512 * machine.KIB, "L3": 16384 * machine.KIB}
    for folder in Path("/sys/devices/system/cpu/cpu0/cache").glob("index*"):
        level, kind, size = (
            (folder / fact).read_text().strip() for fact in ("level", "type", "size")
        )
        if f"L{level}" in sizes and kind != "Instruction":
            sizes[f"L{level}"] = machine.KIB * int(size.removesuffix("K"))
    return sizes


def measure(configs: Sequence[NetworkConfig], rounds: int) -> tuple[list[Row], list[Row]]:
    """The peaks, and networks against them; medians, each fraction taken within its round."""
    workloads = [workload(config, genomes=1, lives=LIVES) for config in configs]
    for one in workloads:
        one.live()  # compiles or loads the kernel
    peaks, seconds = [], []
    for _ in range(rounds):
        peaks.append(measure_peaks())
        seconds.append([_seconds_per_step(one) for one in workloads])
    by_network = zip(workloads, zip(*seconds, strict=True), strict=True)
    return _peak_rows(peaks), [_network_row(one, list(times), peaks) for one, times in by_network]


def _seconds_per_step(one: Workload) -> float:
    return 1 / max(timed(one.live).cpu for _ in range(TRIES))


def _peak_rows(rounds: Sequence[Peaks]) -> list[Row]:
    flops = {
        "multiply, add": [peaks.flops for peaks in rounds],
        "fused multiply-add": [peaks.fused_flops for peaks in rounds],
    }
    arithmetic = [
        {"peak": name, "gflops": statistics.median(rates) / GIGA} for name, rates in flops.items()
    ]
    traffic = [
        {"peak": level}
        | {
            move: statistics.median(peaks.bytes[level][move] for peaks in rounds) / GIGA
            for move in machine.MOVES
        }
        for level in machine.WORKING_SETS
    ]
    return arithmetic + traffic


def _network_row(one: Workload, seconds: Sequence[float], rounds: Sequence[Peaks]) -> Row:
    bounds = [bound(passes(one.spec), peaks) for peaks in rounds]
    fractions = [
        max(each.arithmetic, each.traffic) / measured
        for each, measured in zip(bounds, seconds, strict=True)
    ]
    return {
        "network": one.spec.title,
        "cache": bounds[0].cache,
        "arithmetic_ns": NANO * statistics.median(each.arithmetic for each in bounds),
        "traffic_ns": NANO * statistics.median(each.traffic for each in bounds),
        "measured_ns": NANO * statistics.median(seconds),
        "fraction": statistics.median(fractions),
    }


def show(peaks: Sequence[Row], networks: Sequence[Row]) -> None:
    print("peak rates of one core, float32 in vectors of sixteen")
    arithmetic = [list(row.values()) for row in peaks if "gflops" in row]
    print_table(["arithmetic", "GFLOP/s"], arithmetic)
    traffic = [list(row.values()) for row in peaks if "gflops" not in row]
    print_table(["GB/s", *machine.MOVES], traffic)
    print("\nnanoseconds of one step: lower bounds of the passes over synapses, and all measured")
    headers = ["network", "held in", "arithmetic", "load, store", "measured", "fraction"]
    print_table(headers, [list(row.values()) for row in networks])


def main() -> None:
    show(*measure(every(hidden=64), rounds=5))


if __name__ == "__main__":
    main()
