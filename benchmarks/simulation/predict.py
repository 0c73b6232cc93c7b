"""What the model says of clusters that we do not have."""

from collections.abc import Sequence
from dataclasses import asdict, dataclass, replace
from typing import Any
from unittest.mock import patch

import numpy as np
from numpy.typing import NDArray

from benchmarks.common import Row
from benchmarks.simulation.levels import TwoLevels
from benchmarks.simulation.lifetimes import LIVES, POPULATION, TASKS
from benchmarks.simulation.model import Simulation
from benchmarks.simulation.parameters import Cluster, Costs, Faults
from benchmarks.simulation.parts import Batch, Generation
from workers import cutting

WORKERS = (1, 2, 5, 10, 20, 50, 100, 200, 500, 1000, 2000, 5000, 10_000)
POPULATIONS = (POPULATION, 10 * POPULATION, 100 * POPULATION)
NETWORK: dict[str, Any] = {"workers_per_node": 64, "latency": 1e-4, "bandwidth": 1.25e9}
"""A machine of 64 cores, 0.1 ms between two of them, 10 Gbit/s out of the driver's."""
SLOW = Faults(slow_share=0.05, slowness=4.0)
EVENTS = {
    "dies, driver told after 1.5 s": Faults(detection=1.5, restart=10.0),
    "is lost with its node, told after 20 s": Faults(detection=20.0, restart=10.0),
    "stands still for 10 s": Faults(stall=10.0),
}
"""What happens to a worker: a dead process is noticed at once, a dead node by its silence."""
EVENT_WORKERS = (10, 100, 1000, 10_000)
DAY = 86_400.0
CUTTING_WORKERS = (2, 20, 50, 100)
CUTTINGS = dict.fromkeys(
    [
        (cutting.SHARE, cutting.WORTH_CALLS),
        *((share, calls) for share in (1.5, 2.0, 3.0, 4.0) for calls in (20, 10)),
    ]
)
"""``SHARE`` and ``WORTH_CALLS`` of ``workers.cutting``: those it has, then others."""
DRIVER_CORES = 16


@dataclass(frozen=True)
class Known:
    """Of a network and a start, as measured."""

    network: str
    start: str
    seconds: NDArray[np.float64]
    costs: Costs

    def batch(self, population: int = POPULATION) -> Batch:
        """A larger population repeats the one that was measured."""
        return Batch(np.resize(self.seconds, population), LIVES)


def sweep(
    known: Known, population: int, faults: Faults, workers: Sequence[int] = WORKERS
) -> list[Row]:
    """A row for every number of workers."""
    about = {"network": known.network, "start": known.start, "population": population}
    about["slow_share"] = faults.slow_share
    rows = []
    for count in workers:
        simulation = Simulation(known.costs, Cluster(count, **NETWORK), faults)
        rows.append(about | _row(known.batch(population), simulation, count))
    return rows


def _row(batch: Batch, simulation: Simulation, workers: int) -> Row:
    found = _settled(simulation, batch, 2)
    seconds = float(np.mean([one.seconds for one in found]))
    work = float(batch.seconds.sum())
    return {
        "workers": workers,
        "seconds": seconds,
        "speed_up": work / seconds,
        "efficiency": work / seconds / workers,
        "driver": float(np.mean([one.driver for one in found])) / seconds,
        "alone": found[-1].alone,
        "chunks": found[-1].chunks,
        "sent": found[-1].sent,
    }


def _settled(simulation: Simulation, batch: Batch, generations: int) -> list[Generation]:
    """Generations after a small one, in which the pool learns how long lifetimes take."""
    simulation.generation(Batch(batch.seconds[:POPULATION], batch.lives))
    return [simulation.generation(batch) for _ in range(generations)]


def enough(rows: Sequence[Row], efficiency: float) -> int:
    """The most workers of which so much of their time is used, between those simulated."""
    counts = np.log([row["workers"] for row in rows])
    falling = np.minimum.accumulate([row["efficiency"] for row in rows])
    return round(float(np.exp(np.interp(-efficiency, -falling, counts))))


def floor(known: Known, population: int) -> float:
    """Seconds that a generation takes at least, however many workers there are, by hand.

    Chunk i leaves the driver i·d after the first, and all come back at T at best: their work is
    T + (T - d) + (T - 2d) + … = T² / 2d.
    """
    costs = known.costs
    work = float(known.batch(population).seconds.sum())
    alone = costs.prepare + costs.alone(population)
    return alone + costs.transit + float(np.sqrt(2 * work * (costs.pack + costs.send)))


def events(
    known: Known, counts: Sequence[int] = EVENT_WORKERS, generations: int = 80
) -> list[Row]:
    """What one event costs a run, and what one per worker and day does."""
    batch = known.batch()
    work = float(batch.seconds.sum())
    rows = []
    for name, faults in EVENTS.items():
        # One in four generations, to have some; what each costs does not hang on their number.
        rare = {"stall_every": 4 * work} if faults.stall else {"death_every": 4 * work}
        for count in counts:
            cluster = Cluster(count, **NETWORK)
            usual = _settled(Simulation(known.costs, cluster), batch, 2)[-1].seconds
            simulation = Simulation(known.costs, cluster, replace(faults, **rare))
            struck = sum(one.seconds for one in _settled(simulation, batch, generations))
            happened = simulation.deaths + simulation.stalls
            cost = (struck - generations * usual) / happened
            rows.append({
                "event": name, "workers": count, "seconds": cost,
                "share": cost * work / DAY / usual,
            })  # fmt: skip
    return rows


def designs(known: Known, workers: int, population: int) -> list[Row]:
    """What else could be built, each step with those before it."""
    batch, cluster = known.batch(population), Cluster(workers, **NETWORK)
    quick = replace(known.costs, tell_cores=DRIVER_CORES, threads_from=0)
    steps: dict[str, Simulation] = {
        "as it is": Simulation(known.costs, cluster),
        f"`tell` on {DRIVER_CORES} cores": Simulation(quick, cluster),
        "a driver on every node": TwoLevels(quick, cluster),
        "a maze as the smallest piece": TwoLevels(quick, cluster, pieces=TASKS),
    }
    about = {"network": known.network, "population": population}
    return [
        about | {"design": name} | _row(batch, simulation, workers)
        for name, simulation in steps.items()
    ]


def cuttings(known: Known) -> list[Row]:
    """Generation times if chunks were cut otherwise; as it is, first."""
    rows = []
    for share, worth in CUTTINGS:
        row: Row = {"share": share, "calls": worth}
        with (
            patch.object(cutting, "SHARE", share),
            patch.object(cutting, "WORTH_CALLS", worth),
        ):
            for name, faults in {"equal": Faults(), "slow": SLOW}.items():
                for one in sweep(known, POPULATION, faults, CUTTING_WORKERS):
                    row[f"{name}_{one['workers']}"] = one["seconds"]
        rows.append(row)
    return rows


def as_json(known: Known) -> Row:
    return asdict(known) | {"seconds": [round(float(one), 7) for one in known.seconds]}


def from_json(row: Row) -> Known:
    return Known(row["network"], row["start"], np.array(row["seconds"]), Costs(**row["costs"]))
