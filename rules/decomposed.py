"""The decomposed rule: every neuron, not every synapse, has coefficients.

    W ← W + µ · (A ∘ y xᵀ + B ∘ y 1ᵀ + C ∘ 1 xᵀ + D)        µ = s · m
    A = a_y a_xᵀ    B = b_y b_xᵀ    C = c_y c_xᵀ    D = d_y d_xᵀ

    W : (post, pre)      a_x … d_x, x : (pre,)      a_y … d_y, y : (post,)      m : scalar

Wang et al. (2022), Eq. 6; W starts at zero. B multiplies the post- and C the pre-synaptic
activity, as in their code. The scale s is not in the paper: their code had 1.0 in May 2022,
and 0.2 under modulation from July 2022 on, the form the published genomes were trained with.

Fast form. With S = Σ (µ a_y∘y)(a_x∘x)ᵀ, u = Σ µ b_y∘y, v = Σ µ c_x∘x and t = Σ µ, exactly

    W z = S z + (b_x·z) u + (v·z) c_y + t (d_x·z) d_y

so one matrix takes one rank-one update and one product in one pass, and the terms B, C and D
cost two vectors and a number.
"""

from typing import Any, NamedTuple

import numpy as np
from numpy.typing import DTypeLike

from evo_plastic.jit import inline_jit
from evo_plastic.vectors import LANES, add, broadcast, dot, load, multiply, padded, store, zeros
from rules.base import (
    Constants,
    Shapes,
    Synapses,
    forget,
    implements,
    recall,
    record,
    slots_in_cache,
    vector,
)

PLASTIC = True


class Genes(NamedTuple):
    a_x: Any
    a_y: Any
    b_x: Any
    b_y: Any
    c_x: Any
    c_y: Any
    d_x: Any
    d_y: Any


class Memory(NamedTuple):
    S: Any
    u: Any
    v: Any
    t: Any
    p: Any
    q: Any


def slots(post: int, pre: int) -> int:
    return slots_in_cache(post * pre)


def constants(preset: str, modulated: bool) -> Constants:
    return Constants(scale=0.2 if preset == "released" and modulated else 1.0)


def gene_shapes(post: int, pre: int, constants: Constants) -> Shapes:
    return {name: (1, pre) if name.endswith("x") else (post, 1) for name in Genes._fields}


def arrange(genes: Genes, constants: Constants) -> Genes:
    return Genes(*(vector(values) for values in genes))


def blank(slots: int, post: int, pre: int, dtype: DTypeLike) -> Memory:
    """p and q are the factors of the rank-one update that S still lacks."""
    return Memory(
        S=zeros((slots, pre, padded(post)), dtype),
        u=zeros((slots, padded(post)), dtype),
        v=zeros((slots, padded(pre)), dtype),
        t=zeros(slots, dtype),
        p=zeros((slots, padded(pre)), dtype),
        q=zeros((slots, padded(post)), dtype),
    )


def initial(genes: Genes, post: int, pre: int) -> Synapses:
    return (np.zeros((post, pre)),)


def learn(
    synapses: Synapses, mu: Any, x: Any, y: Any, genes: Genes, constants: Constants
) -> Synapses:
    (W,) = synapses
    a_x, a_y, b_x, b_y, c_x, c_y, d_x, d_y = genes
    change = a_y * a_x * y * x + b_y * b_x * y + c_y * c_x * x + d_y * d_x
    return (W + mu * change,)


def recall_plain(genes, memory, slots, count, z, out):
    S, u, v, t, p, q = memory
    pre, post = z.shape[1], out.shape[1]
    for k in range(count):
        s = slots[k]
        b = dot(genes.b_x, 0, z, s * pre, pre)
        c = dot(v, s * pre, z, s * pre, pre)
        d = t[s] * dot(genes.d_x, 0, z, s * pre, pre)
        for i in range(post):
            out[s, i] += b * u[s, i] + c * genes.c_y[i] + d * genes.d_y[i]
        for j in range(S.shape[1]):
            for i in range(post):
                S[s, j, i] += p[s, j] * q[s, i]
                out[s, i] += S[s, j, i] * z[s, j]


