"""How many genes a strategy can search, told before anything is begun."""

from evo_plastic.config import CMAConfig, StrategyConfig
from evo_plastic.errors import InputError

FEWEST_GENES, MOST_GENES = 2, 2000
"""Of the ``cma`` package, the latter of a full matrix: it and its eigenvectors are 64 MB then, and
take seconds per generation."""


def check_size(config: StrategyConfig, size: int) -> None:
    """``InputError`` unless the strategy can search ``size`` genes."""
    if not isinstance(config, CMAConfig):
        return
    if size < FEWEST_GENES:
        raise InputError("strategy.name: cma is for at least two genes; expected sep-cma-es")
    if config.covariance == "full" and size > MOST_GENES:
        raise InputError(
            f"strategy.covariance: full is for at most {MOST_GENES} genes, this network has "
            f"{size}; expected diagonal, or strategy.name: sep-cma-es"
        )
