"""No plasticity: evolved weights that a lifetime does not change.

    ΔW = 0

    W : (post, pre), evolved

The connections of DNN, Meta-DNN, Meta-RNN and Meta-LSTM (Wang 2022, Table 1).
"""

from typing import Any, NamedTuple

import numpy as np
from numpy.typing import DTypeLike

from evo_plastic.jit import inline_jit
from evo_plastic.vectors import LANES, add, broadcast, load, multiply, store
from rules.base import (
    Constants,
    Shapes,
    Synapses,
    forget,
    implements,
    matrix,
    recall,
    record,
)

PLASTIC = False


class Genes(NamedTuple):
    W: Any


class Memory(NamedTuple):
    unused: Any


def slots(post: int, pre: int) -> int:
    return LANES


def constants(preset: str, modulated: bool) -> Constants:
    return Constants(scale=0.0)


def gene_shapes(post: int, pre: int, constants: Constants) -> Shapes:
    return {"W": (post, pre)}


def arrange(genes: Genes, constants: Constants) -> Genes:
    return Genes(matrix(genes.W))


def blank(slots: int, post: int, pre: int, dtype: DTypeLike) -> Memory:
    return Memory(np.zeros(1, dtype))


def initial(genes: Genes, post: int, pre: int) -> Synapses:
    return (genes.W,)


def learn(
    synapses: Synapses, mu: Any, x: Any, y: Any, genes: Genes, constants: Constants
) -> Synapses:
    return synapses


def recall_plain(genes, memory, slots, count, z, out):
    pre, post = genes.W.shape
    for k in range(count):
        s = slots[k]
        for j in range(pre):
            for i in range(post):
                out[s, i] += genes.W[j, i] * z[s, j]


@implements(recall, Genes, plain=recall_plain)
def recall_in_lanes(genes, memory, slots, count, z, out):
    last = count - 1
    for k in range(0, count, 4):
        # A last group of fewer than four computes its last slot again: the same
        # arithmetic, the same result, and one code path.
        s0, s1 = slots[k], slots[min(k + 1, last)]
        s2, s3 = slots[min(k + 2, last)], slots[min(k + 3, last)]
        for i in range(0, out.shape[1], LANES):
            _four_slots(genes.W, z, out, i, s0, s1, s2, s3)


@inline_jit
def _four_slots(W, z, out, i, s0, s1, s2, s3):
    """Lanes i … i + 15 of W z, added to ``out``, for four slots that share each load of W.

    Four sums hide the latency of an addition. One vector of each slot, not two: a z that is
    used once is spread over the lanes by its multiplication, not by an instruction of its own.
    """
    pre, post = W.shape
    a0, a1 = load(out, s0 * post + i), load(out, s1 * post + i)
    a2, a3 = load(out, s2 * post + i), load(out, s3 * post + i)
    for j in range(pre):
        w = load(W, j * post + i)
        a0 = add(a0, multiply(w, broadcast(z[s0, j])))
        a1 = add(a1, multiply(w, broadcast(z[s1, j])))
        a2 = add(a2, multiply(w, broadcast(z[s2, j])))
        a3 = add(a3, multiply(w, broadcast(z[s3, j])))
    store(out, s0 * post + i, a0)
    store(out, s1 * post + i, a1)
    store(out, s2 * post + i, a2)
    store(out, s3 * post + i, a3)


@implements(record, Genes)
def _record(genes, memory, slot, mu, x, y):
    pass


@implements(forget, Genes)
def _forget(genes, memory, slot):
    pass
