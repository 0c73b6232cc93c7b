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


@implements(recall, Genes)
def _recall(genes, memory, slots, count, z, out):
    post = out.shape[1]
    for first in range(0, count, 4):
        # A last group of fewer than four computes its last slot again: the same
        # arithmetic, the same result, and one code path.
        s0 = slots[first]
        s1 = slots[min(first + 1, count - 1)]
        s2 = slots[min(first + 2, count - 1)]
        s3 = slots[min(first + 3, count - 1)]
        i = 0
        while i + 2 * LANES <= post:
            _two_vectors(genes.W, z, out, s0, s1, s2, s3, i)
            i += 2 * LANES
        if i < post:
            _one_vector(genes.W, z, out, s0, s1, s2, s3, i)


@inline_jit
def _two_vectors(W, z, out, s0, s1, s2, s3, i):
    """Lanes i … i + 31 of W z, added to ``out``, for four slots that share each load of W."""
    pre, post = W.shape
    k = i + LANES
    a0, b0 = load(out, s0 * post + i), load(out, s0 * post + k)
    a1, b1 = load(out, s1 * post + i), load(out, s1 * post + k)
    a2, b2 = load(out, s2 * post + i), load(out, s2 * post + k)
    a3, b3 = load(out, s3 * post + i), load(out, s3 * post + k)
    for j in range(pre):
        v, w = load(W, j * post + i), load(W, j * post + k)
        z0, z1 = broadcast(z[s0, j]), broadcast(z[s1, j])
        z2, z3 = broadcast(z[s2, j]), broadcast(z[s3, j])
        a0, b0 = add(a0, multiply(v, z0)), add(b0, multiply(w, z0))
        a1, b1 = add(a1, multiply(v, z1)), add(b1, multiply(w, z1))
        a2, b2 = add(a2, multiply(v, z2)), add(b2, multiply(w, z2))
        a3, b3 = add(a3, multiply(v, z3)), add(b3, multiply(w, z3))
    store(out, s0 * post + i, a0)
    store(out, s0 * post + k, b0)
    store(out, s1 * post + i, a1)
    store(out, s1 * post + k, b1)
    store(out, s2 * post + i, a2)
    store(out, s2 * post + k, b2)
    store(out, s3 * post + i, a3)
    store(out, s3 * post + k, b3)


@inline_jit
def _one_vector(W, z, out, s0, s1, s2, s3, i):
    """The same for the sixteen lanes that are left when post⁺ is an odd number of vectors."""
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
