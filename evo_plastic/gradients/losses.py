"""What a step of gradient descent lessens, summed over the steps of lifetimes.

A2C, as Miconi 2018 and 2019 and their code have it, with a baseline for every lifetime:

    L = Σ_t  b Σ_a π_t(a)²  -  log π_t(a_t) A_t  +  v (V_t - R_t)²

PPO (Schulman et al. 2017, Eq. 7), with r_t = π_t(a_t) / π_t(a_t) at the time of acting, and the
entropy H; A is scaled to mean 0 and deviation 1 over the batch:

    L = Σ_t  -min(r_t A_t, clip(r_t, 1 ± ε) A_t)  -  b H(π_t)  +  v (V_t - R_t)²

A and R, by the critic at the time of acting, are constants: ``judging``.
"""

from typing import NamedTuple

from torch import Tensor

from evo_plastic.config import A2CConfig, GradientConfig
from evo_plastic.gradients.judging import Judged


class Terms(NamedTuple):
    """Of a loss, summed."""

    policy: Tensor
    value: Tensor
    entropy: Tensor  # what the entropy's weight multiplies

    def weighted(self, config: GradientConfig) -> Tensor:
        weighted: Tensor = (
            self.policy + config.value_weight * self.value + config.entropy_weight * self.entropy
        )
        return weighted


def terms(
    config: GradientConfig,
    log_policy: Tensor,
    value: Tensor,
    actions: Tensor,
    judged: Judged,
    counts: Tensor,
) -> Terms:
    """Terms of the loss of some steps.

    log_policy : (T, lives, ACTIONS)    value : (T, lives)    actions : (T, lives)
    counts : (T, lives), 1 where a lifetime is under way, 0 after its end
    """
    log_probability = log_policy.gather(-1, actions.unsqueeze(-1)).squeeze(-1)
    policy = log_policy.exp()
    if isinstance(config, A2CConfig):
        gain = log_probability * judged.advantage
        spread = policy.square().sum(-1)
    else:
        ratio = (log_probability - judged.log_probability).exp()
        clipped = ratio.clip(1 - config.clip, 1 + config.clip)
        gain = (ratio * judged.advantage).minimum(clipped * judged.advantage)
        spread = (policy * log_policy).sum(-1)
    error = (value - judged.target).square()
    return Terms(-(gain * counts).sum(), (error * counts).sum(), (spread * counts).sum())
