"""Evaluations until a target is reached: medians and quartiles over seeds."""

import json
import multiprocessing
import warnings
from collections.abc import Sequence
from concurrent.futures import ProcessPoolExecutor, as_completed
from pathlib import Path
from typing import NamedTuple

import numpy as np

from benchmarks.common import Row
from benchmarks.strategies.contestants import CONTESTANTS, DEFAULT, PACKAGES
from benchmarks.strategies.objectives import Floats, make
from evo_plastic.cli.output import print_table


class Plan(NamedTuple):
    seeds: dict[int, int]
    """How many, by size of the population."""
    budgets: dict[int, int]
    """Evaluations by number of genes."""


_FULL, _SHORT = {17: 5, 32: 3, 360: 5}, {32: 3, 360: 3}
PLANS = {
    "sphere": Plan(_FULL, {100: 150_000, 1000: 450_000}),
    "ellipsoid": Plan(_FULL, {100: 250_000, 1000: 800_000}),
    "rosenbrock": Plan(_FULL, {100: 400_000, 1000: 250_000}),
    "rotated rastrigin": Plan(_SHORT, {100: 100_000, 1000: 100_000}),
    "noisy ellipsoid": Plan(_SHORT, {100: 150_000, 1000: 150_000}),
}


class Race(NamedTuple):
    function: str
    n: int
    population: int
    contestant: str
    seed: int


class Outcome(NamedTuple):
    evaluations: int | None  # null: the budget ended first, or the search failed
    best: float  # least loss seen, without noise


def races(contestants: Sequence[str], sizes: Sequence[int]) -> list[Race]:
    """All of them, seed by seed, so that the first of each are known early.

    Our other forms race with the first seed alone.
    """
    return [
        Race(function, n, population, contestant, seed)
        for seed in range(max(max(plan.seeds.values()) for plan in PLANS.values()))
        for function, plan in PLANS.items()
        for n in sizes
        for population, seeds in plan.seeds.items()
        for contestant in contestants
        if seed < (seeds if contestant in (DEFAULT, *PACKAGES) else 1)
    ]


def run(race: Race) -> Outcome:
    """One search; a contestant that fails on the way has not reached the target."""
    problem = make(race.function, race.n, race.seed)
    budget = PLANS[race.function].budgets[race.n]
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
        while best > problem.target and spent < budget:
            try:
                contestant.step(evaluate)
            except (ArithmeticError, AssertionError, ValueError, RuntimeError):
                return Outcome(None, best)
    return Outcome(spent if best <= problem.target else None, best)


def run_all(todo: Sequence[Race], journal: Path, workers: int) -> dict[Race, Outcome]:
    """Outcomes of all races; those that ``journal`` has are not run again."""
    done = dict[Race, Outcome]()
    if journal.is_file():
        for line in journal.read_text().splitlines():
            race, outcome = json.loads(line)
            done[Race(*race)] = Outcome(*outcome)
    context = multiprocessing.get_context("spawn")
    with ProcessPoolExecutor(workers, context) as pool, journal.open("a") as file:
        running = {pool.submit(run, race): race for race in todo if race not in done}
        for future in as_completed(running):
            race = running[future]
            done[race] = future.result()
            file.write(json.dumps([race, done[race]]) + "\n")
            file.flush()
    return {race: done[race] for race in todo}


def summarise(outcomes: dict[Race, Outcome]) -> list[Row]:
    """One row per function, size, population and contestant."""
    cases: dict[tuple[str, int, int, str], list[Outcome]] = {}
    for race, outcome in outcomes.items():
        cases.setdefault(race[:4], []).append(outcome)
    return [_row(case, found) for case, found in sorted(cases.items(), key=_order)]


def _order(item: tuple[tuple[str, int, int, str], list[Outcome]]) -> tuple[int, int, int, int]:
    function, n, population, contestant = item[0]
    return list(PLANS).index(function), n, population, list(CONTESTANTS).index(contestant)


def _row(case: tuple[str, int, int, str], outcomes: Sequence[Outcome]) -> Row:
    function, n, population, contestant = case
    spent = [np.inf if one.evaluations is None else one.evaluations for one in outcomes]
    low, median, high = np.quantile(spent, (0.25, 0.5, 0.75), method="inverted_cdf")
    return {
        "function": function,
        "n": n,
        "population": population,
        "contestant": contestant,
        "evaluations": [one.evaluations for one in outcomes],
        "median": _finite(median),
        "quartiles": [_finite(low), _finite(high)],
        "reached": int(np.isfinite(spent).sum()),
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
             f"{row['reached']}/{len(row['evaluations'])}", row["best"])
        )  # fmt: skip
    print_table(headers, cells)
