"""Estimated operations of training runs, counted by hand for one network of each rule."""

import numpy as np
import pytest

import rules
from evo_plastic import networks
from evo_plastic.analysis import operations
from evo_plastic.analysis.operations import (
    RULES,
    operations_per_env_step,
    own_operations,
    step_operations,
    training_operations,
)
from evo_plastic.config import Experiment, NetworkConfig
from evo_plastic.networks.spec import NetworkSpec
from evo_plastic.tasks.maze import INTERFACE

RECURRENT, INPUT, READOUT = 64 * 64, 64 * 15, 5 * 64


def spec_of(name: str, modulation: str = "none", **changes: object) -> NetworkSpec:
    config = {"name": name, "modulation": modulation} | changes
    return networks.create(NetworkConfig.model_validate(config), INTERFACE)


def experiment_of(network: str, **strategy: object) -> Experiment:
    named = {"name": network, "modulation": "none"}
    return Experiment.model_validate({"network": named, "strategy": strategy})


@pytest.mark.parametrize(
    ("name", "multiply_adds"),
    [
        ("meta-rnn", RECURRENT + INPUT),
        ("meta-lstm", 4 * (RECURRENT + INPUT)),
        ("dnn", 64 * 9 + RECURRENT),  # sees the window alone
        ("prnn", 5 * (RECURRENT + INPUT)),
        ("evolving-merging", 5 * (RECURRENT + INPUT)),
        ("prnn-et", 4 * RECURRENT + INPUT),
        ("prnn-scratch-et", 4 * RECURRENT + INPUT),
        ("dec-prnn", 2 * (RECURRENT + INPUT) + 5 * (64 + 64 + 64 + 15)),
        ("dec-pdnn", 2 * (RECURRENT + INPUT) + 5 * (64 + 15 + 64 + 64)),
    ],
)
def test_a_step_is_counted_by_hand(name: str, multiply_adds: int) -> None:
    assert step_operations(spec_of(name)) == 2 * (multiply_adds + READOUT)


@pytest.mark.parametrize(("modulation", "seen"), [("pre", 64 + 15), ("post", 64 + 64)])
def test_modulation_is_a_product_for_each_plastic_connection(modulation: str, seen: int) -> None:
    without = step_operations(spec_of("prnn"))
    assert step_operations(spec_of("prnn", modulation)) == without + 2 * seen
    one = step_operations(spec_of("prnn-et", "post")) - step_operations(spec_of("prnn-et"))
    assert one == 2 * 64


def test_every_rule_and_no_other_is_in_the_table() -> None:
    assert set(RULES) == set(rules.NAMES)
    for name, cost in RULES.items():
        assert cost.written_out == (rules.get(name).PLASTIC and name != "decomposed")


def test_evolution_lives_every_step_once() -> None:
    for strategy in ("sep-cma-es", "openai-es", "cma"):
        experiment = experiment_of("meta-rnn", name=strategy)
        spec = spec_of("meta-rnn")
        assert operations_per_env_step(experiment, spec) == step_operations(spec)


@pytest.mark.parametrize(
    ("network", "strategy", "passes"),
    [
        ("meta-rnn", {"name": "a2c"}, 5),
        ("meta-rnn", {"name": "ppo", "epochs": 4}, 2 + 3 * 4),
        ("meta-rnn", {"name": "ppo", "epochs": 1}, 5),
        ("prnn", {"name": "a2c"}, 6),
        ("prnn-et", {"name": "ppo", "epochs": 3}, 2 + 4 * 3),
    ],
)
def test_gradients_compute_a_step_several_times(
    network: str, strategy: dict[str, object], passes: int
) -> None:
    spec = spec_of(network)
    experiment = experiment_of(network, **strategy)
    assert operations_per_env_step(experiment, spec) == passes * step_operations(spec)


def test_a_decomposed_rule_takes_a_longer_form_for_gradients() -> None:
    spec = spec_of("dec-prnn")
    longer = 2 * (5 * (RECURRENT + INPUT) + 4 * (64 + 64 + 64 + 15) + READOUT)
    assert step_operations(spec, gradient=True) == longer
    experiment = experiment_of("dec-prnn", name="a2c")
    assert operations_per_env_step(experiment, spec) == step_operations(spec) + 4 * longer


@pytest.mark.parametrize(
    ("strategy", "expected"),
    [
        ({"population": 10}, 8 * 10 * 100),
        ({"name": "openai-es", "population": 10}, 3 * 10 * 100),
        ({"name": "cma", "population": 10, "covariance": "diagonal"}, 8 * 10 * 100),
        ({"name": "cma", "population": 10}, 4 * 100 * 10 * 100),
        ({"name": "a2c"}, 12 * 100),
        ({"name": "ppo", "epochs": 3, "minibatches": 5}, 12 * 100 * 15),
    ],
)
def test_a_generation_costs_something_of_its_own(
    strategy: dict[str, object], expected: int
) -> None:
    assert own_operations(experiment_of("meta-rnn", **strategy), n_gene=100) == expected


def test_a_run_costs_its_steps_and_its_generations(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(operations, "operations_per_env_step", lambda *_: 1000)
    monkeypatch.setattr(operations, "own_operations", lambda *_: 7)
    found = training_operations(
        experiment_of("meta-rnn"), spec_of("meta-rnn"), np.array([10.0, 30.0]), np.array([1.0, 3])
    )
    assert found.tolist() == [10_007, 30_021]
