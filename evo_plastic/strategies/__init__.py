"""Evolution strategies: made from a configuration, pure functions of a search state."""

import numpy as np

from evo_plastic.config import CMAConfig, EvolutionConfig, OpenAIESConfig
from evo_plastic.layout import Layout
from evo_plastic.seeding import STREAM_GENOME, fold
from evo_plastic.strategies.base import AnyStrategy, Proposal, State, Vector, noise
from evo_plastic.strategies.limits import check_size
from evo_plastic.strategies.openai_es import OpenAIES
from evo_plastic.strategies.sep_cma_es import SepCMAES
from evo_plastic.strategies.wang2022 import Wang2022

__all__ = ["AnyStrategy", "Proposal", "State", "check_size", "create", "first_mean"]


def create(config: EvolutionConfig, layout: Layout, seed: int) -> AnyStrategy:
    """Make the configured strategy for genomes of ``layout``; seed is that of the run."""
    if isinstance(config, OpenAIESConfig):
        return OpenAIES(config, seed)
    if isinstance(config, CMAConfig):
        # Imported where it is used: the package takes a second to load.
        from evo_plastic.strategies.cma_package import CMA

        return CMA(config, seed)
    if config.variant == "wang2022":
        return Wang2022(config.population, config.sigma, seed, layout.segments)
    step_size, active = config.step_size or "dual-csa", config.active is not False
    mean_rate = config.mean_rate or 1.0
    return SepCMAES(config.population, config.sigma, seed, step_size, active, mean_rate)


def first_mean(size: int, seed: int, spread: float) -> Vector:
    """Mean of the first generation, (size,): independent N(0, spread²), from the run's seed."""
    key = int(fold(seed, STREAM_GENOME)[0])
    return np.asarray(spread * noise(key, 0, 0).standard_normal(size))
