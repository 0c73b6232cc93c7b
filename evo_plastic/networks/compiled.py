"""One time step of the network of a ``NetworkSpec`` as compiled code, for all active slots."""

from dataclasses import dataclass
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import DTypeLike, NDArray

from evo_plastic.jit import PLAIN, inline_jit, jit
from evo_plastic.networks import modulation
from evo_plastic.networks.cells.base import Parts, advance, awaken
from evo_plastic.networks.spec import NetworkSpec
from evo_plastic.vectors import LANES, add, dot, load, multiply, padded, total, zeros
from rules.base import matrix, vector

_ABREAST = 5
"""Outputs that are read out side by side: as many as a maze wants."""


class Genes(NamedTuple):
    """A genome as the kernel holds it; all arrays are views of one flat buffer."""

    cell: Any
    readout_W: Any  # (outputs, hidden⁺)
    readout_b: Any  # (outputs⁺,)


class Memory(NamedTuple):
    """All that changes during lifetimes, one row per slot."""

    cell: Any
    y: Any  # (slots, hidden⁺): the activity that is read out


@inline_jit
def step(genes, memory, slots, count, x, o):
    """Advance slots ``slots[:count]`` by one step.

    x : (slots, inputs⁺) inputs      o : (outputs, LANES) outputs by slot, written
    """
    advance(genes.cell, memory.cell, slots, count, x, memory.y)
    for k in range(count):
        _read_out(genes, memory.y, slots[k], o)


@inline_jit
def _read_out(genes, y, slot, o):
    W, b = genes.readout_W, genes.readout_b
    outputs, hidden = W.shape
    i = 0
    while not PLAIN and i + _ABREAST <= outputs:
        _five_outputs(W, b, y, slot, i, o)
        i += _ABREAST
    while i < outputs:
        o[i, slot] = dot(W, i * hidden, y, slot * hidden, hidden) + b[i]
        i += 1


@inline_jit
def _five_outputs(W, b, y, slot, i, o):
    """Outputs i … i + 4 of one slot, ``dot`` by ``dot``, which share each load of y."""
    hidden = W.shape[1]
    w0, w1, w2 = i * hidden, (i + 1) * hidden, (i + 2) * hidden
    w3, w4, row = (i + 3) * hidden, (i + 4) * hidden, slot * hidden
    y_j = load(y, row)
    s0, s1 = multiply(load(W, w0), y_j), multiply(load(W, w1), y_j)
    s2, s3 = multiply(load(W, w2), y_j), multiply(load(W, w3), y_j)
    s4 = multiply(load(W, w4), y_j)
    for j in range(LANES, hidden, LANES):
        y_j = load(y, row + j)
        s0 = add(s0, multiply(load(W, w0 + j), y_j))
        s1 = add(s1, multiply(load(W, w1 + j), y_j))
        s2 = add(s2, multiply(load(W, w2 + j), y_j))
        s3 = add(s3, multiply(load(W, w3 + j), y_j))
        s4 = add(s4, multiply(load(W, w4 + j), y_j))
    o[i, slot], o[i + 1, slot] = total(s0) + b[i], total(s1) + b[i + 1]
    o[i + 2, slot], o[i + 3, slot] = total(s2) + b[i + 2], total(s3) + b[i + 3]
    o[i + 4, slot] = total(s4) + b[i + 4]


@inline_jit
def begin(genes, memory, slot):
    """Blank memories: the beginning of a lifetime."""
    awaken(genes.cell, memory.cell, slot)


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
    genes, gates = [], []
    for c, rule, constants, own in zip(
        spec.connections, spec.rules, spec.constants, spec.genes(numbers), strict=True
    ):
        genes.append(rule.arrange(own, constants))
        # What a connection that does not learn is gated by, nothing reads.
        kind = spec.modulation if rule.PLASTIC else "none"
        gates.append(modulation.arrange(kind, c.letter, numbers, constants.scale))
    parts = Parts(spec.biases(numbers), tuple(genes), tuple(gates))
    return Genes(
        cell=spec.cell.arrange(parts),
        readout_W=matrix(numbers["readout/W"].T),
        readout_b=vector(numbers["readout/b"]),
    )


def _move_into_buffer(arrays: Any, dtype: DTypeLike) -> tuple[Any, NDArray[Any], NDArray[Any]]:
    """Replace every array of a nested tuple by a zeroed view of one buffer.

    Returns the tuple, whose floats are now of ``dtype``, the buffer and, for each element of
    the buffer, its gene number.
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
        return buffer.dtype.type(item) if isinstance(item, float) else item

    return replace(arrays), buffer, numbers


def compile_network(spec: NetworkSpec, slots: int, dtype: DTypeLike) -> CompiledNetwork:
    """Allocate genes and memory of a network for ``slots`` lifetimes side by side."""
    genes, buffer, numbers = _move_into_buffer(_arrange(spec), dtype)
    target = np.flatnonzero(numbers)
    memories = tuple(
        rule.blank(slots, c.post, c.pre, dtype)
        for c, rule in zip(spec.connections, spec.rules, strict=True)
    )
    memory = Memory(
        cell=spec.cell.blank(memories, slots, spec.hidden, dtype),
        y=zeros((slots, padded(spec.hidden)), dtype),
    )
    return CompiledNetwork(genes, memory, numbers[target] - 1, target, buffer)
