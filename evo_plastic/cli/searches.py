"""Which search an experiment asks for: evolution, or gradients if torch is installed."""

from evo_plastic.config import EvolutionConfig, Experiment
from evo_plastic.driver import Search
from evo_plastic.errors import InputError
from evo_plastic.evolution import Evolution
from evo_plastic.networks.spec import NetworkSpec
from evo_plastic.strategies import create
from workers.evaluator import PoolEvaluator


def make_search(experiment: Experiment, spec: NetworkSpec, evaluator: PoolEvaluator) -> Search:
    """What finds the genome; ``InputError`` if it needs torch, which is not installed."""
    config = experiment.strategy
    if isinstance(config, EvolutionConfig):
        return Evolution(experiment, create(config, spec.layout, experiment.seed), evaluator)
    try:
        from evo_plastic.gradients.trainer import GradientTrainer
    except ModuleNotFoundError as error:
        if error.name != "torch":
            raise
        raise InputError(
            f"strategy {config.name} needs torch: pip install 'evo-plastic[torch]'"
        ) from error
    return GradientTrainer(experiment, config, spec, evaluator)
