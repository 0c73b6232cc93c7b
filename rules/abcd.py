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
from evo_plastic.vectors import LANES, add, broadcast, copy, load, multiply, padded, store, zeros
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

SLOTS = 8
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


@implements(recall, Genes)
def _recall(genes, memory, slots, count, z, out):
    pre, post = genes.A.shape
    for start in range(0, pre, _TILE):
        stop = min(start + _TILE, pre)
        for k in range(0, count, 2):
            # An odd last slot is computed twice: the same arithmetic, the same result.
            one, two = slots[k], slots[min(k + 1, count - 1)]
            for i in range(0, post, LANES):
                _columns(genes, memory, one, two, z, out, i, start, stop)


@inline_jit
def _columns(genes, memory, one, two, z, out, i, start, stop):
    """Update columns ``start … stop``, lanes ``i … i + 15``, and add their part of W z.

    Two slots share each load of A, B, C and D.
    """
    W, x = memory.W, memory.x
    pre, post = genes.A.shape
    mu_1, mu_2 = broadcast(memory.mu[one]), broadcast(memory.mu[two])
    mu_y_1 = multiply(mu_1, load(memory.y, one * post + i))
    mu_y_2 = multiply(mu_2, load(memory.y, two * post + i))
    result_1, result_2 = load(out, one * post + i), load(out, two * post + i)
    for j in range(start, stop):
        place = j * post + i
        cell_1, cell_2 = one * pre * post + place, two * pre * post + place
        a, b = load(genes.A, place), load(genes.B, place)
        c, d = load(genes.C, place), load(genes.D, place)
        w_1 = _learned(load(W, cell_1), a, b, c, d, broadcast(x[one, j]), mu_y_1, mu_1)
        w_2 = _learned(load(W, cell_2), a, b, c, d, broadcast(x[two, j]), mu_y_2, mu_2)
        store(W, cell_1, w_1)
        store(W, cell_2, w_2)
        result_1 = add(result_1, multiply(w_1, broadcast(z[one, j])))
        result_2 = add(result_2, multiply(w_2, broadcast(z[two, j])))
    store(out, one * post + i, result_1)
    store(out, two * post + i, result_2)


@inline_jit
def _learned(w, a, b, c, d, x, mu_y, mu):
    """w + µ y (a x + b) + µ (c x + d)"""
    with_y = multiply(mu_y, add(multiply(a, x), b))
    return add(w, add(with_y, multiply(mu, add(multiply(c, x), d))))


@implements(record, Genes)
def _record(genes, memory, slot, mu, x, y):
    memory.mu[slot] = mu
    pre, post = x.shape[1], y.shape[1]
    copy(x, slot * pre, memory.x, slot * pre, pre)
    copy(y, slot * post, memory.y, slot * post, post)


@implements(forget, Genes)
def _forget(genes, memory, slot):
    # x and y too: what a diverged lifetime left there would come back as 0 · NaN.
    memory.W[slot] = 0
    memory.mu[slot] = 0
    memory.x[slot] = 0
    memory.y[slot] = 0
