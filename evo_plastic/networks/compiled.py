"""One time step of the network of ``spec`` as compiled code, for all active slots."""

from dataclasses import dataclass
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import DTypeLike, NDArray

from evo_plastic.functions import tanh
from evo_plastic.jit import inline_jit, jit
from evo_plastic.networks import modulation
from evo_plastic.networks.modulation import modulate
from evo_plastic.networks.spec import NetworkSpec
from evo_plastic.vectors import copy, dot, padded, zeros
from rules.base import forget, matrix, recall, record, vector


class Genes(NamedTuple):
    """A genome as the kernel holds it; all arrays are views of one flat buffer."""

    bias: Any  # (hidden⁺,)
    readout_W: Any  # (outputs, hidden⁺)
    readout_b: Any  # (outputs⁺,)
    modulation: Any
    recurrent: Any
    input: Any
    scale: Any  # s of the rule, a number


class Memory(NamedTuple):
    """All that changes during lifetimes, one row per slot."""

    h: Any  # (slots, hidden⁺)
    z: Any  # (slots, hidden⁺): pre-activations, then the new h
    recurrent: Any
    input: Any


@inline_jit
def step(genes, memory, slots, count, x, o):
    """Advance slots ``slots[:count]`` by one step.

    x : (slots, inputs⁺) inputs      o : (slots, outputs⁺) outputs, written
    """
    h, z = memory.h, memory.z
    hidden = h.shape[1]
    for k in range(count):
        copy(genes.bias, 0, z, slots[k] * hidden, hidden)
    recall(genes.recurrent, memory.recurrent, slots, count, h, z)
    recall(genes.input, memory.input, slots, count, x, z)
    for k in range(count):
        slot = slots[k]
        _activate(z, slot)
        _read_out(genes, z, slot, o)
        m_h, m_x = modulate(genes.modulation, slot, h, x, z)
        record(genes.recurrent, memory.recurrent, slot, genes.scale * m_h, h, z)
        record(genes.input, memory.input, slot, genes.scale * m_x, x, z)
        copy(z, slot * hidden, h, slot * hidden, hidden)


@inline_jit
def _activate(z, slot):
    for i in range(z.shape[1]):
        z[slot, i] = tanh(z[slot, i])


@inline_jit
def _read_out(genes, y, slot, o):
    hidden = y.shape[1]
    for i in range(genes.readout_W.shape[0]):
        product = dot(genes.readout_W, i * hidden, y, slot * hidden, hidden)
        o[slot, i] = product + genes.readout_b[i]


@inline_jit
def begin(genes, memory, slot):
    """Blank memories: the beginning of a lifetime."""
    memory.h[slot] = 0
    forget(genes.recurrent, memory.recurrent, slot)
    forget(genes.input, memory.input, slot)


@jit
def place_genes(genome, source, target, buffer):
    """Copy a genome, shape (n_gene,), to where the kernel reads it."""
    for i in range(source.size):
        buffer[target[i]] = genome[source[i]]


@dataclass(frozen=True)
class CompiledNetwork:
    """The arrays that ``step`` works on, for one network and a number of slots."""

    genes: Genes
    memory: Memory
    source: NDArray[np.int64]
    target: NDArray[np.int64]
    buffer: NDArray[Any]

    def place(self, genome: NDArray[np.float64]) -> None:
        """Make ``genome`` the one that ``step`` runs."""
        place_genes(genome, self.source, self.target, self.buffer)


def _arrange(spec: NetworkSpec) -> Genes:
    """Kernel arrays that hold gene numbers counted from 1, and 0 where they are padding."""
    numbers = spec.layout.view(np.arange(1, spec.layout.size + 1))
    return Genes(
        bias=vector(numbers["bias"]),
        readout_W=matrix(numbers["readout/W"].T),
        readout_b=vector(numbers["readout/b"]),
        modulation=modulation.arrange(spec.modulation_genes(numbers)),
        recurrent=spec.rule.arrange(spec.genes("recurrent", numbers)),
        input=spec.rule.arrange(spec.genes("input", numbers)),
        scale=0.0,
    )


def _move_into_buffer(arrays: Any, dtype: DTypeLike) -> tuple[Any, NDArray[Any], NDArray[Any]]:
    """Replace every array of a nested tuple by a zeroed view of one buffer.

    Returns the tuple, the buffer and, for each element of the buffer, its gene number.
    """
    found: list[NDArray[np.int64]] = []

    def collect(item: Any) -> None:
        if isinstance(item, tuple):
            for part in item:
                collect(part)
        elif isinstance(item, np.ndarray):
            found.append(item)

    collect(arrays)
    numbers = np.concatenate([array.reshape(-1) for array in found])
    buffer = zeros(numbers.size, dtype)
    start = 0

    def replace(item: Any) -> Any:
        nonlocal start
        if isinstance(item, tuple):
            return type(item)(*(replace(part) for part in item))
        if isinstance(item, np.ndarray):
            view = buffer[start : start + item.size].reshape(item.shape)
            start += item.size
            return view
        return item

    return replace(arrays), buffer, numbers


def compile_network(spec: NetworkSpec, slots: int, dtype: DTypeLike) -> CompiledNetwork:
    """Allocate genes and memory of a network for ``slots`` lifetimes side by side."""
    genes, buffer, numbers = _move_into_buffer(_arrange(spec), dtype)
    target = np.flatnonzero(numbers)
    scale: Any = np.full(1, spec.update_scale, dtype)[0]
    memory = Memory(
        h=zeros((slots, padded(spec.hidden)), dtype),
        z=zeros((slots, padded(spec.hidden)), dtype),
        recurrent=spec.rule.blank(slots, spec.hidden, spec.hidden, dtype),
        input=spec.rule.blank(slots, spec.hidden, spec.inputs, dtype),
    )
    return CompiledNetwork(
        genes._replace(scale=scale), memory, numbers[target] - 1, target, buffer
    )
