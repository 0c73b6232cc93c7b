"""The long short-term memory cell, without plasticity.

    [g, i, f, o] = W_h h + W_x x + b        blocks of ``hidden`` rows, in this order
    c' = σ(f) c + σ(i) tanh(g)              h' = σ(o) tanh(c')              y = h'

The Meta-LSTM of Wang 2022, Table 1; no offset is added to the forget gate's bias.
"""

from typing import Any, NamedTuple

import numpy as np
from numpy.typing import DTypeLike, NDArray

from evo_plastic.functions import sigmoid, tanh
from evo_plastic.jit import inline_jit
from evo_plastic.networks.cells.base import (
    Activity,
    Connection,
    Parts,
    activate,
    advance,
    awaken,
    copy,
    fill,
)
from evo_plastic.vectors import padded, zeros
from rules import static
from rules.base import Shapes, implements, recall

_BLOCKS = 4


class Genes(NamedTuple):
    bias: Any  # (4 hidden⁺,)
    recurrent: Any
    input: Any


class Memory(NamedTuple):
    h: Any  # (slots, hidden⁺)
    c: Any  # (slots, hidden⁺)
    z: Any  # (slots, 4 hidden⁺): the four blocks
    blocks: Any  # (4 slots, hidden⁺): the same numbers, a row for each block
    recurrent: Any
    input: Any


def connections(hidden: int, inputs: int) -> tuple[Connection, Connection]:
    rows = _BLOCKS * hidden
    return Connection("recurrent", "h", rows, hidden), Connection("input", "x", rows, inputs)


def bias_shapes(hidden: int) -> Shapes:
    return {"bias": (_BLOCKS * hidden,)}


def state_sizes(hidden: int) -> dict[str, int]:
    return {"h": hidden, "c": hidden}


def arrange(parts: Parts) -> Genes:
    bias = parts.biases[0]
    weights = (static.Genes(_pad_blocks(genes.W[:, : bias.size])) for genes in parts.genes)
    return Genes(_pad_blocks(bias), *weights)


def _pad_blocks(values: NDArray[Any]) -> NDArray[Any]:
    """(…, 4 hidden) → (…, 4 hidden⁺): every block begins with a whole vector."""
    blocks = values.reshape(*values.shape[:-1], _BLOCKS, -1)
    missing = padded(blocks.shape[-1]) - blocks.shape[-1]
    widths = [(0, 0)] * (blocks.ndim - 1) + [(0, missing)]
    return np.pad(blocks, widths).reshape(*values.shape[:-1], -1)


def blank(memories: tuple[Any, ...], slots: int, hidden: int, dtype: DTypeLike) -> Memory:
    h, c = (zeros((slots, padded(hidden)), dtype) for _ in range(2))
    z = zeros((slots, _BLOCKS * padded(hidden)), dtype)
    return Memory(h, c, z, z.reshape(_BLOCKS * slots, -1), *memories)


def forward(life: Activity, x: Any) -> Any:
    h, c = life.state["h"], life.state["c"]
    z = life.product("recurrent", h) + life.product("input", x) + life.arrays["bias"]
    blocks = z.reshape(*z.shape[:-1], _BLOCKS, -1)
    g, i, f, o = (blocks[..., block, :] for block in range(_BLOCKS))
    c = sigmoid(f) * c + sigmoid(i) * tanh(g)
    life.state["c"] = c
    life.state["h"] = sigmoid(o) * tanh(c)
    return life.state["h"]


@implements(advance, Genes)
def _advance(genes, memory, slots, count, x, y):
    z = memory.z
    for k in range(count):
        fill(genes.bias, z, slots[k])
    recall(genes.recurrent, memory.recurrent, slots, count, memory.h, z)
    recall(genes.input, memory.input, slots, count, x, z)
    for k in range(count):
        slot = slots[k]
        _open_gates(memory.blocks, _BLOCKS * slot)
        _update(z, memory.c, memory.h, slot)
        copy(memory.h, y, slot)


@inline_jit
def _open_gates(blocks, first):
    """tanh(g), σ(i), σ(f), σ(o), each in its place."""
    activate(blocks, first)
    for row in range(first + 1, first + _BLOCKS):
        for i in range(blocks.shape[1]):
            blocks[row, i] = sigmoid(blocks[row, i])


@inline_jit
def _update(z, c, h, slot):
    hidden = c.shape[1]
    for n in range(hidden):
        g, i, f = z[slot, n], z[slot, hidden + n], z[slot, 2 * hidden + n]
        c[slot, n] = f * c[slot, n] + i * g
        h[slot, n] = c[slot, n]
    activate(h, slot)
    for n in range(hidden):
        h[slot, n] *= z[slot, 3 * hidden + n]


@implements(awaken, Genes)
def _awaken(genes, memory, slot):
    memory.h[slot] = 0
    memory.c[slot] = 0