@implements(recall, Genes, plain=recall_plain)
def recall_in_lanes(genes, memory, slots, count, z, out):
    for k in range(count):
        slot = slots[k]
        _low_rank_terms(genes, memory, slot, z, out)
        post, i = out.shape[1], 0
        while i + 4 * LANES <= post:
            _four_vectors(memory, slot, z, out, i)
            i += 4 * LANES
        while i < post:
            _one_vector(memory, slot, z, out, i)
            i += LANES


@inline_jit
def _low_rank_terms(genes, memory, slot, z, out):
    """Add (b_x·z) u + (v·z) c_y + t (d_x·z) d_y."""
    pre, post = z.shape[1], out.shape[1]
    b = broadcast(dot(genes.b_x, 0, z, slot * pre, pre))
    c = broadcast(dot(memory.v, slot * pre, z, slot * pre, pre))
    d = broadcast(memory.t[slot] * dot(genes.d_x, 0, z, slot * pre, pre))
    for i in range(0, post, LANES):
        bc = add(multiply(b, load(memory.u, slot * post + i)), multiply(c, load(genes.c_y, i)))
        result = add(bc, multiply(d, load(genes.d_y, i)))
        store(out, slot * post + i, add(load(out, slot * post + i), result))


@inline_jit
def _four_vectors(memory, slot, z, out, i):
    """S ← S + p qᵀ and out ← out + S z, lanes i … i + 63, in one pass over S."""
    S, p, q = memory.S, memory.p, memory.q
    pre, post = S.shape[1], S.shape[2]
    row = slot * post + i
    q0, q1 = load(q, row), load(q, row + LANES)
    q2, q3 = load(q, row + 2 * LANES), load(q, row + 3 * LANES)
    r0, r1 = load(out, row), load(out, row + LANES)
    r2, r3 = load(out, row + 2 * LANES), load(out, row + 3 * LANES)
    for j in range(pre):
        cell = (slot * pre + j) * post + i
        p_j, z_j = broadcast(p[slot, j]), broadcast(z[slot, j])
        s0 = add(load(S, cell), multiply(p_j, q0))
        s1 = add(load(S, cell + LANES), multiply(p_j, q1))
        s2 = add(load(S, cell + 2 * LANES), multiply(p_j, q2))
        s3 = add(load(S, cell + 3 * LANES), multiply(p_j, q3))
        store(S, cell, s0)
        store(S, cell + LANES, s1)
        store(S, cell + 2 * LANES, s2)
        store(S, cell + 3 * LANES, s3)
        r0, r1 = add(r0, multiply(s0, z_j)), add(r1, multiply(s1, z_j))
        r2, r3 = add(r2, multiply(s2, z_j)), add(r3, multiply(s3, z_j))
    store(out, row, r0)
    store(out, row + LANES, r1)
    store(out, row + 2 * LANES, r2)
    store(out, row + 3 * LANES, r3)


@inline_jit
def _one_vector(memory, slot, z, out, i):
    """The same for the vectors that are left when post⁺ is no multiple of 64."""
    S, p, q = memory.S, memory.p, memory.q
    pre, post = S.shape[1], S.shape[2]
    row = slot * post + i
    q0, result = load(q, row), load(out, row)
    for j in range(pre):
        cell = (slot * pre + j) * post + i
        s = add(load(S, cell), multiply(broadcast(p[slot, j]), q0))
        store(S, cell, s)
        result = add(result, multiply(s, broadcast(z[slot, j])))
    store(out, row, result)


@implements(record, Genes)
def _record(genes, memory, slot, mu, x, y):
    for j in range(x.shape[1]):
        memory.p[slot, j] = genes.a_x[j] * x[slot, j]
        memory.v[slot, j] += mu * genes.c_x[j] * x[slot, j]
    for i in range(y.shape[1]):
        mu_y = mu * y[slot, i]
        memory.q[slot, i] = genes.a_y[i] * mu_y
        memory.u[slot, i] += genes.b_y[i] * mu_y
    memory.t[slot] += mu


@implements(forget, Genes)
def _forget(genes, memory, slot):
    memory.S[slot] = 0
    memory.u[slot] = 0
    memory.v[slot] = 0
    memory.t[slot] = 0
    memory.p[slot] = 0
    memory.q[slot] = 0
