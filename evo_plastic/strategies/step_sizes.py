"""How far to step: three rules for σ, each with what it remembers of the generations before.

"csa" follows the length of the path of the search (Hansen's tutorial, arXiv:1604.00772):

    Δ    = c_σ/d_σ (|p_σ'|/χ - 1)                             σ' = σ exp(min(1, Δ))

"dual-csa" follows, as long as that one is sure to shrink, a path with a shorter memory too (ours;
its trust is set by the signal-to-noise ratio of Nomura et al. 2023, LRA-CMA-ES). Noise in the
fitness makes a fast rule stray, and a path that goes on in one direction makes it explode:

    p_f' = (1-c_f) p_f + √(c_f (2-c_f) μ_eff) z               c_f = min(1/2, max(4 c_σ, √c_σ))
    Δ_f  = c_f/d_f (|p_f'| / √(1-(1-c_f)^(2(g+1))) / χ - 1)   d_f = 0.12 d_σ, with c_f for c_σ
    E, V = running means of Δ_f and Δ_f²                      β = min(0.03, c_f/8)
    S    = (E² - κV) / (V - E²) if E < 0 else 0
    η'   = η exp(clip(2S/η - 1, -1, 1) β/0.3)                 within [0.01, 1], 0.1 at first
    σ'   = σ exp(min(1, (1-η') Δ + η' Δ_f))

where κV is what E² amounts to if Δ_f is only noise, correlated like a path's length. "tpa"
compares two points on the line of the mean's last step (Hansen 2008; Hansen et al. 2014):

    r    = (number better than θ_1 - number better than θ_0) / (λ-1)
    s'   = (1-c_s) s + c_s sign(r) √|r|                       c_s = 0.3
    σ'   = σ exp(s' / d_s)                                    d_s = .35 + ln n + ln max(1, λ-n)

Its constants are those of the ``cma`` package 4.5, with half its damping.
"""

import math
from typing import Literal, NamedTuple

import numpy as np

from evo_plastic.strategies.base import Vector

StepSize = Literal["csa", "dual-csa", "tpa"]
MOST_BETA = 0.03
C_S = 0.3
LEAST_TRUST = 0.01


class Trust(NamedTuple):
    """In the fast path."""

    change: float  # E, times the total weight of the generations so far
    square: float  # V, likewise
    share: float  # η


FIRST_TRUST = Trust(0.0, 0.0, 0.1)


class Rates(NamedTuple):
    c_sigma: float
    d_sigma: float
    c_fast: float
    d_fast: float
    d_s: float
    chi: float  # expected length of N(0, I)


def rates(n: int, candidates: int, mu_eff: float) -> Rates:
    """For n genes and as many ranked candidates (λ)."""
    c_sigma = (mu_eff + 2) / (n + mu_eff + 3)
    c_fast = min(0.5, max(4 * c_sigma, math.sqrt(c_sigma)))
    excess = 2 * max(0.0, math.sqrt((mu_eff - 1) / (n + 1)) - 1)
    return Rates(
        c_sigma=c_sigma,
        d_sigma=1 + c_sigma + excess,
        c_fast=c_fast,
        d_fast=0.12 * (1 + c_fast + excess),
        d_s=0.35 + math.log(n) + math.log(max(1, candidates - n)),
        chi=math.sqrt(n) * (1 - 1 / (4 * n) + 1 / (21 * n**2)),
    )


def follow(path: Vector, z: Vector, c: float, mu_eff: float) -> Vector:
    """The path one step on: of unit variance, if z is the mean of noise."""
    return np.asarray((1 - c) * path + math.sqrt(c * (2 - c) * mu_eff) * z)


def length(path: Vector) -> float:
    return math.sqrt(np.square(path).sum())


def grown(c: float, generation: int) -> float:
    """Share of its final length that a path of noise has after generation g, from 0 on."""
    return math.sqrt(1 - (1 - c) ** (2 * (generation + 1)))


def weigh(trust: Trust, change: float, c_fast: float, generation: int) -> Trust:
    """Trust after the fast path proposed ``change`` (Δ_f) in generation g, from 0 on."""
    beta = min(MOST_BETA, c_fast / 8)
    told, squared = ((1 - beta) * old + beta * new for old, new in
                     ((trust.change, change), (trust.square, change**2)))  # fmt: skip
    weight = 1 - (1 - beta) ** (generation + 1)
    E, V = told / weight, squared / weight
    rho = (1 - c_fast) ** 2
    kappa = min(1.0, beta / (2 - beta) * (1 + rho) / (1 - rho) / weight)
    signal = (E**2 - kappa * V) / max(V - E**2, np.finfo(float).tiny) if E < 0 else 0.0
    step = min(1.0, max(-1.0, 2 * signal / trust.share - 1))
    share = trust.share * math.exp(step * (beta / MOST_BETA) / 10)
    return Trust(told, squared, min(1.0, max(LEAST_TRUST, share)))


def lead(fitness: Vector, candidates: int) -> float:
    """r: how many ranks candidate 0, ahead, is better than candidate 1, behind, from -1 to 1.

    fitness: (population,), of which ``candidates`` are finite.
    """
    value = np.where(np.isfinite(fitness), fitness, -np.inf)
    return float((value > value[1]).sum() - (value > value[0]).sum()) / (candidates - 1)


def follow_lead(trend: float, r: float) -> float:
    """s after r was seen."""
    return (1 - C_S) * trend + C_S * math.copysign(math.sqrt(abs(r)), r)
