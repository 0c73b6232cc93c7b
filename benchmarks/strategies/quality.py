"""Evaluations until a target is reached: medians and quartiles over seeds."""

import multiprocessing
import warnings
from collections.abc import Sequence
from concurrent.futures import ProcessPoolExecutor
from itertools import product
from typing import NamedTuple

import numpy as np

from benchmarks.common import Row
from benchmarks.strategies.contestants import CONTESTANTS
from benchmarks.strategies.objectives import Floats, make
from evo_plastic.cli.output import print_table

BUDGETS = {100: 400_000, 1000: 900_000}
"""Evaluations, by number of genes."""
FUNCTIONS = ("sphere", "ellipsoid", "rosenbrock", "rotated rastrigin", "noisy ellipsoid")
OURS = "ours"


class Race(NamedTuple):
    function: str
    n: int
    population: int
    contestant: str
    seed: int


class Outcome(NamedTuple):
    evaluations: int | None  # null: the budget ended first
    best: float  # least loss seen, without noise


def run(race: Race) -> Outcome:
    """One search; a contestant that fails on the way has not reached the target."""
    problem = make(race.function, race.n, race.seed)
    noise = np.random.default_rng([race.n, race.seed, 1])
    spent, best = 0, np.inf

    def evaluate(genomes: Floats) -> Floats:
        nonlocal spent, best
        losses = problem.losses(genomes)
        # Under noise the least of many losses says little: what counts is where they are.
        level = problem.losses(genomes.mean(axis=0)[None])[0] if problem.noisy else losses.min()
        spent, best = spent + len(genomes), min(best, float(level))
        if problem.noisy:
            losses = losses + losses.std() * noise.standard_normal(len(losses))
        return losses

    with warnings.catch_warnings(), np.errstate(all="ignore"):
        warnings.simplefilter("ignore")
        make_contestant = CONTESTANTS[race.contestant]
        contestant = make_contestant(problem.start, problem.sigma, race.population, race.seed)
        while best > problem.target and spent < BUDGETS[race.n]:
            try:
                contestant.step(evaluate)
            except (ArithmeticError, AssertionError, ValueError, RuntimeError):
                return Outcome(None, best)
    return Outcome(spent if best <= problem.target else None, best)


def measure(
    contestants: Sequence[str], sizes: Sequence[int], populations: Sequence[int], seeds: int,
    workers: int,
) -> list[Row]:  # fmt: skip
    """One row per function, size, population and contestant."""
    cases = list(product(FUNCTIONS, sizes, populations, contestants))
    races = [Race(*case, seed) for case in cases for seed in range(seeds)]
    context = multiprocessing.get_context("spawn")
    with ProcessPoolExecutor(workers, context) as pool:
        outcomes = list(pool.map(run, races, chunksize=1))
    return [_row(case, outcomes[k * seeds : (k + 1) * seeds]) for k, case in enumerate(cases)]


def _row(case: tuple[str, int, int, str], outcomes: Sequence[Outcome]) -> Row:
    function, n, population, contestant = case
    spent = [np.inf if one.evaluations is None else one.evaluations for one in outcomes]
    low, median, high = np.quantile(spent, (0.25, 0.5, 0.75), method="closest_observation")
    return {
        "function": function,
        "n": n,
        "population": population,
        "contestant": contestant,
        "evaluations": [one.evaluations for one in outcomes],
        "median": _finite(median),
        "quartiles": [_finite(low), _finite(high)],
        "reached": sum(np.isfinite(spent)),
        "best": float(np.median([one.best for one in outcomes])),
    }


def _finite(value: float) -> float | None:
    return float(value) if np.isfinite(value) else None


def show(rows: Sequence[Row]) -> None:
    print("evaluations to the target, median of seeds; best: median of the least losses")
    headers = ("function", "n", "λ", "strategy", "evaluations", "quartiles", "reached", "best")
    cells = []
    for row in rows:
        quartiles = " to ".join("-" if q is None else f"{q:,.0f}" for q in row["quartiles"])
        median = "-" if row["median"] is None else f"{row['median']:,.0f}"
        cells.append(
            (row["function"], row["n"], row["population"], row["contestant"], median, quartiles,
             row["reached"], row["best"])
        )  # fmt: skip
    print_table(headers, cells)
