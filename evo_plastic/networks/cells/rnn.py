"""The simple recurrent cell.

    h' = tanh(W_h h + W_x x + b)        y = h'

W_h (recurrent) learns from (h, h'), gated by m_h; W_x (input) from (x, h'), gated by m_x
(Wang 2022, Eqs. 3 to 6).
"""

from typing import Any, NamedTuple

from numpy.typing import DTypeLike

from evo_plastic.functions import tanh
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
from evo_plastic.networks.modulation import rates
from evo_plastic.vectors import LANES, padded, zeros
from rules.base import Shapes, forget, implements, recall, record, vector


class Genes(NamedTuple):
    bias: Any  # (hidden⁺,)
    recurrent: Any
    input: Any
    gate_h: Any
    gate_x: Any


class Memory(NamedTuple):
    h: Any  # (slots, hidden⁺)
    mu_h: Any  # (LANES,): rates by slot
    mu_x: Any  # (LANES,)
    recurrent: Any
    input: Any


def connections(hidden: int, inputs: int) -> tuple[Connection, Connection]:
    return Connection("recurrent", "h", hidden, hidden), Connection("input", "x", hidden, inputs)


def bias_shapes(hidden: int) -> Shapes:
    return {"bias": (hidden,)}


def state_sizes(hidden: int) -> dict[str, int]:
    return {"h": hidden}


def arrange(parts: Parts) -> Genes:
    return Genes(vector(parts.biases[0]), *parts.genes, *parts.gates)


def blank(memories: tuple[Any, ...], slots: int, hidden: int, dtype: DTypeLike) -> Memory:
    mu_h, mu_x = (zeros(LANES, dtype) for _ in range(2))
    return Memory(zeros((slots, padded(hidden)), dtype), mu_h, mu_x, *memories)


def forward(life: Activity, x: Any) -> Any:
    h = life.state["h"]
    z = life.product("recurrent", h) + life.product("input", x) + life.arrays["bias"]
    y = tanh(z)
    life.learn("recurrent", h, y)
    life.learn("input", x, y)
    life.state["h"] = y
    return y


@implements(advance, Genes)
def _advance(genes, memory, slots, count, x, y):
    h = memory.h
    for k in range(count):
        fill(genes.bias, y, slots[k])
    recall(genes.recurrent, memory.recurrent, slots, count, h, y)
    recall(genes.input, memory.input, slots, count, x, y)
    for k in range(count):
        activate(y, slots[k])
    rates(genes.gate_h, slots, count, h, y, memory.mu_h)
    rates(genes.gate_x, slots, count, x, y, memory.mu_x)
    for k in range(count):
        slot = slots[k]
        record(genes.recurrent, memory.recurrent, slot, memory.mu_h[slot], h, y)
        record(genes.input, memory.input, slot, memory.mu_x[slot], x, y)
        copy(y, h, slot)


@implements(awaken, Genes)
def _awaken(genes, memory, slot):
    memory.h[slot] = 0
    forget(genes.recurrent, memory.recurrent, slot)
    forget(genes.input, memory.input, slot)
