"""The policy of the maze tasks as probabilities that gradients flow through.

    π(a) = p [a = a*] + (1 - p) softmax(o_0 … o_3)_a        p = σ(2 o_4), a* = argmax o_0 … o_3

Wang 2022, section 4.1; ``tasks.maze_step`` draws from it.
"""

import torch
from torch import Tensor
from torch.nn.functional import logsigmoid, one_hot

from evo_plastic.tasks.maze import ACTIONS


def log_policy(outputs: Tensor) -> Tensor:
    """log π of all actions, (…, ACTIONS), for outputs (…, 5); of equal ones the first is a*."""
    preferences, gate = outputs[..., :ACTIONS], 2 * outputs[..., ACTIONS:]
    sampled = preferences.log_softmax(-1) + logsigmoid(-gate)
    best = one_hot(preferences.argmax(-1), ACTIONS).bool()
    return torch.where(best, torch.logaddexp(sampled, logsigmoid(gate)), sampled)
