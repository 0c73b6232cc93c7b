"""Selection: who ranks where, who is dropped, and the weights of the rest."""

import math

import numpy as np
import pytest

from evo_plastic.errors import TrainingFailed
from evo_plastic.strategies.ranking import best_first, effective_parents, log_weights

NAN, INF = math.nan, math.inf


def test_the_best_fitness_comes_first() -> None:
    assert list(best_first(np.array([-2.0, 5.0, 0.5]), "lower")) == [1, 2, 0]


def test_ties_go_to_the_index_that_was_asked_for() -> None:
    fitness = np.array([1.0, 3.0, 1.0, 3.0, 1.0])
    assert list(best_first(fitness, "lower")) == [1, 3, 0, 2, 4]
    assert list(best_first(fitness, "larger")) == [3, 1, 4, 2, 0]


def test_ties_of_a_large_population_keep_their_order() -> None:
    fitness = np.tile([-2.0, 0.0, -0.0], 120)
    order = best_first(fitness, "lower")
    assert list(order[:240]) == [k for k in range(360) if k % 3]
    assert list(order[240:]) == list(range(0, 360, 3))


@pytest.mark.parametrize("ties", ["lower", "larger"])
def test_non_finite_fitnesses_are_dropped_and_the_others_keep_their_indices(ties) -> None:
    fitness = np.array([INF, 1.0, NAN, 2.0, -INF, 0.0])
    assert list(best_first(fitness, ties)) == [3, 1, 5]


def test_ranking_leaves_the_fitness_alone() -> None:
    fitness = np.array([1.0, NAN, 3.0, 2.0])
    best_first(fitness, "larger")
    np.testing.assert_array_equal(fitness, [1.0, NAN, 3.0, 2.0])


@pytest.mark.parametrize("ties", ["lower", "larger"])
def test_too_few_finite_fitnesses_end_training_with_their_number(ties) -> None:
    with pytest.raises(TrainingFailed, match=r"^1 of 4 candidates .* at least 2"):
        best_first(np.array([NAN, 0.0, INF, -INF]), ties)
    with pytest.raises(TrainingFailed, match=r"^0 of 3 .*strategy\.sigma"):
        best_first(np.full(3, NAN), ties)
    assert len(best_first(np.array([NAN, 0.0, 1.0]), ties)) == 2


def test_weights_by_hand() -> None:
    # ln 3 - ln 1 and ln 3 - ln 2, normalised: ln 3 : ln 1.5.
    total = 1.0986122886681098 + 0.4054651081081644
    weights = log_weights(2, 3)
    assert weights == pytest.approx([1.0986122886681098 / total, 0.4054651081081644 / total])
    assert effective_parents(weights) == pytest.approx(total**2 / (1.206948960 + 0.164401953))


@pytest.mark.parametrize("parents", [1, 2, 3, 8, 180])
def test_weights_fall_with_rank_and_sum_to_one(parents: int) -> None:
    weights = log_weights(parents, parents + 0.5)
    assert weights.shape == (parents,)
    assert weights.sum() == pytest.approx(1)
    assert (np.diff(weights) < 0).all()
    assert (weights > 0).all()
    assert effective_parents(weights) * (1 + 1e-12) >= 1
    assert effective_parents(weights) <= parents * (1 + 1e-12)
