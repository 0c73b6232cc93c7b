"""Fitness by hand: weights, penalty, divergence; and the same bits in every batch."""

import numpy as np
import pytest

from evo_plastic.config import TaskConfig
from evo_plastic.tasks.fitness import (
    DIVERGED,
    FAILED,
    PAPER_WEIGHTS,
    REACHED,
    lifetime_fitness,
    rollout_rewards,
    rollout_weights,
)

NO_GENES = np.zeros((1, 4))


def weights_of(rollouts: int) -> np.ndarray:
    return rollout_weights(TaskConfig(rollouts=rollouts))


def test_the_papers_weights() -> None:
    assert weights_of(3).tolist() == [0, 0, 1]
    assert weights_of(8).tolist() == [0, 0, 0.16, 0.22, 0.36, 0.64, 0.8, 1]
    assert sum(PAPER_WEIGHTS[8]) == pytest.approx(3.18)


@pytest.mark.parametrize("weights", [(1.0, 2.0, 0.0), (0.5,) * 8, (3.0,)])
def test_configured_weights_win(weights: tuple[float, ...]) -> None:
    found = rollout_weights(TaskConfig(rollouts=len(weights), weights=weights))
    assert found.tolist() == list(weights)
    assert found.dtype == np.float64


def test_rewards_of_a_success_a_failure_and_a_divergence() -> None:
    rewards = rollout_rewards(
        np.array([[1, 25, 200], [200, 200, 7]], np.int16),
        np.array([[REACHED, REACHED, REACHED], [FAILED, DIVERGED, DIVERGED]], np.int8),
    )
    np.testing.assert_allclose(rewards, [[0.99, 0.75, -1], [-2, np.nan, np.nan]], rtol=1e-12)


def test_three_rollouts_by_hand() -> None:
    rewards = np.array([[[-2.0, 0.1, 0.9], [0.5, 0.6, -1.2]]])
    fitness = lifetime_fitness(rewards, weights_of(3), NO_GENES)
    np.testing.assert_allclose(fitness, [-0.15], rtol=1e-12)


def test_eight_rollouts_by_hand() -> None:
    rewards = np.array([[[9.0, 9, 1, 0, 0, -1, 0, 0.5], [-9.0, 9, 0, 1, 1, 0, -2, 0]]])
    first = 0.16 - 0.64 + 0.5
    second = 0.22 + 0.36 - 1.6
    fitness = lifetime_fitness(rewards, weights_of(8), NO_GENES)
    np.testing.assert_allclose(fitness, [(first + second) / 2 / 3.18], rtol=1e-12)


def test_configured_weights_are_normalised() -> None:
    rewards = np.array([[[0.2, -1.0, 0.7]]])
    fitness = lifetime_fitness(rewards, np.array([3.0, 1.0, 0.0]), NO_GENES)
    np.testing.assert_allclose(fitness, [(0.6 - 1.0) / 4], rtol=1e-12)


def test_the_penalty_is_a_millionth_of_the_genomes_root_mean_square() -> None:
    rewards = np.zeros((3, 2, 3))
    genomes = np.array([[0.0, 0, 0, 0], [3, -4, 0, 0], [-7, 7, 7, -7]])
    fitness = lifetime_fitness(rewards, weights_of(3), genomes)
    np.testing.assert_allclose(fitness, [0, -2.5e-6, -7e-6], rtol=1e-12)


def test_one_divergence_makes_the_whole_fitness_nan_and_no_other() -> None:
    steps, outcome = np.full((3, 2, 3), 10, np.int16), np.full((3, 2, 3), REACHED, np.int8)
    outcome[1, 0, 0] = DIVERGED  # in a rollout of weight 0
    fitness = lifetime_fitness(rollout_rewards(steps, outcome), weights_of(3), np.zeros((3, 4)))
    np.testing.assert_allclose(fitness, [0.9, np.nan, 0.9], rtol=1e-12)


@pytest.mark.parametrize("rollouts", [3, 8])
@pytest.mark.parametrize("lives", [1, 32, 129])
def test_fitness_has_the_same_bits_in_every_batch(rollouts: int, lives: int) -> None:
    rng = np.random.default_rng(lives)
    rewards = rng.uniform(-2, 1, (37, lives, rollouts))
    genomes = rng.standard_normal((37, 1347))
    weights = weights_of(rollouts)
    whole = lifetime_fitness(rewards, weights, genomes)
    assert whole.shape == (37,)
    for size in (1, 2, 5, 16):
        parts = [
            lifetime_fitness(rewards[i : i + size], weights, genomes[i : i + size])
            for i in range(0, 37, size)
        ]
        np.testing.assert_array_equal(np.concatenate(parts), whole)
