"""One time step of the network of a ``NetworkSpec`` as compiled code, for all active slots."""

from dataclasses import dataclass
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import DTypeLike, NDArray

from evo_plastic.jit import inline_jit, jit
from evo_plastic.networks import modulation
from evo_plastic.networks.cells.base import Parts, advance, awaken
from evo_plastic.networks.spec import NetworkSpec
from evo_plastic.vectors import dot, padded, zeros
from rules.base import matrix, vector


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
    hidden = y.shape[1]
    for i in range(genes.readout_W.shape[0]):
        product = dot(genes.readout_W, i * hidden, y, slot * hidden, hidden)
        o[i, slot] = product + genes.readout_b[i]


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
