"""The αABCD rule: every synapse has its own four coefficients.

    W ← W + µ · (A ∘ y xᵀ + B ∘ y 1ᵀ + C ∘ 1 xᵀ + D)        µ = 0.05 · m

    W, A, B, C, D : (post, pre)      x : (pre,)      y : (post,)      m : scalar

W starts at zero. B multiplies the post- and C the pre-synaptic activity, as in the code of
Wang et al. (2022); their Eq. 3 and Najarro & Risi (NeurIPS 2020) swap the two letters.

The kernel sorts the terms by what they share, ``µ y (A x + B) + µ (C x + D)``, and takes
sixteen columns at a time over all slots: those columns of A…D then stay in the nearest cache.
"""

from typing import Any, NamedTuple

import numpy as np
from numpy.typing import DTypeLike

from evo_plastic.jit import inline_jit
from evo_plastic.vectors import LANES, add, broadcast, load, multiply, padded, store, zeros
from rules.base import (
    Constants,
    Shapes,
    Synapses,
    drop,
    forget,
    implements,
    keep,
    matrix,
    recall,
    record,
)

PLASTIC = True
_TILE = 16


class Genes(NamedTuple):
    A: Any
    B: Any
    C: Any
    D: Any


class Memory(NamedTuple):
    W: Any
    mu: Any
    x: Any
    y: Any


def slots(post: int, pre: int) -> int:
    return 8


def constants(preset: str, modulated: bool) -> Constants:
    return Constants(scale=0.05)


def gene_shapes(post: int, pre: int, constants: Constants) -> Shapes:
    return dict.fromkeys(Genes._fields, (post, pre))


def arrange(genes: Genes, constants: Constants) -> Genes:
    return Genes(*(matrix(values) for values in genes))


def blank(slots: int, post: int, pre: int, dtype: DTypeLike) -> Memory:
    return Memory(
        W=zeros((slots, pre, padded(post)), dtype),
        mu=zeros(slots, dtype),
        x=zeros((slots, padded(pre)), dtype),
        y=zeros((slots, padded(post)), dtype),
    )


def initial(genes: Genes, post: int, pre: int) -> Synapses:
    return (np.zeros((post, pre)),)


def learn(
    synapses: Synapses, mu: Any, x: Any, y: Any, genes: Genes, constants: Constants
) -> Synapses:
    (W,) = synapses
    A, B, C, D = genes
    return (W + mu * (A * y * x + B * y + C * x + D),)


def recall_plain(genes, memory, slots, count, z, out):
    A, B, C, D = genes
    W, mu, x, y = memory
    pre, post = A.shape
    for start in range(0, pre, _TILE):
        for k in range(count):
            s = slots[k]
            for j in range(start, min(start + _TILE, pre)):
                for i in range(post):
                    with_y = mu[s] * y[s, i] * (A[j, i] * x[s, j] + B[j, i])
                    W[s, j, i] += with_y + mu[s] * (C[j, i] * x[s, j] + D[j, i])
                    out[s, i] += W[s, j, i] * z[s, j]


@implements(recall, Genes, plain=recall_plain)
def recall_in_lanes(genes, memory, slots, count, z, out):
    pre, post = genes.A.shape
    for start in range(0, pre, _TILE):
        stop = min(start + _TILE, pre)
        for k in range(count):
            i = 0
            while i + 4 * LANES <= post:
                _four_vectors(genes, memory, slots[k], z, out, i, start, stop)
                i += 4 * LANES
            while i < post:
                _one_vector(genes, memory, slots[k], z, out, i, start, stop)
                i += LANES


@inline_jit
def _four_vectors(genes, memory, slot, z, out, i, start, stop):
    """Update columns ``start … stop``, lanes ``i … i + 63``, and add their part of W z."""
    x, y = memory.x, memory.y
    pre, post = genes.A.shape
    row, mu = slot * post + i, broadcast(memory.mu[slot])
    y0, y1 = multiply(mu, load(y, row)), multiply(mu, load(y, row + LANES))
    y2, y3 = multiply(mu, load(y, row + 2 * LANES)), multiply(mu, load(y, row + 3 * LANES))
    r0, r1 = load(out, row), load(out, row + LANES)
    r2, r3 = load(out, row + 2 * LANES), load(out, row + 3 * LANES)
    for j in range(start, stop):
        gene = j * post + i
        cell = slot * pre * post + gene
        x_j, z_j = broadcast(x[slot, j]), broadcast(z[slot, j])
        w0 = _learned(genes, memory.W, gene, cell, x_j, y0, mu)
        w1 = _learned(genes, memory.W, gene + LANES, cell + LANES, x_j, y1, mu)
        w2 = _learned(genes, memory.W, gene + 2 * LANES, cell + 2 * LANES, x_j, y2, mu)
        w3 = _learned(genes, memory.W, gene + 3 * LANES, cell + 3 * LANES, x_j, y3, mu)
        r0, r1 = add(r0, multiply(w0, z_j)), add(r1, multiply(w1, z_j))
        r2, r3 = add(r2, multiply(w2, z_j)), add(r3, multiply(w3, z_j))
    store(out, row, r0)
    store(out, row + LANES, r1)
    store(out, row + 2 * LANES, r2)
    store(out, row + 3 * LANES, r3)


@inline_jit
def _one_vector(genes, memory, slot, z, out, i, start, stop):
    """The same for the vectors that are left when post⁺ is no multiple of 64."""
    x = memory.x
    pre, post = genes.A.shape
    row, mu = slot * post + i, broadcast(memory.mu[slot])
    mu_y, result = multiply(mu, load(memory.y, row)), load(out, row)
    for j in range(start, stop):
        gene = j * post + i
        cell = slot * pre * post + gene
        w = _learned(genes, memory.W, gene, cell, broadcast(x[slot, j]), mu_y, mu)
        result = add(result, multiply(w, broadcast(z[slot, j])))
    store(out, row, result)


@inline_jit
def _learned(genes, W, gene, cell, x, mu_y, mu):
    """Sixteen synapses: W ← W + µ y (A x + B) + µ (C x + D)."""
    with_y = multiply(mu_y, add(multiply(load(genes.A, gene), x), load(genes.B, gene)))
    without = multiply(mu, add(multiply(load(genes.C, gene), x), load(genes.D, gene)))
    w = add(load(W, cell), add(with_y, without))
    store(W, cell, w)
    return w


@implements(record, Genes)
def _record(genes, memory, slot, mu, x, y):
    keep(memory, slot, mu, x, y)


@implements(forget, Genes)
def _forget(genes, memory, slot):
    memory.W[slot] = 0
    drop(memory, slot)
