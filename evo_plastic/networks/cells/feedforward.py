"""Two layers without recurrence.

    y_1 = tanh(W_1 x + b_1)        y_2 = tanh(W_2 y_1 + b_2)        y = y_2

W_1 (first) learns from (x, y_1), gated by m_1; W_2 (second) from (y_1, y_2), gated by m_2
(Wang 2022, Table 1: DNN, Meta-DNN, DecPDNN). Without plastic connections it has no memory.
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
    fill,
)
from evo_plastic.networks.modulation import rates
from evo_plastic.vectors import LANES, padded, zeros
from rules.base import Shapes, forget, implements, recall, record, vector


class Genes(NamedTuple):
    bias_1: Any  # (hidden⁺,)
    bias_2: Any  # (hidden⁺,)
    first: Any
    second: Any
    gate_1: Any
    gate_2: Any


class Memory(NamedTuple):
    y_1: Any  # (slots, hidden⁺)
    mu_1: Any  # (LANES,): rates by slot
    mu_2: Any  # (LANES,)
    first: Any
    second: Any


def connections(hidden: int, inputs: int) -> tuple[Connection, Connection]:
    return Connection("first", "1", hidden, inputs), Connection("second", "2", hidden, hidden)


def bias_shapes(hidden: int) -> Shapes:
    return {"bias_1": (hidden,), "bias_2": (hidden,)}


def state_sizes(hidden: int) -> dict[str, int]:
    return {}


def arrange(parts: Parts) -> Genes:
    return Genes(*map(vector, parts.biases), *parts.genes, *parts.gates)


def blank(memories: tuple[Any, ...], slots: int, hidden: int, dtype: DTypeLike) -> Memory:
    mu_1, mu_2 = (zeros(LANES, dtype) for _ in range(2))
    return Memory(zeros((slots, padded(hidden)), dtype), mu_1, mu_2, *memories)


def forward(life: Activity, x: Any) -> Any:
    y_1 = tanh(life.product("first", x) + life.arrays["bias_1"])
    y_2 = tanh(life.product("second", y_1) + life.arrays["bias_2"])
    life.learn("first", x, y_1)
    life.learn("second", y_1, y_2)
    return y_2


@implements(advance, Genes)
def _advance(genes, memory, slots, count, x, y):
    y_1 = memory.y_1
    for k in range(count):
        fill(genes.bias_1, y_1, slots[k])
        fill(genes.bias_2, y, slots[k])
    recall(genes.first, memory.first, slots, count, x, y_1)
    for k in range(count):
        activate(y_1, slots[k])
    recall(genes.second, memory.second, slots, count, y_1, y)
    for k in range(count):
        activate(y, slots[k])
    rates(genes.gate_1, slots, count, x, y_1, memory.mu_1)
    rates(genes.gate_2, slots, count, y_1, y, memory.mu_2)
    for k in range(count):
        slot = slots[k]
        record(genes.first, memory.first, slot, memory.mu_1[slot], x, y_1)
        record(genes.second, memory.second, slot, memory.mu_2[slot], y_1, y)


@implements(awaken, Genes)
def _awaken(genes, memory, slot):
    forget(genes.first, memory.first, slot)
    forget(genes.second, memory.second, slot)
