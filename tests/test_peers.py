"""The benchmark's networks and lifetimes in torch and JAX, held to the equations and to ours."""

from typing import Any

import numpy as np
import pytest
from kernel_runs import EVERY, MOST, create, feed_oracle, label
from numpy.typing import NDArray

from benchmarks.peers.parts import NETWORKS, Arrays, arrays_of
from benchmarks.peers.world import make_world
from evo_plastic.config import NetworkConfig
from evo_plastic.networks import NAMES
from evo_plastic.networks.spec import NetworkSpec
from evo_plastic.seeding import fold
from evo_plastic.tasks import training_tasks
from evo_plastic.tasks.fitness import DIVERGED
from evo_plastic.tasks.maze import INTERFACE
from evo_plastic.tasks.maze_step import begin_rollout, observe, remember
from workers.engine import Engine

HIDDEN, ROLLOUTS = 16, 3
TASKS = training_tasks("maze9", 1, 0, 8)
INSTANCE = np.repeat(np.arange(8, dtype=np.int32), 5)
KEYS = fold(6, np.arange(INSTANCE.size))

each_library = pytest.mark.parametrize("library", ["torch", "jax"])


def sized(config: NetworkConfig) -> NetworkSpec:
    return create(config, hidden_size=HIDDEN)


def feed_torch(config: NetworkConfig, arrays: Arrays, inputs: NDArray[Any]) -> NDArray[Any]:
    """Outputs (steps, lives, outputs) for inputs (steps, lives, inputs)."""
    torch = pytest.importorskip("torch")
    from benchmarks.peers.torch_networks import Network

    with torch.inference_mode():
        network = Network(config.name, config.modulation, arrays, inputs.shape[1])
        return np.array([network.step(torch.from_numpy(x)).numpy().T for x in inputs])


def feed_jax(config: NetworkConfig, arrays: Arrays, inputs: NDArray[Any]) -> NDArray[Any]:
    """The same."""
    jax = pytest.importorskip("jax")
    from benchmarks.peers.jax_networks import Network

    network = Network(config.name, config.modulation)
    genes = network.place(arrays)
    live = jax.vmap(
        lambda x: jax.lax.scan(lambda m, x: network.step(genes, m, x), network.begin(genes), x)[1],
        in_axes=1,
        out_axes=1,
    )
    return np.asarray(jax.jit(live)(inputs))


def live(
    library: str, config: NetworkConfig, genome: NDArray[Any]
) -> tuple[int, NDArray[Any], NDArray[Any]]:
    """Steps of all lifetimes; steps and outcomes, (lives, rollouts)."""
    pytest.importorskip(library)
    if library == "torch":
        from benchmarks.peers import torch_lifetimes as peer
    else:
        from benchmarks.peers import jax_lifetimes as peer  # type: ignore[no-redef]
    spec = sized(config)
    world = make_world(TASKS, INSTANCE, KEYS, ROLLOUTS, spec.inputs)
    arrays = arrays_of(spec, genome)
    lifetimes = peer.Lifetimes(config.name, config.modulation, arrays, world)
    return lifetimes(), *lifetimes.found


def test_every_network_has_its_peers() -> None:
    assert NETWORKS.keys() == set(NAMES)


def check_equations(library: str, config: NetworkConfig, genome: NDArray[Any], steps: int) -> None:
    spec = sized(config)
    inputs = np.random.default_rng(8).normal(0, 0.7, (steps, 3, 15)).astype(np.float32)
    expected = [feed_oracle(spec, genome, inputs[:, life]) for life in range(3)]
    feed = {"torch": feed_torch, "jax": feed_jax}[library]
    found = feed(config, arrays_of(spec, genome), inputs[..., : spec.inputs])
    np.testing.assert_allclose(found, np.stack(expected, 1), rtol=0, atol=1e-4)


@each_library
@pytest.mark.parametrize("config", EVERY, ids=label)
def test_twenty_steps_follow_the_equations(library: str, config: NetworkConfig) -> None:
    layout = sized(config).layout
    genome = np.random.default_rng(7).normal(0, 0.2, layout.size)
    if "recurrent/eta" in layout.offsets:
        genome[layout.offsets["recurrent/eta"]] = -9  # a rate of 3/4: most others are near one
    check_equations(library, config, genome, 20)


@each_library
def test_weights_that_learn_from_traces_are_bounded(library: str) -> None:
    config = NetworkConfig(name="prnn-et")
    layout = sized(config).layout
    genome = np.random.default_rng(7).normal(0, 0.2, layout.size)
    genome[layout.offsets["recurrent/W"]] *= 20
    check_equations(library, config, genome, 5)


def test_inputs_are_those_of_the_kernels() -> None:
    world = make_world(TASKS, INSTANCE, KEYS, ROLLOUTS, INTERFACE.inputs)
    x = np.zeros((1, INTERFACE.inputs))
    for life, (maze, key) in enumerate(zip(INSTANCE, KEYS, strict=True)):
        begin_rollout(key, 2, x, 0)
        observe(TASKS.cells, maze, TASKS.size, TASKS.flat_start[maze], x, 0)
        np.testing.assert_array_equal(world.x[world.first[2, life]], x[0])
        remember(life % 4, x, 0)
        found = world.x[world.start[life] + life % 4]
        np.testing.assert_array_equal(found, x[0].astype(np.float32))


@each_library
@pytest.mark.parametrize("config", MOST, ids=label)
def test_lifetimes_are_the_compiled_ones(library: str, config: NetworkConfig) -> None:
    spec = sized(config)
    engine = Engine(spec, "float32")
    same = []
    genomes = np.random.default_rng(9).normal(0, 0.05, (3, spec.n_gene))
    genomes[:, spec.layout.offsets["readout/b"].stop - 1] = -1  # mostly sample, find most goals
    for genome in genomes:
        compiled = engine.live_population(genome[None], TASKS, INSTANCE, KEYS[None], ROLLOUTS)
        total, steps, outcome = live(library, config, genome)
        assert total == steps.sum()
        # Rounding decides an action once in a while, and all that follows.
        same.append((steps == compiled.steps[0]) & (outcome == compiled.outcome[0]))
        assert 0.1 < outcome.mean() < 0.9
    assert np.all(same, axis=2).mean() >= 0.9


@each_library
def test_what_is_no_number_diverges_as_in_compiled_lifetimes(library: str) -> None:
    config = NetworkConfig(name="meta-rnn", modulation="none")
    spec = sized(config)
    genome = np.full(spec.n_gene, np.nan)
    engine = Engine(spec, "float32")
    compiled = engine.live_population(genome[None], TASKS, INSTANCE, KEYS[None], ROLLOUTS)
    _, steps, outcome = live(library, config, genome)
    np.testing.assert_array_equal(steps, compiled.steps[0])
    assert (outcome == DIVERGED).all()
