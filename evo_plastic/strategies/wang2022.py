"""The separable CMA-ES of Wang et al. (TMLR 2022, "seq-CMA-ES"), as their code has it.

    θ_0  = m,  θ_k = m + σ √C f z_k           z_k ~ N(0, I), k = 1 … N-1
    m'   = Σ w_i θ_(i)                        (i): the i-th best of K = N/2
    D    = m' - m,  μ = 1 / Σ w_i²
    p_σ' = (1-c_σ) p_σ + √(c_σ (2-c_σ) μ) / σ  D/√C
    h    = 1 if |p_σ'| < √(2 c_σ (g+1)) (1.4 + 2/(n+1)) χ else 0,   g = 1, 2, …
    p_c' = (1-c_c) p_c + h √(c_c (2-c_c) μ) / σ  D
    C'   = (1-c) C + c/μ p_c² + c (1-1/μ) / σ²  Σ w_i (θ_(i) - m)²    clipped to [1e-12, 1]
    σ'   = σ exp(c_σ/d_σ (|p_σ'|/χ - 1))                              clipped to [1e-6, 1]

f is one factor per named array and candidate: 0.708, 1 or 1.225 with chances .05, .90, .05.
It differs from ``sep_cma_es`` in the mean that competes with its own offspring, f, the weights
of 2008, the constant c, the *old* p_c in C', no compensation where h = 0, and the clips: C ≤ 1
lets relative variances only shrink. Of equal fitnesses the larger candidate index ranks first.
Not copied: that code rescales its weights for good once fewer than K candidates are left; here
the weights of such a generation are those of the candidates it has.
"""

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from evo_plastic.strategies import states
from evo_plastic.strategies.base import Vector, noise
from evo_plastic.strategies.gaussian import DiagonalGaussian, Proposal
from evo_plastic.strategies.ranking import best_first, effective_parents, log_weights

LEARNING_RATE = 0.02  # c, "evolution_lr" in their configurations
FACTORS = np.array([0.708, 1.0, 1.225])  # mean square 1.0001
CUMULATED = np.array([0.05, 0.95])  # chance of the first factor, of the first two
C_RANGE = (1e-12, 1.0)
SIGMA_RANGE = (1e-6, 1.0)


class State(NamedTuple):
    mean: Vector  # m, (size,)
    C: Vector  # relative variance of each gene, (size,)
    sigma: float  # σ, in units of the genes
    p_sigma: Vector  # path of the step size, (size,)
    p_c: Vector  # path of the variances, (size,)
    generation: int  # how many were told so far


class Constants(NamedTuple):
    weights: Vector  # (K,)
    mu: float
    c_sigma: float
    d_sigma: float
    c_c: float
    chi: float  # expected length of N(0, I)


def constants(n: int, parents: int) -> Constants:
    """Weights and rates for n genes and K = ``parents`` selected candidates."""
    weights = log_weights(parents, parents + 1)
    mu = effective_parents(weights)
    c_sigma = (mu + 2) / (n + mu + 3)
    return Constants(
        weights=weights,
        mu=mu,
        c_sigma=c_sigma,
        d_sigma=1 + c_sigma + 2 * math.sqrt(max(0.0, (mu - n - 2) / (n + 1))),
        c_c=4 / (n + 4),
        chi=math.sqrt(n) * (1 - 1 / (4 * n) + 1 / (21 * n**2)),
    )


@dataclass(frozen=True)
class Wang2022(DiagonalGaussian):
    """segments: number of the named array that each gene belongs to, (size,), from 0 on."""

    segments: NDArray[np.int64]

    def init(self, mean: Vector) -> State:
        start = np.array(mean, np.float64)
        paths = np.zeros((2, start.size))
        return State(start, np.ones_like(start), self.sigma, paths[0], paths[1], 0)

    def proposal(self, state: State) -> Proposal:
        scale = state.sigma * np.sqrt(state.C)
        return Proposal(state.mean, scale, self.population, self.seed, state.generation)

    def candidate(self, proposal: Proposal, k: int) -> Vector:
        if k == 0:
            return proposal.mean.copy()
        stream = noise(proposal.seed, proposal.generation, k)
        z = stream.standard_normal(proposal.mean.size)
        arrays = int(self.segments[-1]) + 1
        f = FACTORS[np.searchsorted(CUMULATED, stream.random(arrays), side="right")]
        return np.asarray(proposal.mean + proposal.scale * f[self.segments] * z)

    def tell(self, state: State, fitness: Vector) -> State:
        ranked = best_first(fitness, ties="larger")[: self.population // 2]
        proposal = self.proposal(state)
        return update(state, [self.candidate(proposal, int(index)) for index in ranked])

    def to_arrays(self, state: State) -> dict[str, NDArray[Any]]:
        return states.to_arrays(state)

    def from_arrays(self, arrays: Mapping[str, NDArray[Any]]) -> State:
        return states.from_arrays(State, arrays)


def update(state: State, selected: list[Vector]) -> State:
    """State after a generation whose K best genomes were ``selected``, the best one first."""
    mean, C, sigma, p_sigma, p_c, g = state
    n, g = mean.size, g + 1
    k = constants(n, len(selected))
    D, spread = np.zeros(n), np.zeros(n)
    # One by one in order of rank: a matrix product's bits depend on its threads.
    for weight, genome in zip(k.weights, selected, strict=True):
        offset = genome - mean
        D += weight * offset
        spread += weight * offset**2
    C_next = (
        (1 - LEARNING_RATE) * C
        + LEARNING_RATE / k.mu * np.square(p_c)
        + LEARNING_RATE * (1 - 1 / k.mu) / sigma**2 * spread
    )
    gain = math.sqrt(k.c_sigma * (2 - k.c_sigma) * k.mu) / sigma
    p_sigma = (1 - k.c_sigma) * p_sigma + gain * D / np.sqrt(C)
    length = math.sqrt(np.square(p_sigma).sum())
    h = length < math.sqrt(2 * k.c_sigma * (g + 1)) * (1.4 + 2 / (n + 1)) * k.chi
    p_c = (1 - k.c_c) * p_c + h * math.sqrt(k.c_c * (2 - k.c_c) * k.mu) / sigma * D
    sigma *= math.exp(k.c_sigma / k.d_sigma * (length / k.chi - 1))
    sigma = min(max(sigma, SIGMA_RANGE[0]), SIGMA_RANGE[1])
    return State(mean + D, np.clip(C_next, *C_RANGE), sigma, p_sigma, p_c, g)
