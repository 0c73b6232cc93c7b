"""OpenAI-ES: its equations, mirrored pairs, schedules, and what pairs that fail cost."""

import math

import numpy as np
import pytest

from evo_plastic.config import OpenAIESConfig
from evo_plastic.errors import TrainingFailed
from evo_plastic.strategies.openai_es import OpenAIES, State
from evo_plastic.strategies.ranking import centred_ranks, complete_pairs

NAN = math.nan


def make(seed: int = 3, **values) -> OpenAIES:
    settings = {"population": 6, "sigma": 0.1, "weight_decay": 0.01, **values}
    return OpenAIES(OpenAIESConfig(name="openai-es", **settings), seed)


def by_hand(state: State, epsilon: np.ndarray, utility: list[float], adam: bool) -> State:
    """One update, gene by gene; epsilon: (pairs, genes); utility of all candidates in order."""
    mean, velocity, square = [], [], []
    t = state.generation + 1
    for j in range(len(state.mean)):
        g = sum((utility[2 * i] - utility[2 * i + 1]) * epsilon[i, j] for i in range(len(epsilon)))
        g = g / len(utility) - 0.01 * state.mean[j]
        v = 0.9 * state.velocity[j] + 0.1 * g
        s = 0.999 * state.square[j] + 0.001 * g * g if adam else 0.0
        step = 0.02 * v
        if adam:
            step = 0.02 * math.sqrt(1 - 0.999**t) / (1 - 0.9**t) * v / (math.sqrt(s) + 1e-8)
        mean.append(state.mean[j] + step)
        velocity.append(v)
        square.append(s)
    return State(np.array(mean), np.array(velocity), np.array(square), t)


@pytest.mark.parametrize("optimiser", ["adam", "momentum"])
def test_updates_are_those_of_the_equations_in_plain_python(optimiser: str) -> None:
    strategy = make(optimiser=optimiser)
    state = strategy.init(np.linspace(-1, 1, 5))
    fitness = np.array([3.0, 1.0, 7.0, 7.0, -2.0, 0.0])
    utility = [0.6 - 0.5, 0.4 - 0.5, 0.9 - 0.5, 0.9 - 0.5, -0.5, 0.2 - 0.5]
    for _ in range(4):
        proposal = strategy.proposal(state)
        genomes = strategy.candidates(proposal, 0, 6)
        epsilon = (genomes[0::2] - state.mean) / 0.1
        expected = by_hand(state, epsilon, utility, optimiser == "adam")
        state = strategy.tell(state, fitness)
        for ours, theirs in zip(state, expected, strict=True):
            np.testing.assert_allclose(ours, theirs, rtol=1e-9, atol=1e-14)


def test_candidates_come_in_mirrored_pairs() -> None:
    strategy = make()
    state = strategy.init(np.linspace(-1, 1, 50))
    offsets = strategy.candidates(strategy.proposal(state), 0, 6) - state.mean
    np.testing.assert_allclose(offsets[1::2], -offsets[0::2], rtol=1e-12, atol=1e-15)
    assert not np.isclose(offsets[0], offsets[2]).any()
    assert offsets[0::2].std() == pytest.approx(0.1, rel=0.2)


def test_ranks_are_centred_and_shared_by_equal_values() -> None:
    ranks = centred_ranks(np.array([5.0, -1.0, 5.0, 9.0, 0.0]))
    np.testing.assert_allclose(ranks, [0.625 - 0.5, -0.5, 0.625 - 0.5, 0.5, 0.25 - 0.5])
    assert centred_ranks(np.full(8, 2.0)) == pytest.approx(np.zeros(8))


def test_a_pair_of_which_one_has_no_fitness_is_left_out() -> None:
    pairs, values = complete_pairs(np.array([1.0, NAN, 2.0, 3.0, -math.inf, 0.0]))
    assert list(pairs) == [1]
    np.testing.assert_array_equal(values, [[2.0, 3.0]])
    strategy = make(population=8)
    state = strategy.init(np.zeros(4))
    lost = strategy.tell(state, np.array([1.0, 4.0, 2.0, NAN, 5.0, 0.0, math.inf, 9.0]))
    epsilon = strategy.candidates(strategy.proposal(state), 0, 8)[[0, 4]] / 0.1
    rest = by_hand(state, epsilon, [1 / 3 - 0.5, 2 / 3 - 0.5, 0.5, -0.5], adam=True)
    np.testing.assert_allclose(lost.mean, rest.mean, rtol=1e-9)
    with pytest.raises(TrainingFailed, match="none of 4 pairs"):
        strategy.tell(state, np.array([1.0, NAN] * 4))


def test_tied_fitnesses_give_no_gradient() -> None:
    strategy = make(weight_decay=0)
    state = strategy.init(np.ones(4))
    np.testing.assert_array_equal(strategy.tell(state, np.full(6, 2.0)).mean, np.ones(4))


def test_sigma_and_learning_rate_decay_to_their_least() -> None:
    strategy = make(
        sigma=0.4, sigma_decay=0.5, smallest_sigma=0.06,
        learning_rate=0.1, learning_rate_decay=0.1, smallest_learning_rate=1e-3,
    )  # fmt: skip
    state, seen = strategy.init(np.zeros(3)), []
    for _ in range(5):
        assert strategy.proposal(state).sigma == strategy.figures(state)["sigma"]
        seen.append((strategy.figures(state)["sigma"], strategy.figures(state)["learning_rate"]))
        state = strategy.tell(state, np.arange(6.0))
    sigmas, rates = zip(*seen, strict=True)
    assert sigmas == pytest.approx((0.4, 0.2, 0.1, 0.06, 0.06))
    assert rates == pytest.approx((0.1, 0.01, 1e-3, 1e-3, 1e-3))


def test_decay_draws_the_mean_towards_zero() -> None:
    strategy = make(optimiser="momentum", momentum=0, weight_decay=0.5, learning_rate=0.1)
    state = strategy.tell(strategy.init(np.ones(3)), np.full(6, 2.0))
    assert state.mean == pytest.approx(np.full(3, 0.95))


def test_an_odd_population_is_refused() -> None:
    with pytest.raises(ValueError, match="population must be even"):
        OpenAIESConfig(name="openai-es", population=7)
