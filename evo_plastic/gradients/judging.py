"""Steps of lifetimes as they are judged before any is learned from."""

from typing import NamedTuple

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from evo_plastic.config import GradientConfig, PPOConfig
from evo_plastic.gradients.actor_critic import ActorCritic
from evo_plastic.gradients.experience import Experience
from evo_plastic.gradients.returns import advantages

_TINY = 1e-8


class Judged(NamedTuple):
    """Constants of the loss, (T, lives)."""

    advantage: Tensor  # A
    target: Tensor  # R = A + V
    log_probability: Tensor  # log π(a) of the action a that was taken


def judge(
    model: ActorCritic,
    learned: Tensor,
    experience: Experience,
    config: GradientConfig,
    weights: NDArray[np.float64],
) -> Judged:
    """What every step was worth, by the critic as it is.

    learned : (size,)      weights : of each rollout in the fitness, (rollouts,)
    """
    actions = torch.as_tensor(experience.actions, device=learned.device)
    value, log_probability = (learned.new_zeros(actions.shape) for _ in range(2))
    with torch.no_grad():
        for piece in model.unroll(learned, experience, None):
            value[piece.where] = piece.value
            taken = actions[piece.where].unsqueeze(-1)
            log_probability[piece.where] = piece.log_policy.gather(-1, taken).squeeze(-1)
    under_way = experience.under_way
    values = np.where(under_way, value.cpu().double().numpy(), 0.0)
    rewards = experience.rewards
    if config.rewards == "fitness":
        rewards = rewards * (weights / weights.sum())[experience.rollout]
    advantage = advantages(rewards, values, config.discount, config.trace)
    target = advantage + values
    if isinstance(config, PPOConfig):
        inside = advantage[under_way]
        advantage = (advantage - inside.mean()) / (inside.std() + _TINY)
    return Judged(
        advantage=torch.as_tensor(advantage).to(learned),
        target=torch.as_tensor(target).to(learned),
        log_probability=log_probability,
    )
