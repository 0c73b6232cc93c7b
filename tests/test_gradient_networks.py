"""Torch modules against the numpy oracle and finite differences, every network and modulation."""

import numpy as np
import pytest
import torch

from evo_plastic import networks
from evo_plastic.config import NetworkConfig
from evo_plastic.gradients.network import PlasticNetwork
from evo_plastic.networks.oracle import OracleNetwork
from evo_plastic.tasks.maze import INTERFACE

EVERY = networks.every(hidden=6)
PRESETS = ["wang2022", "released"]


def named(config: NetworkConfig) -> str:
    return f"{config.name}-{config.modulation}"


def made(config: NetworkConfig, spread: float, seed: int = 0) -> tuple[PlasticNetwork, np.ndarray]:
    spec = networks.create(config, INTERFACE)
    network = PlasticNetwork(spec, torch.float64)
    genome = spread * np.random.default_rng(seed).standard_normal(spec.n_gene)
    network.load_genome(genome)
    return network, genome


def inputs(steps: int, lives: int) -> np.ndarray:
    return np.random.default_rng(1).integers(-1, 2, (steps, lives, INTERFACE.inputs)).astype(float)


def outputs(network: PlasticNetwork, x: np.ndarray) -> torch.Tensor:
    return network(torch.as_tensor(x)).outputs


@pytest.mark.parametrize("preset", PRESETS)
@pytest.mark.parametrize("config", EVERY, ids=named)
def test_outputs_of_a_long_lifetime_are_the_oracles(config: NetworkConfig, preset: str) -> None:
    network, genome = made(config.model_copy(update={"preset": preset}), spread=0.2)
    x = inputs(600, 2)
    with torch.no_grad():
        ours = outputs(network, x).numpy()
    for life in range(2):
        oracle = OracleNetwork(network.spec, genome)
        theirs = np.array([oracle.step(now) for now in x[:, life]])
        np.testing.assert_allclose(ours[:, life], theirs, rtol=1e-10, atol=1e-10)


@pytest.mark.parametrize("config", EVERY, ids=named)
def test_gradients_are_finite_differences(config: NetworkConfig) -> None:
    network, _ = made(config.model_copy(update={"hidden_size": 3}), spread=0.5)
    x = torch.as_tensor(inputs(12, 2))
    names = [name for name, _ in network.named_parameters()]

    def loss(*values: torch.Tensor) -> torch.Tensor:
        given = dict(zip(names, values, strict=True))
        y = torch.func.functional_call(network, given, (x,)).outputs
        return (y * y.detach().new_tensor(np.arange(y.numel()) % 5).reshape(y.shape)).sum(0)

    assert torch.autograd.gradcheck(loss, tuple(network.parameters()), atol=1e-6)
