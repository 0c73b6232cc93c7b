"""Networks of Table 1: their sizes, their equations by hand, kernels against equations."""

import math
from typing import Any

import numpy as np
import pytest
from kernel_runs import feed, feed_oracle
from numpy.typing import NDArray

from evo_plastic import networks
from evo_plastic.config import NetworkConfig
from evo_plastic.networks.compiled import CompiledNetwork, compile_network
from evo_plastic.networks.oracle import OracleNetwork
from evo_plastic.networks.spec import NetworkSpec

NETWORKS = [
    ("dec-prnn", "none"),
    ("dec-prnn", "pre"),
    ("dec-prnn", "post"),
    ("prnn", "none"),
    ("prnn", "pre"),
    ("prnn", "post"),
    ("meta-rnn", "none"),
]
DTYPES = [np.float32, np.float64]
TOLERANCE = {np.float32: 1e-4, np.float64: 1e-10}
STEPS, SLOTS = 20, 3

every_network = pytest.mark.parametrize(("name", "modulation"), NETWORKS)


def spec_of(name: str, modulation: str, hidden: int) -> NetworkSpec:
    config: Any = {"name": name, "modulation": modulation, "hidden_size": hidden}
    return networks.create(NetworkConfig(**config), 15, 5)


def genome_of(spec: NetworkSpec) -> NDArray[np.float64]:
    return np.random.default_rng(7).normal(0, 0.2, spec.n_gene)


def inputs_of(slots: int = SLOTS, steps: int = STEPS) -> NDArray[np.float64]:
    return np.random.default_rng(8).normal(0, 0.7, (steps, slots, 15))


def compiled(spec: NetworkSpec, genome: NDArray[Any], slots: int, dtype: type) -> CompiledNetwork:
    network = compile_network(spec, slots, dtype)
    network.place(genome)
    return network


@pytest.mark.parametrize(
    ("name", "modulation", "hidden", "title", "n_gene", "n_mem"),
    [
        ("prnn", "none", 64, "PRNN", 20613, 5120),
        ("prnn", "pre", 64, "PRNN(PreDN)", 20694, 5120),
        ("prnn", "post", 64, "PRNN(PostDN)", 20743, 5120),
        ("dec-prnn", "none", 64, "DecPRNN", 1217, 5120),
        ("dec-prnn", "pre", 64, "DecPRNN(PreDN)", 1298, 5120),
        ("dec-prnn", "post", 64, "DecPRNN(PostDN)", 1347, 5120),
        ("meta-rnn", "none", 64, "Meta-RNN", 5445, 64),
        ("meta-rnn", "none", 32, "Meta-RNN", 1701, 32),
    ],
)
def test_genes_and_memories_are_those_of_table_1(
    name: str, modulation: str, hidden: int, title: str, n_gene: int, n_mem: int
) -> None:
    spec = spec_of(name, modulation, hidden)
    assert (spec.title, spec.n_gene, spec.n_mem) == (title, n_gene, n_mem)
    assert spec.layout.size == n_gene


def test_a_configured_scale_replaces_that_of_the_rule() -> None:
    config = NetworkConfig(name="dec-prnn", scale=1.0)
    assert networks.create(config, 15, 5).update_scale == 1.0
    assert networks.create(NetworkConfig(name="dec-prnn"), 15, 5).update_scale == 0.2
    assert networks.create(NetworkConfig(name="prnn"), 15, 5).update_scale == 0.05


def sigma(z: float) -> float:
    return 1 / (1 + math.exp(-z))


def pack_numbers(spec: NetworkSpec, genes: dict[str, float]) -> np.ndarray:
    """Genome of a network of one neuron and one input, whose arrays hold a number each."""
    shapes = {array.name: array.shape for array in spec.layout.arrays}
    return spec.layout.pack({name: np.full(shapes[name], genes[name]) for name in genes})


@pytest.mark.parametrize("modulation", ["none", "pre", "post"])
def test_three_steps_of_one_neuron_by_hand(modulation: str) -> None:
    spec = NetworkSpec("one neuron", "abcd", modulation, 1, 1, 1, scale=0.5)
    genes = {"readout/W": 2.0, "readout/b": 0.5, "bias": 0.1}
    genes |= {"recurrent/A": 0.9, "recurrent/B": -0.7, "recurrent/C": 0.6, "recurrent/D": 0.3}
    genes |= {"input/A": -0.8, "input/B": 0.4, "input/C": 1.1, "input/D": -0.2}
    signals = {"w_h": 1.5, "w_x": -2.5, "b_h": 0.3, "b_x": -0.4}
    if modulation != "none":
        genes |= {f"modulation/{key}": value for key, value in signals.items()}
    oracle = OracleNetwork(spec, pack_numbers(spec, genes))
    h, W_h, W_x = 0.0, 0.0, 0.0
    for x in (0.5, -1.0, 0.25):
        y = math.tanh(W_h * h + W_x * x + 0.1)
        m_h = m_x = 1.0
        if modulation == "pre":
            m_h, m_x = sigma(1.5 * h + 0.3), sigma(-2.5 * x - 0.4)
        if modulation == "post":
            m_h, m_x = sigma(1.5 * y + 0.3), sigma(-2.5 * y - 0.4)
        assert oracle.step(np.array([x]))[0] == pytest.approx(2.0 * y + 0.5, rel=1e-12)
        W_h += 0.5 * m_h * (0.9 * y * h - 0.7 * y + 0.6 * h + 0.3)
        W_x += 0.5 * m_x * (-0.8 * y * x + 0.4 * y + 1.1 * x - 0.2)
        h = y
    assert oracle.weights["recurrent"][0, 0] == pytest.approx(W_h, rel=1e-12)
    assert oracle.weights["input"][0, 0] == pytest.approx(W_x, rel=1e-12)


