"""Separable CMA-ES (Ros & Hansen, PPSN 2008): the covariance matrix is diagonal.

    θ_k  = m + σ √C z_k                       z_k ~ N(0, I), k = 0 … λ-1
    z    = Σ_{i≤μ} w_i z_(i),  y = √C z       (i): the i-th best; μ = λ/2
    m'   = m + σ y
    p_σ' = (1-c_σ) p_σ + √(c_σ (2-c_σ) μ_eff) z
    h    = 1 if |p_σ'| / √(1-(1-c_σ)^(2(g+1))) < (1.4 + 2/(n+1)) χ else 0
    p_c' = (1-c_c) p_c + h √(c_c (2-c_c) μ_eff) y
    C'   = C exp(c_1 (p_c'²/C - h') + c_μ Σ_i w_i (ν_i z_(i)² - 1))      h' = 1 - (1-h) c_c (2-c_c)

with w_i > 0 for i ≤ μ, of sum 1, and w_i ≤ 0 for the others; ν_i = n / |z_(i)|² for these, else 1.
With ``active: false`` they are zero. The step size follows the length of the path ("csa"):

    σ' = σ exp(min(1, c_σ/d_σ (|p_σ'|/χ - 1)))

or that of a path with a shorter memory and less damping ("fast-csa", ours):

    c_σ = min(1/2, 4 c_σ of csa)              d_σ = d_σ of csa with this c_σ, divided by 5

or two points on the line of the last step of the mean, one ahead, one behind ("tpa", Hansen 2008;
Hansen et al. 2014):

    z_0 = |z_0| u,  z_1 = -z_0                u = √C⁻¹ (m - m⁻) / |√C⁻¹ (m - m⁻)|
    r   = (number better than θ_1 - number better than θ_0) / (λ-1)
    s'  = (1-c_s) s + c_s sign(r) √|r|
    σ'  = σ exp(s' / d_s)                     c_s = 0.3,  d_s = .35 + ln n + ln max(1, λ-n)

Weights, c_σ, d_σ and h are those of Hansen's tutorial (arXiv:1604.00772), c_1, c_μ, c_c, ν and
the exponential the separable forms of the ``cma`` package 4.5 (the 2008 paper: full-matrix rates
times (n+2)/3), c_s and twice d_s its two-point constants. Negative weights sum to minus the least
of 1 + c_1/c_μ, 1 + 2 μ_eff⁻/(μ_eff+2) and (1-c_1-c_μ)/c_μ; the last bound turns them off where n
is so small that c_1 + c_μ is almost 1.
Of equal fitnesses the lower candidate index ranks first. λ is the number of candidates with
finite fitness: a generation that loses some has the weights and rates of a smaller population.
"""

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal, NamedTuple

import numpy as np
from numpy.typing import NDArray

from evo_plastic.strategies import states
from evo_plastic.strategies.base import Vector
from evo_plastic.strategies.gaussian import DiagonalGaussian, Moments, Proposal
from evo_plastic.strategies.ranking import best_first, effective_parents

StepSize = Literal["csa", "fast-csa", "tpa"]
C_S = 0.3
# Far outside of any use: without selection ln C drifts down and ln σ wanders, for ever.
SMALLEST, LARGEST, MOST_GROWTH = 1e-100, 1e100, 100


class State(NamedTuple):
    mean: Vector  # m, (size,)
    C: Vector  # relative variance of each gene, (size,)
    sigma: float  # σ, in units of the genes
    p_sigma: Vector  # path of the step size, (size,)
    p_c: Vector  # path of the variances, (size,)
    shift: Vector  # last step of the mean, (m - m⁻) / σ⁻, (size,)
    trend: float  # s
    generation: int  # g, how many were told so far


class Constants(NamedTuple):
    weights: Vector  # w, (λ,)
    mu: int
    mu_eff: float
    c_sigma: float
    d_sigma: float
    d_s: float
    c_c: float
    c_1: float
    c_mu: float
    chi: float  # expected length of N(0, I)


