"""What a step was worth: discounted returns and advantages over whole lifetimes.

    R_t = r_t + γ R_{t+1}
    δ_t = r_t + γ V_{t+1} - V_t        A_t = δ_t + γλ A_{t+1}        (Schulman et al. 2016, GAE)

V is zero after the end of a lifetime; rollouts of one lifetime are not ends. With λ = 1, A_t is
R_t - V_t.
"""

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]


def advantages(rewards: Floats, values: Floats, discount: float, trace: float) -> Floats:
    """A, (T, lives), for rewards and values (T, lives) that are zero after a lifetime's end.

    discount: γ      trace: λ
    """
    after = np.concatenate([values[1:], np.zeros_like(values[:1])])
    surprise = rewards + discount * after - values
    found = np.empty_like(surprise)
    ahead = np.zeros(rewards.shape[1])
    for t in reversed(range(len(rewards))):
        found[t] = ahead = surprise[t] + discount * trace * ahead
    return found
