"""How speed changes with hidden size, with lifetimes per genome, and with workers.

Cost per synapse should fall towards a constant as the network grows, and depend neither on
powers of two nor on multiples of the vector width beyond the padding. The first two tables are
of one core, from compiled lifetimes; the third from whole generations through a pool.
"""

import statistics
import time
from collections.abc import Sequence
from typing import Any

import numpy as np

from benchmarks.common import (
    MAIN,
    ROLLOUTS,
    SPREAD,
    Row,
    Workload,
    configure,
    create_network,
    live_interleaved,
    passes,
    workload,
)
from evo_plastic.cli.output import print_table
from evo_plastic.config import PoolConfig, SepCMAESConfig
from evo_plastic.strategies import create, first_mean
from evo_plastic.tasks import training_tasks
from evo_plastic.tasks.trial import Trial
from workers.evaluator import PoolEvaluator, open_evaluator
from workers.pool import available_cpus

HIDDEN = (16, 32, 48, 64, 96, 100, 128, 160, 200, 256, 384, 512)
LIVES = (1, 2, 4, 8, 16, 32, 64, 128)
SYNAPSES = 2**18
"""Of all genomes of one workload: small networks get more genomes, so that rounds are alike."""
POPULATION, TASKS, REPEATS = 360, 8, 4


def by_hidden_size(rounds: int, sizes: Sequence[int] = HIDDEN, lives: int = 16) -> list[Row]:
    workloads = []
    for name, modulation in MAIN:
        for hidden in sizes:
            config = configure(name, modulation, hidden)
            genomes = max(1, SYNAPSES // _synapses(create_network(config)) // lives)
            workloads.append(workload(config, genomes, lives))
    rates = live_interleaved(workloads, rounds)
    return [_size_row(one, rate.cpu) for one, rate in zip(workloads, rates, strict=True)]


def _synapses(spec: Any) -> int:
    return sum(one.post * one.pre for one in passes(spec))


def _size_row(one: Workload, rate: float) -> Row:
    return {
        "network": one.spec.title,
        "hidden": one.spec.hidden,
        "steps_per_second": rate,
        "ns_per_step": 1e9 / rate,
        "ns_per_synapse": 1e9 / rate / _synapses(one.spec),
    }


def by_lifetimes(rounds: int, lives: Sequence[int] = LIVES) -> list[Row]:
    """All have as many lifetimes in total; only the number of genomes differs."""
    workloads = [
        workload(configure(name, modulation), max(lives) // count, count)
        for name, modulation in MAIN
        for count in lives
    ]
    rates = live_interleaved(workloads, rounds)
    return [
        {"network": one.spec.title, "lives": len(one.instance), "steps_per_second": rate.cpu}
        for one, rate in zip(workloads, rates, strict=True)
    ]


def by_workers(
    rounds: int,
    counts: Sequence[int] | None = None,
    backends: Sequence[str] = ("local", "ray"),
    population: int = POPULATION,
) -> list[Row]:
    """Generations of the first of ``MAIN`` through a pool, steps per second of wall clock."""
    rows = []
    for backend in backends:
        for count in counts or worker_counts(available_cpus()):
            rate = _pool_rate(backend, count, rounds, population)
            rows.append({"backend": backend, "workers": count, "steps_per_second": rate})
    first = rows[0]["steps_per_second"] / rows[0]["workers"]
    return [row | {"efficiency": row["steps_per_second"] / row["workers"] / first} for row in rows]


def worker_counts(cpus: int) -> list[int]:
    """1, 2, 4, … and all."""
    return sorted({2**k for k in range(cpus.bit_length())} | {cpus})


def _pool_rate(backend: str, count: int, rounds: int, population: int) -> float:
    config = configure(*MAIN[0])
    pool = PoolConfig.model_validate({"backend": backend, "workers": count})
    with open_evaluator(pool, config, create_network(config)) as evaluator:
        _generation(evaluator, population, 0)  # starts the workers
        return statistics.median(
            _generation(evaluator, population, number + 1) for number in range(rounds)
        )


def _generation(evaluator: PoolEvaluator, population: int, number: int) -> float:
    spec = create_network(configure(*MAIN[0]))
    strategy = create(SepCMAESConfig(population=population), spec.layout, seed=0)
    state = strategy.init(first_mean(spec.n_gene, 0, SPREAD))._replace(generation=number)
    tasks = training_tasks("maze9", 0, number, TASKS)
    weights = np.eye(ROLLOUTS)[-1]
    begun = time.perf_counter()
    trial = Trial(np.arange(population), tasks, REPEATS, weights, common_noise=True)
    result = evaluator.fitness(strategy, strategy.proposal(state), trial)
    return result.steps / (time.perf_counter() - begun)


def show(sizes: Sequence[Row], lives: Sequence[Row], workers: Sequence[Row]) -> None:
    print("one core, by hidden size")
    print_table(
        ["network", "hidden", "steps/s", "ns/step", "ns/synapse"],
        [list(row.values()) for row in sizes],
    )
    print("\none core, by lifetimes per genome: million steps per second")
    counts = sorted({row["lives"] for row in lives})
    titles = dict.fromkeys(row["network"] for row in lives)
    rates = {(row["network"], row["lives"]): row["steps_per_second"] / 1e6 for row in lives}
    print_table(
        ["network", *map(str, counts)],
        [[title, *(rates[title, count] for count in counts)] for title in titles],
    )
    print(f"\ngenerations of {POPULATION} candidates through a pool, wall clock")
    print_table(
        ["pool", "workers", "steps/s", "efficiency"], [list(row.values()) for row in workers]
    )


def main() -> None:
    rounds = 5
    show(by_hidden_size(rounds), by_lifetimes(rounds), by_workers(rounds))


if __name__ == "__main__":
    main()
