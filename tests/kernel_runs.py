"""Compiled networks driven step by step: what several test files share."""

from typing import Any

import numpy as np
from numpy.typing import NDArray

from evo_plastic import networks
from evo_plastic.config import STATIC, NetworkConfig
from evo_plastic.jit import jit
from evo_plastic.layout import ArraySpec
from evo_plastic.networks.compiled import CompiledNetwork, begin, step
from evo_plastic.networks.oracle import OracleNetwork
from evo_plastic.networks.spec import NetworkSpec
from evo_plastic.tasks.maze import INTERFACE
from evo_plastic.vectors import LANES, padded, zeros

EVERY = networks.every(hidden=20)
"""A configuration of every network and modulation."""

MOST = [c for c in EVERY if c.modulation == "post" or c.name in STATIC]
"""One of every network: with PostDN where there is something to gate."""


def label(config: NetworkConfig) -> str:
    return f"{config.name}-{config.modulation}"


def create(config: NetworkConfig, **changes: Any) -> NetworkSpec:
    return networks.create(config.model_copy(update=changes), INTERFACE)


def read_arrays(spec: NetworkSpec) -> list[ArraySpec]:
    """Arrays of a layout that some kernel reads.

    The networks with traces count genes that gate, or rate, their static input connection.
    """
    idle = {array.name for array in spec.unused}
    if idle:
        idle |= {"modulation/w_x", "modulation/b_x"}
    return [array for array in spec.layout.arrays if array.name not in idle]


@jit
def _feed(genes, memory, active, count, fresh, inputs, x, o, outputs):  # type: ignore[no-untyped-def]
    for k in range(count):
        if fresh:
            begin(genes, memory, active[k])
    for t in range(inputs.shape[0]):
        for k in range(count):
            for i in range(inputs.shape[2]):
                x[active[k], i] = inputs[t, active[k], i]
        step(genes, memory, active, count, x, o)
        for k in range(count):
            for i in range(outputs.shape[2]):
                outputs[t, active[k], i] = o[i, active[k]]


def feed(
    network: CompiledNetwork,
    inputs: NDArray[Any],
    active: list[int] | None = None,
    fresh: bool = True,
) -> NDArray[Any]:
    """Outputs (steps, slots, outputs) for inputs (steps, slots, inputs); idle slots give 0.

    fresh: whether the active slots begin a lifetime or go on with theirs.
    """
    slots, dtype = inputs.shape[1], network.buffer.dtype
    order = np.array(range(slots) if active is None else active)
    outputs = np.zeros((len(inputs), slots, network.genes.readout_W.shape[0]), dtype)
    x = zeros((slots, padded(inputs.shape[2])), dtype)
    o = zeros((outputs.shape[2], LANES), dtype)
    count = len(order)
    typed = inputs.astype(dtype)
    _feed(network.genes, network.memory, order, count, fresh, typed, x, o, outputs)
    return outputs


def feed_oracle(spec: NetworkSpec, genome: NDArray[Any], inputs: NDArray[Any]) -> NDArray[Any]:
    """Outputs (steps, outputs) of the equations for inputs (steps, inputs)."""
    oracle = OracleNetwork(spec, genome)
    return np.array([oracle.step(x) for x in inputs.astype(np.float64)])
