"""Separable CMA-ES (Ros & Hansen, PPSN 2008): the covariance matrix is diagonal.

    θ_k  = m + σ √C z_k                       z_k ~ N(0, I), k = 0 … λ-1
    z    = Σ w_i z_(i),  y = √C z             (i): the i-th best of μ = λ/2
    m'   = m + σ y
    p_σ' = (1-c_σ) p_σ + √(c_σ (2-c_σ) μ_eff) z
    h    = 1 if |p_σ'| / √(1-(1-c_σ)^(2(g+1))) < (1.4 + 2/(n+1)) χ else 0
    p_c' = (1-c_c) p_c + h √(c_c (2-c_c) μ_eff) y
    C'   = (1 - c_1 - c_μ + (1-h) c_1 c_c (2-c_c)) C + c_1 p_c'² + c_μ C Σ w_i z_(i)²
    σ'   = σ exp(min(1, c_σ/d_σ (|p_σ'|/χ - 1)))

Weights, c_σ, d_σ and h are those of Hansen's tutorial (arXiv:1604.00772), c_1, c_μ and c_c the
separable rates of the ``cma`` package 4.5 (the 2008 paper: full-matrix rates times (n+2)/3).
No negative weights: they need a cap of their own to keep C positive when n < λ/4.
Of equal fitnesses the lower candidate index ranks first. λ is the number of candidates with
finite fitness: a generation that loses some has the weights and rates of a smaller population.
"""

import math
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np

from evo_plastic.strategies.base import State, Vector
from evo_plastic.strategies.gaussian import DiagonalGaussian
from evo_plastic.strategies.ranking import best_first, effective_parents, log_weights

# Far outside of any use: without selection ln C drifts down and ln σ wanders, for ever.
SMALLEST, LARGEST = 1e-100, 1e100


class Constants(NamedTuple):
    weights: Vector  # (μ,)
    mu_eff: float
    c_sigma: float
    d_sigma: float
    c_c: float
    c_1: float
    c_mu: float
    chi: float  # expected length of N(0, I)


def constants(n: int, candidates: int) -> Constants:
    """Weights and rates for n genes and as many ranked candidates (λ)."""
    weights = log_weights(candidates // 2, (candidates + 1) / 2)
    mu = effective_parents(weights)
    c_sigma = (mu + 2) / (n + mu + 3)
    c_1 = 1 / (n + 2 * math.sqrt(n) + mu / n)
    c_mu = (mu + 1 / mu - 1.75) / (n + 4 * math.sqrt(n) + mu / 2)
    return Constants(
        weights=weights,
        mu_eff=mu,
        c_sigma=c_sigma,
        d_sigma=1 + c_sigma + 2 * max(0.0, math.sqrt((mu - 1) / (n + 1)) - 1),
        c_c=(1 + (1 + mu) / n) / (math.sqrt(n) + (1 + 2 * mu) / n),
        c_1=c_1,
        c_mu=min(1 - c_1, c_mu),  # a larger one, at small n, makes C negative
        chi=math.sqrt(n) * (1 - 1 / (4 * n) + 1 / (21 * n**2)),
    )


@dataclass(frozen=True)
class SepCMAES(DiagonalGaussian):
    def tell(self, state: State, fitness: Vector) -> State:
        ranked = best_first(fitness, ties="lower")
        k = constants(state.mean.size, len(ranked))
        proposal = self.proposal(state)
        z = np.zeros_like(state.mean)
        z_squared = np.zeros_like(state.mean)
        # One by one in order of rank: a matrix product's bits depend on its threads.
        for weight, index in zip(k.weights, ranked, strict=False):
            drawn = self.draw(proposal, int(index))
            z += weight * drawn
            z_squared += weight * drawn**2
        return _update(state, k, z, z_squared)


def _update(state: State, k: Constants, z: Vector, z_squared: Vector) -> State:
    mean, C, sigma, p_sigma, p_c, g = state
    n = mean.size
    y = np.sqrt(C) * z
    mean = mean + sigma * y
    p_sigma = (1 - k.c_sigma) * p_sigma + math.sqrt(k.c_sigma * (2 - k.c_sigma) * k.mu_eff) * z
    length = math.sqrt(np.square(p_sigma).sum())
    stationary = math.sqrt(1 - (1 - k.c_sigma) ** (2 * (g + 1)))
    h = float(length / stationary < (1.4 + 2 / (n + 1)) * k.chi)
    variance_lost = (1 - h) * k.c_c * (2 - k.c_c)
    p_c = (1 - k.c_c) * p_c + h * math.sqrt(k.c_c * (2 - k.c_c) * k.mu_eff) * y
    C = (
        (1 - k.c_1 - k.c_mu + k.c_1 * variance_lost) * C
        + k.c_1 * np.square(p_c)
        + k.c_mu * C * z_squared
    )
    sigma *= math.exp(min(1.0, k.c_sigma / k.d_sigma * (length / k.chi - 1)))
    return State(
        mean,
        np.clip(C, SMALLEST, LARGEST),
        min(max(sigma, SMALLEST), LARGEST),
        p_sigma,
        p_c,
        g + 1,
    )
