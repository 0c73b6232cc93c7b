"""What gradients lessen: advantages and losses, by hand and against their equations."""

import numpy as np
import pytest
import torch
from gradient_runs import Recorded, record, with_critic
from numpy.typing import NDArray
from test_gradient_policy import equation

from evo_plastic.config import A2CConfig, GradientConfig, PPOConfig
from evo_plastic.gradients.actor_critic import ActorCritic
from evo_plastic.gradients.experience import Experience
from evo_plastic.gradients.judging import Judged, judge
from evo_plastic.gradients.losses import Terms, terms
from evo_plastic.gradients.returns import advantages

Floats = NDArray[np.float64]
A2C = A2CConfig(name="a2c", value_weight=0.25, entropy_weight=0.1)
PPO = PPOConfig(name="ppo", clip=0.2)
WEIGHTS = np.array([1.0, 3.0])


def test_advantages_by_hand() -> None:
    """γ = λ = 1/2; the second lifetime ends after two steps, the third after one."""
    rewards = np.array([[1, 0, 2], [3, 1, 0], [4, 0, 0]], float).T
    values = np.array([[0.5, 1, 0.25], [1, 2, 0], [3, 0, 0]]).T
    found = advantages(rewards, values, discount=0.5, trace=0.5)
    np.testing.assert_allclose(found.T, [[0.890625, -0.4375, 1.75], [2.75, -1, 0], [1, 0, 0]])


def test_with_a_trace_of_1_advantages_are_returns_less_values() -> None:
    rewards, values = np.random.default_rng(3).normal(size=(2, 7, 4))
    powers = 0.9 ** np.arange(7)
    returns = np.array([powers[: 7 - t] @ rewards[t:] for t in range(7)])
    np.testing.assert_allclose(advantages(rewards, values, 0.9, 1), returns - values, rtol=1e-12)


def test_with_a_trace_of_0_advantages_are_surprises() -> None:
    rewards, values = np.random.default_rng(3).normal(size=(2, 7, 4))
    after = np.concatenate([values[1:], np.zeros((1, 4))])
    expected = rewards + 0.9 * after - values
    np.testing.assert_allclose(advantages(rewards, values, 0.9, 0), expected, rtol=1e-12)


@pytest.fixture(scope="module")
def recorded() -> Recorded:
    return record("dec-prnn", spread=0.05)


def judged(recorded: Recorded, config: GradientConfig) -> tuple[Judged, Experience, Floats]:
    """And the values of the critic."""
    experience = recorded.again()
    model = ActorCritic(recorded.spec, torch.device("cpu"))
    learned = with_critic(recorded.genome, recorded.spec.hidden).detach().float()
    values = torch.zeros(experience.under_way.shape)
    for piece in model.unroll(learned, experience, None):
        values[piece.where] = piece.value
    found = judge(model, learned, experience, config, WEIGHTS)
    return found, experience, np.where(experience.under_way, values.double().numpy(), 0)


def test_steps_are_judged_by_the_critic_as_it_is(recorded: Recorded) -> None:
    found, experience, values = judged(recorded, A2C)
    expected = advantages(experience.rewards, values, A2C.discount, A2C.trace)
    np.testing.assert_allclose(found.advantage, expected, atol=1e-6)
    np.testing.assert_allclose(found.target, expected + values, atol=1e-6)
    ended = ~experience.under_way
    assert ended.any()
    assert not found.advantage.numpy()[ended].any()
    assert not found.target.numpy()[ended].any()


def test_actions_are_judged_by_the_outputs_that_chose_them(recorded: Recorded) -> None:
    found, experience, _ = judged(recorded, A2C)
    for place, life in enumerate(recorded.order):
        steps = recorded.lived.steps[life]
        told = [recorded.lived.outputs[life, 200 * r :][:n] for r, n in enumerate(steps)]
        policy = [equation(o) for o in np.concatenate(told).astype(float)]
        done = experience.actions[: steps.sum(), place]
        expected = [np.log(of_all[action]) for of_all, action in zip(policy, done, strict=True)]
        mine = found.log_probability[: steps.sum(), place]
        np.testing.assert_allclose(mine, expected, atol=1e-4)


def test_rewards_may_count_as_much_as_their_rollout_in_the_fitness(recorded: Recorded) -> None:
    config = A2C.model_copy(update={"rewards": "fitness"})
    found, experience, values = judged(recorded, config)
    rewards = experience.rewards * np.array([0.25, 0.75])[experience.rollout]
    expected = advantages(rewards, values, config.discount, config.trace)
    np.testing.assert_allclose(found.advantage, expected, atol=1e-6)
    np.testing.assert_allclose(found.target, expected + values, atol=1e-6)


