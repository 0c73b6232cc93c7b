"""The policy of the torch backend against its equation and the draws of the kernels."""

from collections.abc import Sequence

import numpy as np
import pytest
import torch
from numpy.typing import NDArray
from scipy import stats
from test_maze_step import OUTPUTS, choices

from evo_plastic.gradients.policy import log_policy
from evo_plastic.seeding import fold


def equation(o: Sequence[float]) -> NDArray[np.float64]:
    """π of Wang 2022, section 4.1, as the task states it."""
    best = 0.5 * np.tanh(o[4]) + 0.5
    softmax = np.exp(np.array(o[:4]) - max(o[:4]))
    found = (1 - best) * softmax / softmax.sum()
    found[np.argmax(o[:4])] += best
    return found


RANDOM = [tuple(row) for row in np.random.default_rng(1).normal(0, 2, (6, 5))]


@pytest.mark.parametrize("o", OUTPUTS + RANDOM)
def test_the_policy_is_the_equation_and_sums_to_1(o: Sequence[float]) -> None:
    found = log_policy(torch.tensor(o, dtype=torch.float64)).exp().numpy()
    np.testing.assert_allclose(found, equation(o), rtol=1e-12)
    assert found.sum() == pytest.approx(1, abs=1e-12)


@pytest.mark.parametrize("o", OUTPUTS)
def test_actions_of_the_kernels_are_drawn_from_the_policy(o: Sequence[float]) -> None:
    counts = np.bincount(choices(o, fold(2, np.arange(50_000)), np.arange(1)).ravel(), minlength=4)
    policy = log_policy(torch.tensor(o, dtype=torch.float64)).exp().numpy()
    assert stats.chisquare(counts, policy * counts.sum()).pvalue > 1e-3


@pytest.mark.parametrize(
    ("preferences", "best"),
    [((1, 1, 1, 1), 0), ((0, 2, 2, 1), 1), ((0, 1, 3, 3), 2), ((2, 0, 0, 2), 0)],
)
def test_of_equal_preferences_the_first_is_the_best_move(
    preferences: Sequence[int], best: int
) -> None:
    o = (*preferences, 9)
    policy = log_policy(torch.tensor(o, dtype=torch.float64)).exp()
    assert policy[best] > 0.99
    assert choices(o, fold(3, np.arange(100)), np.arange(1)).min() == best


@pytest.mark.parametrize("gate", [-200.0, 0.0, 200.0])
@pytest.mark.parametrize("preferences", [(200, -200, 0, 0), (-200,) * 4, (200, 200, -200, 0)])
def test_gradients_of_extreme_outputs_are_finite(
    preferences: Sequence[float], gate: float
) -> None:
    o = torch.tensor([*preferences, gate], requires_grad=True)
    policy = log_policy(o)
    assert torch.isfinite(policy).all()
    for action in range(4):
        (slope,) = torch.autograd.grad(policy[action], o, retain_graph=True)
        assert torch.isfinite(slope).all()


def test_all_steps_of_all_lifetimes_have_their_own_policy() -> None:
    outputs = np.array(OUTPUTS + RANDOM).reshape(3, 4, 5)
    found = log_policy(torch.tensor(outputs)).exp().numpy()
    for place in np.ndindex(3, 4):
        np.testing.assert_allclose(found[place], equation(outputs[place]), rtol=1e-12)
