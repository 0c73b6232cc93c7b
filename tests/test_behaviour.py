"""What an agent did, measured from the record: by hand, and against slow Python."""

import numpy as np
import pytest
from kernel_runs import MOST, create
from test_evaluation import CORRIDOR, drawn
from test_lifetime import INSTANCE, KEYS, LIVES, ROLLOUTS, TASKS, SlowLife, genomes_of, live

from evo_plastic.seeding import fold
from evo_plastic.tasks.behaviour import Behaviour, behaviour
from evo_plastic.tasks.maze import MAX_STEPS
from workers.engine import Engine

SPEC = {config.name: create(config) for config in MOST}["dec-prnn"]
DOWN, RIGHT = 1, 3
ZERO = np.zeros(1, np.int32)


def acted(actions: list[int], outputs: list[list[float]]) -> Behaviour:
    """Behaviour of one rollout in the corridor."""
    record, told = np.zeros((1, MAX_STEPS), np.uint8), np.zeros((1, MAX_STEPS, 5))
    record[0, : len(actions)], told[0, : len(outputs)] = actions, outputs
    steps = np.array([[len(actions)]], np.int16)
    return behaviour(drawn(CORRIDOR), ZERO, fold(np.arange(1)), steps, record, told)


def test_coverage_counts_each_cell_once_and_bumps_not_at_all() -> None:
    sure = [[0.0, 0.0, 0.0, 0.0, 50.0]]
    found = acted([RIGHT, RIGHT, 2, DOWN, RIGHT], sure * 5)
    assert found.coverage == pytest.approx(3 / 17)
    assert found.decisive == 1.0
    assert found.entropy == pytest.approx(0.0, abs=1e-12)


def test_entropy_of_equal_outputs_without_decision_is_two_bits() -> None:
    found = acted([RIGHT], [[3.0, 3.0, 3.0, 3.0, -50.0]])
    assert found.entropy == pytest.approx(2.0)
    assert found.decisive == 0.0


def test_entropy_of_a_mixture_by_hand() -> None:
    # p = 1/2; softmax 1/2, 1/4, 1/8, 1/8; so the policy is 3/4, 1/8, 1/16, 1/16.
    weights = np.log([4.0, 2.0, 1.0, 1.0])
    found = acted([RIGHT], [[*weights, 0.0]])
    expected = 0.75 * np.log2(4 / 3) + 3 / 8 + 2 * 4 / 16
    assert found.entropy == pytest.approx(expected)


class Watched(SlowLife):
    """Also keeps what each decision was made of."""

    def rollout(self, number: int) -> tuple[list[int], bool]:
        self.decided, self.bits = list[bool](), list[float]()
        return super().rollout(number)

    def _choose(self, o: np.ndarray) -> int:
        p = 1 / (1 + np.exp(-2 * o[4]))
        policy = (1 - p) * np.exp(o[:4]) / np.exp(o[:4]).sum()
        policy[np.argmax(o[:4])] += p
        self.bits.append(float(-(policy * np.log2(policy)).sum()))
        self.decided.append((int(self._draw(self.age)) >> 40) / 2**24 < p)
        return super()._choose(o)

    def covered(self, actions: list[int]) -> float:
        here = self.start
        seen = {here}
        for action in actions:
            there = here[0] + (-1, 1, 0, 0)[action], here[1] + (0, 0, -1, 1)[action]
            here = here if self.walls[there] else there
            seen.add(here)
        return len(seen) / (self.walls == 0).sum()


def test_behaviour_of_whole_lifetimes_is_that_of_slow_python() -> None:
    genome = genomes_of(SPEC, 1)[0]
    fast = live(Engine(SPEC, "float64"), genome, record=True)
    found = behaviour(TASKS, INSTANCE, KEYS, fast.steps, fast.actions, fast.outputs)
    for life in range(LIVES):
        slow = Watched(SPEC, genome, life)
        for rollout in range(ROLLOUTS):
            actions, _ = slow.rollout(rollout)
            place = life, rollout
            assert found.coverage[place] == pytest.approx(slow.covered(actions))
            assert found.decisive[place] == np.mean(slow.decided)
            assert found.entropy[place] == pytest.approx(np.mean(slow.bits), rel=1e-9)
    assert 0 < found.decisive.min() < found.decisive.max() < 1


def test_a_network_that_diverged_has_no_entropy() -> None:
    found = acted([RIGHT], [[np.nan] * 5])
    assert np.isnan(found.entropy).all()