def test_ppo_scales_advantages_over_the_steps_of_a_batch_and_not_the_targets(
    recorded: Recorded,
) -> None:
    plain, experience, _ = judged(recorded, A2C)
    found, _, _ = judged(recorded, PPO)
    inside = experience.under_way
    advantage = found.advantage.numpy()[inside]
    assert advantage.mean() == pytest.approx(0, abs=1e-6)
    assert advantage.std() == pytest.approx(1, abs=1e-5)
    before = plain.advantage.numpy()[inside]
    np.testing.assert_allclose(advantage, (before - before.mean()) / before.std(), atol=1e-5)
    np.testing.assert_array_equal(found.target, plain.target)


LOG_POLICY = np.log([[[0.1, 0.2, 0.3, 0.4]], [[0.7, 0.1, 0.1, 0.1]], [[0.25] * 4]])
VALUE, ACTIONS = np.array([[0.5], [1.0], [9.0]]), np.array([[3], [0], [1]])
TARGET, COUNTS = np.array([[1.0], [-1.0], [0.0]]), np.array([[1.0], [1.0], [0.0]])
ADVANTAGE = np.array([[2.0], [-0.5], [7.0]])


def terms_of(config: GradientConfig, advantage: Floats, before: Floats) -> Terms:
    """Of two steps, and a third after the end of the lifetime."""
    constants = Judged(*map(torch.tensor, (advantage, TARGET, np.log(before))))
    others = map(torch.tensor, (LOG_POLICY, VALUE, ACTIONS))
    return terms(config, *others, constants, torch.tensor(COUNTS))


def test_the_loss_of_a2c_by_hand() -> None:
    found = terms_of(A2C, ADVANTAGE, np.full((3, 1), 0.01))
    policy = -(np.log(0.4) * 2 - np.log(0.7) * 0.5)
    value, squares = 0.5**2 + 2**2, (0.01 + 0.04 + 0.09 + 0.16) + (0.49 + 0.03)
    np.testing.assert_allclose(torch.stack(found), [policy, value, squares], rtol=1e-12)
    assert found.weighted(A2C) == pytest.approx(policy + 0.25 * value + 0.1 * squares)


@pytest.mark.parametrize(
    ("before", "sign", "expected"),
    [
        ((0.38, 0.68), 1, 0.4 / 0.38 * 2 - 0.7 / 0.68 * 0.5),  # inside
        ((0.1, 0.68), 1, 1.2 * 2 - 0.7 / 0.68 * 0.5),  # has risen, was good
        ((0.1, 0.68), -1, -0.4 / 0.1 * 2 + 0.7 / 0.68 * 0.5),  # has risen, was bad
        ((0.38, 0.95), 1, 0.4 / 0.38 * 2 - 0.8 * 0.5),  # has fallen, was bad
        ((0.38, 0.95), -1, -0.4 / 0.38 * 2 + 0.7 / 0.95 * 0.5),  # has fallen, was good
    ],
)
def test_the_loss_of_ppo_by_hand(before: tuple[float, float], sign: int, expected: float) -> None:
    found = terms_of(PPO, sign * ADVANTAGE, np.array([[*before, 0.25]]).T)
    negative_entropy = sum(p * np.log(p) for p in (0.1, 0.2, 0.3, 0.4, 0.7, 0.1, 0.1, 0.1))
    wanted = [-expected, 0.5**2 + 2**2, negative_entropy]
    np.testing.assert_allclose(torch.stack(found), wanted, rtol=1e-12)


def test_a_clipped_step_has_no_gradient() -> None:
    log_policies = torch.tensor(LOG_POLICY, requires_grad=True)
    before = np.log([[0.1], [0.68], [0.25]])
    constants = Judged(*map(torch.tensor, (ADVANTAGE, TARGET, before)))
    others = map(torch.tensor, (VALUE, ACTIONS))
    found = terms(PPO, log_policies, *others, constants, torch.tensor(COUNTS))
    (slope,) = torch.autograd.grad(found.policy, log_policies)
    expected = np.zeros((3, 1, 4))
    expected[1, 0, 0] = 0.5 * 0.7 / 0.68
    np.testing.assert_allclose(slope, expected, rtol=1e-12)
