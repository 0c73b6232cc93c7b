"""Functions to be minimised whose optima are known, for a whole population at once."""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.stats import special_ortho_group

Floats = NDArray[np.float64]
CONDITION = 1e6
"""Ratio of the ellipsoid's greatest curvature to its least."""


@dataclass(frozen=True)
class Problem:
    """losses: (population, n) genomes to (population,)."""

    name: str
    losses: Callable[[Floats], Floats]
    start: Floats  # (n,)
    sigma: float
    target: float
    noisy: bool = False
    """Losses are seen with noise as large as their spread in the population."""


def sphere(x: Floats) -> Floats:
    return np.asarray(np.square(x).sum(axis=1))


def ellipsoid(x: Floats) -> Floats:
    n = x.shape[1]
    return np.asarray(np.square(x) @ CONDITION ** (np.arange(n) / (n - 1)))


def rosenbrock(x: Floats) -> Floats:
    valley, floor = x[:, 1:] - np.square(x[:, :-1]), 1 - x[:, :-1]
    return np.asarray((100 * np.square(valley) + np.square(floor)).sum(axis=1))


def rastrigin(x: Floats) -> Floats:
    return np.asarray((10 + np.square(x) - 10 * np.cos(2 * np.pi * x)).sum(axis=1))


def make(name: str, n: int, seed: int) -> Problem:
    """Optimum and start uniform in [-4, 4]ⁿ, σ = 2; Rosenbrock: start near 0, σ = 0.3."""
    rng = np.random.default_rng([n, seed])
    optimum, start = rng.uniform(-4, 4, (2, n))
    if name == "sphere":
        return Problem(name, lambda x: sphere(x - optimum), start, 2.0, 1e-8)
    if name == "ellipsoid":
        return Problem(name, lambda x: ellipsoid(x - optimum), start, 2.0, 1e-8)
    if name == "rosenbrock":
        return Problem(name, rosenbrock, rng.normal(0, 0.1, n), 0.3, 1e-8)
    if name == "noisy ellipsoid":
        target = 1e-5 * float(ellipsoid(start[None] - optimum)[0])
        return Problem(name, lambda x: ellipsoid(x - optimum), start, 2.0, target, noisy=True)
    if name == "rotated rastrigin":
        rotation = special_ortho_group.rvs(n, random_state=np.random.default_rng(n))
        return Problem(name, lambda x: rastrigin((x - optimum) @ rotation), start, 2.0, 1e-8)
    raise ValueError(name)
