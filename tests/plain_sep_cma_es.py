"""Separable CMA-ES written gene by gene from its equations, for the tests of the fast form."""

import math

import numpy as np

from evo_plastic.strategies.sep_cma_es import State


def plain_weights(n: int, size: int, active: bool) -> tuple[list[float], float, float, float]:
    """Weights of all λ candidates, μ_eff, c_1 and c_μ."""
    raw = [math.log(size / 2 + 0.5) - math.log(i) for i in range(1, size + 1)]
    best, rest = raw[: size // 2], [min(value, 0) for value in raw[size // 2 :]]
    w = [value / sum(best) for value in best]
    mu = 1 / sum(value**2 for value in w)
    c_1 = 1 / (n + 2 * math.sqrt(n) + mu / n)
    c_mu = min(1 - c_1, (mu + 1 / mu - 1.75) / (n + 4 * math.sqrt(n) + mu / 2))
    if not active:
        return w + [0.0] * len(rest), mu, c_1, c_mu
    mu_rest = sum(rest) ** 2 / sum(value**2 for value in rest)
    alpha = min(1 + c_1 / c_mu, 1 + 2 * mu_rest / (mu + 2), (1 - c_1 - c_mu) / c_mu)
    return w + [alpha * value / -sum(rest) for value in rest], mu, c_1, c_mu


def plain_sigma(state: State, n: int, size: int, mu: float, paths: tuple, lead: float) -> dict:
    """The step size of each rule; paths: p_σ' and p_f'; lead: r."""
    c_s = (mu + 2) / (n + mu + 3)
    c_f = min(0.5, max(4 * c_s, math.sqrt(c_s)))
    chi = math.sqrt(n) * (1 - 1 / (4 * n) + 1 / (21 * n**2))
    extra = 2 * max(0, math.sqrt((mu - 1) / (n + 1)) - 1)
    slow = c_s / (1 + c_s + extra) * (math.hypot(*paths[0]) / chi - 1)
    t = state.generation + 1
    long = math.hypot(*paths[1]) / math.sqrt(1 - (1 - c_f) ** (2 * t))
    fast = c_f / (0.12 * (1 + c_f + extra)) * (long / chi - 1)
    beta = min(0.03, c_f / 8)
    told = {
        "change": (1 - beta) * state.change + beta * fast,
        "square": (1 - beta) * state.square + beta * fast**2,
    }
    full = 1 - (1 - beta) ** t
    E, V = (value / full for value in told.values())
    rho = (1 - c_f) ** 2
    noise = min(1, beta / (2 - beta) * (1 + rho) / (1 - rho) / full) * V
    signal = (E * E - noise) / (V - E * E) if E < 0 and V > E * E else 0
    push = min(1, max(-1, 2 * signal / state.share - 1))
    told["share"] = state.share * math.exp(push * beta / 0.3)
    told["share"] = eta = min(1, max(0.01, told["share"]))
    trend = 0.7 * state.trend + 0.3 * math.copysign(abs(lead) ** 0.5, lead)
    damping = 0.35 + math.log(n) + math.log(max(1, size - n))
    return {
        "csa": {"sigma": state.sigma * math.exp(min(1, slow))},
        "dual-csa": {
            "sigma": state.sigma * math.exp(min(1, (1 - eta) * slow + eta * fast)),
            "p_fast": np.array(paths[1]),
            **told,
        },
        "tpa": {"sigma": state.sigma * math.exp(trend / damping), "trend": trend},
    }


def plain_update(
    state: State, z: list[list[float]], lead: float, step_size: str, active: bool
) -> tuple[State, int]:
    """The equations of the module, gene by gene; z: all λ draws, the best one first.

    lead: ranks that candidate 0 is better than 1, in λ - 1. Also gives h.
    """
    n, size = len(state.mean), len(z)
    w, mu, c_1, c_mu = plain_weights(n, size, active)
    c_s, root = (mu + 2) / (n + mu + 3), math.sqrt(n)
    c_f = min(0.5, max(4 * c_s, math.sqrt(c_s)))
    c_c = (1 + 1 / n + mu / n) / (root + 1 / n + 2 * mu / n)
    chi = root * (1 - 1 / (4 * n) + 1 / (21 * n**2))
    z_w = [sum(w[i] * z[i][j] for i in range(size // 2)) for j in range(n)]
    p_s, p_f = (
        [(1 - c) * old[j] + math.sqrt(c * (2 - c) * mu) * z_w[j] for j in range(n)]
        for c, old in ((c_s, state.p_sigma), (c_f, state.p_fast))
    )
    normal = math.sqrt(1 - (1 - c_s) ** (2 * (state.generation + 1)))
    h = 1 if math.hypot(*p_s) / normal < (1.4 + 2 / (n + 1)) * chi else 0
    unit = [1 if i < size // 2 else n / math.hypot(*z[i]) ** 2 for i in range(size)]
    mean, C, p_c, y = [], [], [], []
    for j in range(n):
        deviation = math.sqrt(state.C[j])
        y.append(deviation * z_w[j])
        mean.append(state.mean[j] + state.sigma * y[j])
        p = (1 - c_c) * state.p_c[j] + h * math.sqrt(c_c * (2 - c_c) * mu) * y[j]
        rank_mu = sum(w[i] * (unit[i] * z[i][j] ** 2 - 1) for i in range(size))
        rank_one = p**2 / state.C[j] - (1 - (1 - h) * c_c * (2 - c_c))
        p_c.append(p)
        C.append(state.C[j] * math.exp(c_1 * rank_one + c_mu * rank_mu))
    found = {"mean": mean, "C": C, "p_sigma": p_s, "p_c": p_c, "shift": y}
    arrays = {name: np.array(values) for name, values in found.items()}
    sizes = plain_sigma(state, n, size, mu, (p_s, p_f), lead)[step_size]
    return state._replace(generation=state.generation + 1, **arrays, **sizes), h
