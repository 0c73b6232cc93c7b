"""Lifetimes from inside: what the oracle holds while it is led along a recorded lifetime."""

import numpy as np
import pytest
from kernel_runs import MOST, create
from numpy.typing import NDArray
from test_lifetime import INSTANCE, KEYS, TASKS, genomes_of, live

from evo_plastic.analysis.replay import replay
from evo_plastic.analysis.trace import Trace, trace
from evo_plastic.networks.spec import NetworkSpec
from evo_plastic.tasks.fitness import REACHED, rollout_rewards
from workers.engine import Engine, Outcomes

SPECS = {config.name: create(config) for config in MOST}
LIFE = 4


def traced(spec: NetworkSpec) -> tuple[Trace, Outcomes, NDArray[np.float64]]:
    genome = genomes_of(spec, 1)[0]
    lived = live(Engine(spec, "float64"), genome, record=True)
    steps, actions = lived.steps[LIFE], lived.actions[LIFE]
    found = trace(spec, genome, TASKS, int(INSTANCE[LIFE]), int(KEYS[LIFE]), steps, actions)
    return found, lived, genome


@pytest.mark.parametrize("spec", SPECS.values(), ids=SPECS)
def test_the_oracle_lives_the_lifetime_of_the_kernels(spec: NetworkSpec) -> None:
    found, lived, _ = traced(spec)
    told = np.concatenate(
        [lived.outputs[LIFE, 200 * r :][:n] for r, n in enumerate(lived.steps[LIFE])]
    )
    # Rounding grows with the steps, in some networks a million-fold in a lifetime.
    np.testing.assert_allclose(found.outputs[:200], told[:200], rtol=1e-8, atol=1e-10)
    sums = np.bincount(found.rollout, found.rewards)
    np.testing.assert_allclose(sums, rollout_rewards(lived.steps[LIFE], lived.outcome[LIFE]))
    np.testing.assert_array_equal(found.reached, lived.outcome[LIFE] == REACHED)
    np.testing.assert_array_equal(found.ends, np.cumsum(lived.steps[LIFE]) - 1)


def test_positions_are_those_of_the_replayed_actions() -> None:
    found, lived, _ = traced(SPECS["dec-prnn"])
    maze = INSTANCE[LIFE]
    for rollout, steps in enumerate(lived.steps[LIFE]):
        actions = lived.actions[LIFE, 200 * rollout :]
        way = replay(TASKS.walls[maze], TASKS.start[maze], actions, int(steps))
        np.testing.assert_array_equal(found.position[found.rollout == rollout], way[:-1])


def test_memories_move_by_the_rule_and_stay_from_rollout_to_rollout() -> None:
    spec = SPECS["dec-prnn"]
    found, _, genome = traced(spec)
    genes = spec.layout.view(genome)
    # The readout sees the activity that is written down beside it.
    readout = found.state["h"] @ genes["readout/W"].T + genes["readout/b"]
    np.testing.assert_allclose(found.outputs, readout, rtol=1e-12)
    memory = found.memory()
    assert memory.shape == (len(found.actions), spec.n_mem - spec.hidden)
    moved = np.abs(np.diff(memory, axis=0)).max(axis=1)
    assert (moved > 0).all()
    last = found.ends[0]
    assert moved[last] < 10 * np.median(moved)


def test_modulation_lies_between_0_and_1_and_is_1_without() -> None:
    modulated, _, _ = traced(SPECS["dec-prnn"])
    assert set(modulated.modulation) == {"recurrent", "input"}
    for signal in modulated.modulation.values():
        assert 0 < signal.min() < signal.max() < 1
    static, _, _ = traced(SPECS["meta-rnn"])
    assert static.modulation == {}
    assert static.memory().shape == (len(static.actions), 0)
    assert static.hidden().shape == (len(static.actions), SPECS["meta-rnn"].hidden)
