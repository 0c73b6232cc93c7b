"""Evolution strategies: made from a configuration, pure functions of a search state."""

import numpy as np

from evo_plastic.config import StrategyConfig
from evo_plastic.layout import Layout
from evo_plastic.seeding import STREAM_GENOME, fold
from evo_plastic.strategies.base import Proposal, State, Strategy, Vector, noise
from evo_plastic.strategies.sep_cma_es import SepCMAES
from evo_plastic.strategies.wang2022 import Wang2022

NAMES = ("canonical", "wang2022")  # variants of separable CMA-ES

__all__ = ["NAMES", "Proposal", "State", "Strategy", "create", "first_mean"]


def create(config: StrategyConfig, layout: Layout, seed: int) -> Strategy:
    """Make the configured strategy for genomes of ``layout``; seed is that of the run."""
    if config.variant == "wang2022":
        return Wang2022(config.population, config.sigma, seed, layout.segments)
    return SepCMAES(config.population, config.sigma, seed)


def first_mean(size: int, seed: int, spread: float) -> Vector:
    """Mean of the first generation, (size,): independent N(0, spread²), from the run's seed."""
    key = int(fold(seed, STREAM_GENOME)[0])
    return np.asarray(spread * noise(key, 0, 0).standard_normal(size))
