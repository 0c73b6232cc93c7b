"""When a search of the ``cma`` package has ended: how the next one begins.

IPOP (Auger & Hansen 2005): twice the population every time.
BIPOP (Hansen 2009): besides those, searches with a small population and a small step size,
whenever they have used fewer evaluations than the large ones:

    λ_s = ⌊λ (λ_l / 2λ)^(u²)⌋      σ_s = σ 10^(-2 v)      u, v ~ U(0, 1)
"""

from typing import Literal, NamedTuple

from evo_plastic.seeding import STREAM_RESTARTS, fold
from evo_plastic.strategies.base import noise

Restarts = Literal["none", "ipop", "bipop"]
FEWEST = 4


class Search(NamedTuple):
    """One search between two restarts."""

    number: int  # how many were before it
    population: int
    sigma: float  # its first step size
    told: int  # generations it was told so far
    large: int  # population of the newest large search: λ_l
    spent_large: int  # evaluations of all large searches so far, this one included
    spent_small: int


def first_search(population: int, sigma: float) -> Search:
    return Search(0, population, sigma, 0, population, 0, 0)


def spend(search: Search) -> Search:
    """The same search, one generation later."""
    search = search._replace(told=search.told + 1)
    if search.population < search.large:
        return search._replace(spent_small=search.spent_small + search.population)
    return search._replace(spent_large=search.spent_large + search.population)


def next_search(
    kind: Restarts, search: Search, population: int, sigma: float, seed: int
) -> Search:
    """The search after ``search``; population and sigma are those of the first one."""
    search = search._replace(number=search.number + 1, told=0)
    if kind == "bipop" and search.number > 1 and search.spent_small < search.spent_large:
        key = int(fold(seed, STREAM_RESTARTS)[0])
        u, v = noise(key, search.number, 0).random(2)
        small = max(FEWEST, int(population * (search.large / (2 * population)) ** (u * u)))
        return search._replace(population=small, sigma=float(sigma * 10 ** (-2 * v)))
    large = 2 * search.large
    return search._replace(population=large, sigma=sigma, large=large)
