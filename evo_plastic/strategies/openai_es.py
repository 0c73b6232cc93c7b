"""OpenAI-ES (Salimans et al. 2017): stochastic gradient ascent on the mean of a Gaussian.

    θ_2i = m + σ_t ε_i,  θ_2i+1 = m - σ_t ε_i     ε_i ~ N(0, I), i = 0 … λ/2-1
    u_k  = (rank of f_k) / (λ-1) - 1/2            equal fitnesses share their mean rank
    g    = 1/λ Σ_i (u_2i - u_2i+1) ε_i - d m      d: weight decay

    momentum    v' = β_1 v + (1-β_1) g                         m' = m + α_t v'
    Adam        v' as above,  s' = β_2 s + (1-β_2) g²
                m' = m + α_t √(1-β_2^t)/(1-β_1^t) v' / (√s' + 1e-8)

    σ_t = max(σ ρ_σ^t', σ_min),  α_t = max(α ρ_α^t', α_min)      t = 1, 2, …; t' = t - 1

As in the authors' code g is not divided by σ, and momentum averages. A pair of which one
fitness is not finite is left out; λ and the ranks are then those of the others.
"""

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from evo_plastic.config import OpenAIESConfig
from evo_plastic.strategies import states
from evo_plastic.strategies.base import Vector, noise
from evo_plastic.strategies.blocks import add_up
from evo_plastic.strategies.ranking import centred_ranks, complete_pairs

EPSILON = 1e-8


class State(NamedTuple):
    mean: Vector  # m, (size,)
    velocity: Vector  # v, (size,)
    square: Vector  # s, (size,); Adam alone changes it
    generation: int  # t', how many were told so far


class Proposal(NamedTuple):
    mean: Vector  # m, (size,)
    sigma: float  # σ_t
    population: int
    seed: int  # of the run
    generation: int


@dataclass(frozen=True)
class OpenAIES:
    """``seed`` is that of the run."""

    config: OpenAIESConfig
    seed: int

    def init(self, mean: Vector) -> State:
        start = np.array(mean, np.float64)
        return State(start, np.zeros_like(start), np.zeros_like(start), 0)

    def proposal(self, state: State) -> Proposal:
        sigma = self._sigma(state.generation)
        return Proposal(state.mean, sigma, self.config.population, self.seed, state.generation)

    def candidate(self, proposal: Proposal, k: int) -> Vector:
        step = proposal.sigma * _draw(proposal, k // 2)
        return proposal.mean + step if k % 2 == 0 else proposal.mean - step

    def candidates(self, proposal: Proposal, first: int, last: int) -> Vector:
        rows = np.empty((last - first, proposal.mean.size))
        for row, k in zip(rows, range(first, last), strict=True):
            row[:] = self.candidate(proposal, k)
        return rows

    def tell(self, state: State, fitness: Vector) -> State:
        pairs, values = complete_pairs(fitness)
        utility = centred_ranks(values.reshape(-1)).reshape(-1, 2)
        proposal = self.proposal(state)

        def add(k: int, total: Vector) -> None:
            plus, minus = utility[k]
            total[0] += (plus - minus) * _draw(proposal, int(pairs[k]))

        (g,) = add_up(add, len(pairs), (1, state.mean.size))
        g /= utility.size
        return self._ascend(state, g - self.config.weight_decay * state.mean)

    def _ascend(self, state: State, g: Vector) -> State:
        config, t = self.config, state.generation + 1
        beta_1, beta_2 = config.momentum, config.square_momentum
        velocity = beta_1 * state.velocity + (1 - beta_1) * g
        rate, square = self._learning_rate(state.generation), state.square
        step = velocity
        if config.optimiser == "adam":
            square = beta_2 * square + (1 - beta_2) * g**2
            rate *= math.sqrt(1 - beta_2**t) / (1 - beta_1**t)
            step = velocity / (np.sqrt(square) + EPSILON)
        return State(state.mean + rate * step, velocity, square, t)

    def _sigma(self, generation: int) -> float:
        config = self.config
        return max(config.sigma * config.sigma_decay**generation, config.smallest_sigma)

    def _learning_rate(self, generation: int) -> float:
        config = self.config
        decayed = config.learning_rate * config.learning_rate_decay**generation
        return max(decayed, config.smallest_learning_rate)

    def mean(self, state: State) -> Vector:
        return state.mean.copy()

    def figures(self, state: State) -> dict[str, float]:
        return {
            "sigma": self._sigma(state.generation),
            "learning_rate": self._learning_rate(state.generation),
            "velocity": math.sqrt(np.square(state.velocity).mean()),
        }

    def to_arrays(self, state: State) -> dict[str, NDArray[Any]]:
        return states.to_arrays(state)

    def from_arrays(self, arrays: Mapping[str, NDArray[Any]]) -> State:
        return states.from_arrays(State, arrays)


def _draw(proposal: Proposal, pair: int) -> Vector:
    """ε of a pair, (size,)."""
    return noise(proposal.seed, proposal.generation, pair).standard_normal(proposal.mean.size)
