"""Separable CMA-ES (Ros & Hansen, PPSN 2008): the covariance matrix is diagonal.

    θ_k  = m + σ √C z_k                       z_k ~ N(0, I), k = 0 … λ-1
    z    = Σ_{i≤μ} w_i z_(i),  y = √C z       (i): the i-th best; μ = λ/2
    m'   = m + c_m σ y                        c_m: ``mean_rate``, usually 1
    p_σ' = (1-c_σ) p_σ + √(c_σ (2-c_σ) μ_eff) z
    h    = 1 if |p_σ'| / √(1-(1-c_σ)^(2(g+1))) < (1.4 + 2/(n+1)) χ else 0
    p_c' = (1-c_c) p_c + h √(c_c (2-c_c) μ_eff) y
    C'   = C exp(c_1 (p_c'²/C - h') + c_μ Σ_i w_i (ν_i z_(i)² - 1))      h' = 1 - (1-h) c_c (2-c_c)

with w_i > 0 for i ≤ μ, of sum 1, and w_i ≤ 0 for the others; ν_i = n / |z_(i)|² for these, else 1.
With ``active: false`` they are zero. How σ changes is a choice (``step_sizes``); under "tpa" z_0
and z_1 are not drawn:

    z_0  = |z_0| u,  z_1 = -z_0               u = √C⁻¹ (m - m⁻) / |√C⁻¹ (m - m⁻)|

Weights, c_σ and h are those of Hansen's tutorial (arXiv:1604.00772), c_1, c_μ, c_c, ν and the
exponential the separable forms of the ``cma`` package 4.5 (the 2008 paper: full-matrix rates
times (n+2)/3). Negative weights sum to minus the least of 1 + c_1/c_μ, 1 + 2 μ_eff⁻/(μ_eff+2) and
(1-c_1-c_μ)/c_μ; the last bound turns them off where n is so small that c_1 + c_μ is almost 1.
Of equal fitnesses the lower candidate index ranks first. λ is the number of candidates with
finite fitness: a generation that loses some has the weights and rates of a smaller population.
"""

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from evo_plastic.strategies import states
from evo_plastic.strategies.base import Vector
from evo_plastic.strategies.gaussian import DiagonalGaussian, Moments, Proposal
from evo_plastic.strategies.ranking import best_first, effective_parents
from evo_plastic.strategies.step_sizes import (
    FIRST_TRUST,
    Rates,
    StepSize,
    Trust,
    follow,
    follow_lead,
    grown,
    lead,
    length,
    rates,
    weigh,
)

# Far outside of any use: without selection ln C drifts down and ln σ wanders, for ever.
SMALLEST, LARGEST, MOST_GROWTH = 1e-100, 1e100, 100


class State(NamedTuple):
    mean: Vector  # m, (size,)
    C: Vector  # relative variance of each gene, (size,)
    sigma: float  # σ, in units of the genes
    p_sigma: Vector  # path of the step size, (size,)
    p_fast: Vector  # the same with a shorter memory, (size,)
    p_c: Vector  # path of the variances, (size,)
    shift: Vector  # last step of the mean, (m - m⁻) / σ⁻, (size,)
    trend: float  # s of two points
    change: float  # of the trust in p_fast
    square: float
    share: float
    generation: int  # g, how many were told so far


class Constants(NamedTuple):
    weights: Vector  # w, (λ,)
    mu: int
    mu_eff: float
    c_c: float
    c_1: float
    c_mu: float
    step: Rates


def constants(n: int, candidates: int, active: bool) -> Constants:
    """Weights and rates for n genes and as many ranked candidates (λ)."""
    raw = math.log((candidates + 1) / 2) - np.log(np.arange(1, candidates + 1))
    mu = candidates // 2
    positive, negative = raw[:mu] / raw[:mu].sum(), np.minimum(raw[mu:], 0)
    mu_eff = effective_parents(positive)
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
        c_c=(1 + (1 + mu_eff) / n) / (math.sqrt(n) + (1 + 2 * mu_eff) / n),
        c_1=c_1,
        c_mu=c_mu,
        step=rates(n, candidates, mu_eff),
    )


