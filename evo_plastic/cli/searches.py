"""Which search an experiment asks for: evolution, or gradients if torch is installed."""

from evo_plastic.config import EvolutionConfig, Experiment
from evo_plastic.driver import Search
from evo_plastic.errors import InputError
from evo_plastic.evolution import Evolution
from evo_plastic.networks.spec import NetworkSpec
from evo_plastic.strategies import check_size, create
from workers.evaluator import PoolEvaluator


def check_search(experiment: Experiment, spec: NetworkSpec) -> None:
    """``InputError`` if it cannot be made: too many genes, no torch, no GPU."""
    config = experiment.strategy
    if isinstance(config, EvolutionConfig):
        check_size(config, spec.n_gene)
        return
    try:
        from evo_plastic.gradients.devices import choose_device
    except ModuleNotFoundError as error:
        if error.name != "torch":
            raise
        raise InputError(
            f"strategy {config.name} needs torch: pip install 'evo-plastic[torch]'"
        ) from error
    choose_device(experiment.pool.device)


def make_search(experiment: Experiment, spec: NetworkSpec, evaluator: PoolEvaluator) -> Search:
    """What finds the genome, checked before."""
    config = experiment.strategy
    if isinstance(config, EvolutionConfig):
        return Evolution(experiment, create(config, spec.layout, experiment.seed), evaluator)
    from evo_plastic.gradients.trainer import GradientTrainer

    return GradientTrainer(experiment, config, spec, evaluator)