def test_two_steps_of_a_static_network_by_hand() -> None:
    spec = NetworkSpec("static", "static", "none", 1, 1, 1)
    genes = {"readout/W": 3, "readout/b": -1, "bias": 0.2, "recurrent/W": 0.7, "input/W": -0.4}
    oracle = OracleNetwork(spec, pack_numbers(spec, genes))
    y_1 = math.tanh(-0.4 * 0.5 + 0.2)
    y_2 = math.tanh(0.7 * y_1 - 0.4 * 2.0 + 0.2)
    assert oracle.step(np.array([0.5]))[0] == pytest.approx(3 * y_1 - 1, rel=1e-12)
    assert oracle.step(np.array([2.0]))[0] == pytest.approx(3 * y_2 - 1, rel=1e-12)


@every_network
@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("hidden", [64, 20])
def test_kernel_is_the_oracle(name: str, modulation: str, hidden: int, dtype: type) -> None:
    spec = spec_of(name, modulation, hidden)
    genome, inputs = genome_of(spec), inputs_of()
    outputs = feed(compiled(spec, genome, SLOTS, dtype), inputs)
    for slot in range(SLOTS):
        expected = feed_oracle(spec, genome, inputs[:, slot])
        np.testing.assert_allclose(outputs[:, slot], expected, rtol=0, atol=TOLERANCE[dtype])
        assert np.ptp(expected, axis=0).min() > 0.05


@every_network
def test_every_gene_has_exactly_one_place_in_the_kernel(name: str, modulation: str) -> None:
    spec = spec_of(name, modulation, 20)
    numbers = np.arange(1.0, spec.n_gene + 1)
    network = compiled(spec, numbers, 1, np.float64)
    placed = network.buffer[network.buffer != 0]
    np.testing.assert_array_equal(np.sort(placed), numbers)


@every_network
def test_every_gene_matters_within_four_steps(name: str, modulation: str) -> None:
    spec = spec_of(name, modulation, 20)
    genome, inputs = genome_of(spec), inputs_of(slots=1, steps=4)
    network = compiled(spec, genome, 1, np.float64)
    before = feed(network, inputs)
    without_effect = []
    for gene in range(spec.n_gene):
        changed = genome.copy()
        changed[gene] += 0.5
        network.place(changed)
        if np.array_equal(feed(network, inputs), before):
            without_effect.append(spec.layout.arrays[spec.layout.segments[gene]].name)
    assert without_effect == []


@every_network
def test_genomes_placed_one_after_the_other_leave_no_trace(name: str, modulation: str) -> None:
    spec = spec_of(name, modulation, 20)
    genome, inputs = genome_of(spec), inputs_of()
    network = compiled(spec, genome, SLOTS, np.float32)
    before = feed(network, inputs)
    network.place(genome[::-1].copy())
    assert not np.array_equal(feed(network, inputs), before)
    network.place(genome)
    np.testing.assert_array_equal(feed(network, inputs), before)


@every_network
def test_order_of_hidden_neurons_means_nothing(name: str, modulation: str) -> None:
    spec = spec_of(name, modulation, 20)
    arrays, inputs = spec.layout.view(genome_of(spec)), inputs_of()
    rolled = {}
    for key, values in arrays.items():  # of all sizes, only the hidden one is 20
        axes = tuple(axis for axis, n in enumerate(values.shape) if n == 20)
        rolled[key] = np.roll(values, (3,) * len(axes), axes)
    plain = feed(compiled(spec, spec.layout.pack(arrays), SLOTS, np.float64), inputs)
    other = feed(compiled(spec, spec.layout.pack(rolled), SLOTS, np.float64), inputs)
    np.testing.assert_allclose(other, plain, atol=1e-10)


@every_network
def test_a_lifetime_goes_on_until_another_begins(name: str, modulation: str) -> None:
    spec = spec_of(name, modulation, 20)
    inputs = inputs_of()
    network = compiled(spec, genome_of(spec), SLOTS, np.float32)
    whole = feed(network, inputs)
    first = feed(network, inputs[:7])
    second = feed(network, inputs[7:], fresh=False)
    np.testing.assert_array_equal(np.concatenate([first, second]), whole)
    assert not np.array_equal(feed(network, inputs, fresh=False), whole)


@every_network
@pytest.mark.parametrize("order", [[1], [2, 0], [2, 1, 0]])
def test_a_slot_does_not_feel_the_others(name: str, modulation: str, order: list[int]) -> None:
    spec = spec_of(name, modulation, 20)
    inputs = inputs_of()
    network = compiled(spec, genome_of(spec), SLOTS, np.float32)
    together = feed(network, inputs)
    np.testing.assert_array_equal(feed(network, inputs, order)[:, order], together[:, order])


@every_network
def test_a_gene_that_is_no_number_reaches_the_outputs(name: str, modulation: str) -> None:
    spec = spec_of(name, modulation, 20)
    inputs = inputs_of()
    for array in spec.layout.arrays:
        genome = genome_of(spec)
        genome[spec.layout.offsets[array.name].start] = np.nan
        outputs = feed(compiled(spec, genome, SLOTS, np.float32), inputs)
        assert np.isnan(outputs[-1]).any(axis=1).all(), array.name
