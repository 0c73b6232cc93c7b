"""Torch in the mazes: lifetimes of the kernels lived again, step by step the same."""

import numpy as np
import pytest
import torch
from gradient_runs import LIVES, ROLLOUTS, SPECS, Recorded, record, restless

from evo_plastic.analysis.trace import trace
from evo_plastic.errors import InputError
from evo_plastic.gradients.experience import Experience
from evo_plastic.gradients.network import PlasticNetwork

CALM = {"dec-prnn": 0.05, "prnn": 0.02, "evolving-merging": 0.02}
"""Spread of genes at which rounding does not grow from step to step; 0.1 in other networks."""


@pytest.fixture(scope="module")
def recorded() -> Recorded:
    return record("dec-prnn")


@pytest.fixture(scope="module")
def again(recorded: Recorded) -> Experience:
    return recorded.again()


def test_a_lifetime_lived_again_is_the_one_that_was_recorded(
    recorded: Recorded, again: Experience
) -> None:
    for place, life in enumerate(recorded.order):
        key, steps = int(recorded.keys[life]), recorded.lived.steps[life]
        told = trace(recorded.spec, recorded.genome, recorded.tasks, int(life), key, steps,
                     recorded.lived.actions[life])  # fmt: skip
        assert again.length[place] == len(told.actions)
        mine = slice(again.length[place])
        np.testing.assert_array_equal(again.inputs[mine, place], told.inputs.astype(np.float32))
        np.testing.assert_array_equal(again.actions[mine, place], told.actions)
        np.testing.assert_array_equal(again.rewards[mine, place], told.rewards)
        np.testing.assert_array_equal(again.rollout[mine, place], told.rollout)


def test_the_longest_lifetime_comes_first_and_zeros_after_the_end_of_the_others(
    recorded: Recorded, again: Experience
) -> None:
    np.testing.assert_array_equal(again.length, np.sort(recorded.lived.steps.sum(1))[::-1])
    assert again.steps == recorded.lived.steps.sum()
    assert again.under_way.shape == (again.length[0], LIVES)
    for place, length in enumerate(again.length):
        np.testing.assert_array_equal(np.flatnonzero(again.under_way[:, place]), range(length))
        for values in (again.inputs, again.actions, again.rewards, again.rollout):
            assert len(values) == again.length[0]
            assert not values[length:, place].any()
    assert again.rollout.max() == ROLLOUTS - 1


def test_a_selection_ends_with_its_own_longest_lifetime(again: Experience) -> None:
    lives = np.array([3, 5])
    some = again.select(lives)
    last = again.length[3]
    assert last < again.length[0]
    np.testing.assert_array_equal(some.length, again.length[lives])
    for name in ("inputs", "actions", "rewards", "rollout"):
        expected = getattr(again, name)[:last, lives]
        np.testing.assert_array_equal(getattr(some, name), expected)
    assert some.steps == again.length[3] + again.length[5]


@pytest.mark.parametrize("name", SPECS)
def test_outputs_of_a_whole_lifetime_are_those_of_the_kernels(name: str) -> None:
    """Both in float32, with different approximations of tanh."""
    recorded = record(name, CALM.get(name, 0.1), rollouts=3)
    network = PlasticNetwork(recorded.spec)
    network.load_genome(recorded.genome)
    with torch.no_grad():
        outputs = network(torch.as_tensor(recorded.again().inputs)).outputs.numpy()
    assert outputs.dtype == np.float32
    for place, life in enumerate(recorded.order):
        steps = recorded.lived.steps[life]
        told = [recorded.lived.outputs[life, 200 * r :][:n] for r, n in enumerate(steps)]
        expected = np.concatenate(told)
        assert np.ptp(expected, axis=0).min() > 1e-2
        np.testing.assert_allclose(outputs[: len(expected), place], expected, atol=1e-4, rtol=0)


@pytest.mark.parametrize("name", SPECS)
def test_a_genome_comes_back_as_it_was_loaded(name: str) -> None:
    genome = restless(SPECS[name], 0.1)
    network = PlasticNetwork(SPECS[name])
    network.load_genome(genome)
    found = network.to_genome()
    assert found.dtype == np.float64
    np.testing.assert_array_equal(found, genome)
    arrays = SPECS[name].layout.view(genome)
    assert set(network.arrays()) == set(arrays)
    for array, values in arrays.items():
        np.testing.assert_array_equal(network.arrays()[array].detach().numpy(), values)


@pytest.mark.parametrize("missing", [-1, 1])
def test_a_genome_of_another_length_is_refused(missing: int) -> None:
    network = PlasticNetwork(SPECS["dec-prnn"])
    size = SPECS["dec-prnn"].n_gene - missing
    with pytest.raises(InputError, match=rf"genome: shape \({size},\), expected .* of DecPRNN"):
        network.load_genome(np.zeros(size))