@dataclass(frozen=True)
class SepCMAES(DiagonalGaussian):
    step_size: StepSize
    active: bool
    mean_rate: float = 1.0

    def init(self, mean: Vector) -> State:
        start = np.array(mean, np.float64)
        p_sigma, p_fast, p_c, shift = np.zeros((4, start.size))
        paths = (p_sigma, p_fast, p_c, shift)
        return State(start, np.ones_like(start), self.sigma, *paths, 0.0, *FIRST_TRUST, 0)

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
        k = constants(state.mean.size, len(ranked), self.active)
        proposal = self.proposal(state)
        parents = np.where(np.arange(len(ranked)) < k.mu, k.weights, 0)
        used = len(ranked) if k.weights[-1] < 0 else k.mu
        sums = self.moments(proposal, ranked[:used], parents, k.weights, unit=k.mu)
        told = _adapt(state, k, sums, self.mean_rate)
        if self.step_size == "tpa":
            r = lead(fitness, len(ranked)) if proposal.line is not None else 0.0
            trend = follow_lead(state.trend, r)
            return told._replace(trend=trend, sigma=_resize(state, trend / k.step.d_s))
        change = k.step.c_sigma / k.step.d_sigma * (length(told.p_sigma) / k.step.chi - 1)
        if self.step_size == "dual-csa":
            return _follow_fast_path(state, told, k, sums, change)
        return told._replace(sigma=_resize(state, change))

    def to_arrays(self, state: State) -> dict[str, NDArray[Any]]:
        return states.to_arrays(state)

    def from_arrays(self, arrays: Mapping[str, NDArray[Any]]) -> State:
        return states.from_arrays(State, arrays)


def _adapt(state: State, k: Constants, sums: Moments, mean_rate: float) -> State:
    """Mean, paths and variances after a generation; the step size as it was."""
    C, n, g, c_sigma = state.C, state.mean.size, state.generation, k.step.c_sigma
    y = np.sqrt(C) * sums.first
    p_sigma = follow(state.p_sigma, sums.first, c_sigma, k.mu_eff)
    h = float(length(p_sigma) / grown(c_sigma, g) < (1.4 + 2 / (n + 1)) * k.step.chi)
    p_c = follow(state.p_c, h * y, k.c_c, k.mu_eff)
    kept = 1 - (1 - h) * k.c_c * (2 - k.c_c)
    growth = k.c_1 * (np.square(p_c / np.sqrt(C)) - kept)
    growth += k.c_mu * (sums.second - k.weights.sum())
    return state._replace(
        mean=state.mean + mean_rate * state.sigma * y,
        C=np.clip(C * np.exp(np.minimum(growth, MOST_GROWTH)), SMALLEST, LARGEST),
        p_sigma=p_sigma,
        p_c=p_c,
        shift=y,
        generation=g + 1,
    )


def _follow_fast_path(
    state: State, told: State, k: Constants, sums: Moments, change: float
) -> State:
    """``told`` with the step size of dual-csa; change: Δ of the slow path."""
    c, g = k.step.c_fast, state.generation
    p_fast = follow(state.p_fast, sums.first, c, k.mu_eff)
    fast = c / k.step.d_fast * (length(p_fast) / grown(c, g) / k.step.chi - 1)
    trust = weigh(Trust(state.change, state.square, state.share), fast, c, g)
    sigma = _resize(state, (1 - trust.share) * change + trust.share * fast)
    return told._replace(p_fast=p_fast, sigma=sigma, **trust._asdict())


def _resize(state: State, change: float) -> float:
    return min(max(state.sigma * math.exp(min(1.0, change)), SMALLEST), LARGEST)
