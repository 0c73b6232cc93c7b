"""Estimated floating-point operations of a training run; a multiply-add counts as two.

One step of a network is, for every connection, one update by its rule and one product W z
(``RULES``), one product of a vector for every modulation signal, and the readout. Biases and
activation functions are left out, and so are the task and all random numbers.

    evolution    step                                                  per environment step
    a2c          step + (1 + 3) · gradient step
    ppo          step + (1 + 3 · epochs) · gradient step

The kernels live every step once; a gradient trainer lives it again to judge it, then in each
epoch forwards and, at twice the cost, backwards: 5 and 2 + 3 · epochs where both kinds of step
cost the same. Where synapses are written out for gradients, they are computed once more on the
way back: 4 instead of 3. The critic, one more output, is left out.

To that comes what a generation costs apart from its lifetimes (``own_operations``): a strategy
takes O(candidates · genes), Adam O(genes) per descent.
"""

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from evo_plastic.config import CMAConfig, Experiment, GradientConfig, OpenAIESConfig, PPOConfig
from evo_plastic.networks.spec import NetworkSpec

Floats = NDArray[np.float64]


class RuleCost(NamedTuple):
    """Multiply-adds of one update and one product, by synapse and by neuron before or after."""

    synapse: int
    neuron: int = 0
    written_out: bool = False
    """Whether gradients need every synapse of every step."""
    gradient: tuple[int, int] | None = None
    """The first two for the gradient trainer, where it computes in another form."""


RULES = {
    # W z
    "static": RuleCost(1),
    # W ← W + µy (A x + B) + µ (C x + D): 4
    "abcd": RuleCost(1 + 4, written_out=True),
    "tied": RuleCost(1 + 4, written_out=True),
    # E ← (1-η) E + (η y) x: 2    W ← W + µ E: 1
    "eligibility": RuleCost(1 + 3, written_out=True),
    "scratch_eligibility": RuleCost(1 + 3, written_out=True),
    # S ← S + p qᵀ: 1; the vectors p, v, b_x·z, v·z, d_x·z and q, u, b u, c c_y, d d_y: 5 a neuron.
    # With gradients W ← W + µ Σ_k l_k r_kᵀ: 4, and four factors a neuron.
    "decomposed": RuleCost(1 + 1, neuron=5, gradient=(1 + 4, 4)),
}
"""By name of the rule; ``synapse`` has the product W z first."""

SEPARABLE, MIRRORED, ADAM = 8, 3, 12
"""Operations per gene: of a candidate of a separable strategy (m + σ√C z, Σ w z, Σ w z²) and of
OpenAI-ES (m ± σ ε, Σ w ε of a pair), and of a step of Adam."""


def step_operations(spec: NetworkSpec, gradient: bool = False) -> int:
    """Of one step of one network, in the kernels or in the gradient trainer."""
    multiply_adds = spec.outputs * spec.hidden
    for connection, name in zip(spec.connections, spec.rule_names, strict=True):
        cost, post, pre = RULES[name], connection.post, connection.pre
        synapse, neuron = (gradient and cost.gradient) or (cost.synapse, cost.neuron)
        multiply_adds += synapse * post * pre + neuron * (post + pre)
    for connection in spec.plastic:
        seen = {"none": 0, "pre": connection.pre, "post": connection.post}
        multiply_adds += seen[spec.modulation]
    return 2 * multiply_adds


def operations_per_env_step(experiment: Experiment, spec: NetworkSpec) -> int:
    """How often a training run computes one environment step, times its cost."""
    lived, strategy = step_operations(spec), experiment.strategy
    if not isinstance(strategy, GradientConfig):
        return lived
    epochs = strategy.epochs if isinstance(strategy, PPOConfig) else 1
    passes = 3 + any(RULES[name].written_out for name in spec.rule_names)
    return lived + (1 + epochs * passes) * step_operations(spec, gradient=True)


def own_operations(experiment: Experiment, n_gene: int) -> int:
    """Of one generation or update, apart from its lifetimes.

    The full covariance matrix of ``cma`` is multiplied with and added to for every candidate;
    its decomposition, now and then, is left out, and so is that restarts enlarge populations.
    """
    strategy = experiment.strategy
    if isinstance(strategy, GradientConfig):
        descents = 1
        if isinstance(strategy, PPOConfig):
            descents = strategy.epochs * strategy.minibatches
        return ADAM * n_gene * descents
    of_gene = MIRRORED if isinstance(strategy, OpenAIESConfig) else SEPARABLE
    if isinstance(strategy, CMAConfig) and strategy.covariance == "full":
        of_gene = 4 * n_gene
    return of_gene * n_gene * strategy.population


def training_operations(
    experiment: Experiment, spec: NetworkSpec, env_steps: Floats, generations: Floats
) -> Floats:
    """After so many environment steps and generations (or updates), of the same shape."""
    own = own_operations(experiment, spec.n_gene) * generations
    return operations_per_env_step(experiment, spec) * env_steps + own