def constants(n: int, candidates: int, step_size: StepSize, active: bool) -> Constants:
    """Weights and rates for n genes and as many ranked candidates (λ)."""
    raw = math.log((candidates + 1) / 2) - np.log(np.arange(1, candidates + 1))
    mu = candidates // 2
    positive, negative = raw[:mu] / raw[:mu].sum(), np.minimum(raw[mu:], 0)
    mu_eff = effective_parents(positive)
    c_sigma, easing = (mu_eff + 2) / (n + mu_eff + 3), 1.0
    if step_size == "fast-csa":
        c_sigma, easing = min(0.5, 4 * c_sigma), 5.0
    c_1 = 1 / (n + 2 * math.sqrt(n) + mu_eff / n)
    c_mu = (mu_eff + 1 / mu_eff - 1.75) / (n + 4 * math.sqrt(n) + mu_eff / 2)
    c_mu = min(1 - c_1, c_mu)
    if active and negative.any():
        alpha = min(
            1 + c_1 / c_mu,
            1 + 2 * effective_parents(negative / negative.sum()) / (mu_eff + 2),
            (1 - c_1 - c_mu) / c_mu,
        )
        negative *= alpha / -negative.sum()
    else:
        negative *= 0
    return Constants(
        weights=np.concatenate([positive, negative]),
        mu=mu,
        mu_eff=mu_eff,
        c_sigma=c_sigma,
        d_sigma=(1 + c_sigma + 2 * max(0.0, math.sqrt((mu_eff - 1) / (n + 1)) - 1)) / easing,
        d_s=0.35 + math.log(n) + math.log(max(1, candidates - n)),
        c_c=(1 + (1 + mu_eff) / n) / (math.sqrt(n) + (1 + 2 * mu_eff) / n),
        c_1=c_1,
        c_mu=c_mu,
        chi=math.sqrt(n) * (1 - 1 / (4 * n) + 1 / (21 * n**2)),
    )


@dataclass(frozen=True)
class SepCMAES(DiagonalGaussian):
    step_size: StepSize
    active: bool

    def init(self, mean: Vector) -> State:
        start = np.array(mean, np.float64)
        p_sigma, p_c, shift = np.zeros((3, start.size))
        return State(start, np.ones_like(start), self.sigma, p_sigma, p_c, shift, 0.0, 0)

    def proposal(self, state: State) -> Proposal:
        deviations = np.sqrt(state.C)
        line = None
        if self.step_size == "tpa" and state.shift.any():
            line = state.shift / deviations
            line /= math.sqrt(np.square(line).sum())
        scale = state.sigma * deviations
        return Proposal(state.mean, scale, self.population, self.seed, state.generation, line)

    def tell(self, state: State, fitness: Vector) -> State:
        ranked = best_first(fitness, ties="lower")
        k = constants(state.mean.size, len(ranked), self.step_size, self.active)
        proposal = self.proposal(state)
        parents = np.where(np.arange(len(ranked)) < k.mu, k.weights, 0)
        used = len(ranked) if k.weights[-1] < 0 else k.mu
        sums = self.moments(proposal, ranked[:used], parents, k.weights, unit=k.mu)
        told = _adapt(state, k, sums)
        if self.step_size != "tpa":
            length = math.sqrt(np.square(told.p_sigma).sum())
            change = min(1.0, k.c_sigma / k.d_sigma * (length / k.chi - 1))
            return told._replace(sigma=_clip(state.sigma * math.exp(change)))
        r = _lead(fitness, len(ranked)) if proposal.line is not None else 0.0
        trend = (1 - C_S) * state.trend + C_S * math.copysign(math.sqrt(abs(r)), r)
        return told._replace(trend=trend, sigma=_clip(state.sigma * math.exp(trend / k.d_s)))

    def to_arrays(self, state: State) -> dict[str, NDArray[Any]]:
        return states.to_arrays(state)

    def from_arrays(self, arrays: Mapping[str, NDArray[Any]]) -> State:
        return states.from_arrays(State, arrays)


def _adapt(state: State, k: Constants, sums: Moments) -> State:
    """Mean, paths and variances after a generation; the step size as it was."""
    C, n, z = state.C, state.mean.size, sums.first
    y = np.sqrt(C) * z
    gain = math.sqrt(k.c_sigma * (2 - k.c_sigma) * k.mu_eff)
    p_sigma = (1 - k.c_sigma) * state.p_sigma + gain * z
    length = math.sqrt(np.square(p_sigma).sum())
    stationary = math.sqrt(1 - (1 - k.c_sigma) ** (2 * (state.generation + 1)))
    h = float(length / stationary < (1.4 + 2 / (n + 1)) * k.chi)
    p_c = (1 - k.c_c) * state.p_c + h * math.sqrt(k.c_c * (2 - k.c_c) * k.mu_eff) * y
    kept = 1 - (1 - h) * k.c_c * (2 - k.c_c)
    growth = k.c_1 * (np.square(p_c / np.sqrt(C)) - kept)
    growth += k.c_mu * (sums.second - k.weights.sum())
    C = np.clip(C * np.exp(np.minimum(growth, MOST_GROWTH)), SMALLEST, LARGEST)
    mean = state.mean + state.sigma * y
    return State(mean, C, state.sigma, p_sigma, p_c, y, state.trend, state.generation + 1)


def _lead(fitness: Vector, candidates: int) -> float:
    """r: how many ranks candidate 0, ahead, is better than candidate 1, behind, from -1 to 1."""
    value = np.where(np.isfinite(fitness), fitness, -np.inf)
    return float((value > value[1]).sum() - (value > value[0]).sum()) / (candidates - 1)


def _clip(sigma: float) -> float:
    return min(max(sigma, SMALLEST), LARGEST)
