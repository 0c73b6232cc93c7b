"""The eligibility trace: what was active together is remembered, and learned by modulation.

    E ← η · y xᵀ + (1 − η) · E                 E(0) = 0
    W ← clip(W + µ · E, ± bound)               W(0) evolved        µ = s · m

    W, E : (post, pre)      x : (pre,)      y : (post,)      η, m : scalars

PRNN(ET) of Wang 2022. The paper gives neither s nor a bound. ``wang2022``, their code of May
2022, has s = 1, no bound and takes the gene as η, so that E diverges for η outside [0, 2];
``released``, the later form, has s = 0.001, bound 5 and η = (1 + z / (1 + |z|)) / 2 with
z = gene + 10, which is .95 for a gene of zero and always within (0, 1).
"""

from typing import Any, NamedTuple

import numpy as np
from numba.extending import overload
from numpy.typing import DTypeLike

from evo_plastic.jit import inline_jit
from evo_plastic.vectors import (
    LANES,
    add,
    at_least,
    at_most,
    broadcast,
    copy,
    load,
    multiply,
    padded,
    store,
    zeros,
)
from rules.base import (
    Constants,
    Shapes,
    Synapses,
    forget,
    implements,
    matrix,
    recall,
    record,
    slots_in_cache,
    vector,
)

PLASTIC = True
OFFSET = 10.0


class Genes(NamedTuple):
    W: Any
    eta: Any


class Arranged(NamedTuple):
    W: Any
    eta: Any
    bound: float
    squashed: bool


class Memory(NamedTuple):
    W: Any
    E: Any
    bound: Any
    mu: Any
    x: Any
    y: Any


def slots(post: int, pre: int) -> int:
    return slots_in_cache(2 * post * pre)


def constants(preset: str, modulated: bool) -> Constants:
    if preset == "released":
        return Constants(scale=0.001, bound=5.0, squashed=True)
    return Constants(scale=1.0)


def gene_shapes(post: int, pre: int, constants: Constants) -> Shapes:
    return {"W": (post, pre), "eta": (1,)}


def arrange(genes: Genes, constants: Constants) -> Arranged:
    return Arranged(matrix(genes.W), vector(genes.eta), constants.bound, constants.squashed)


def blank(slots: int, post: int, pre: int, dtype: DTypeLike) -> Memory:
    """bound is infinite until there is an update: W(0) itself is not clipped."""
    return Memory(
        W=zeros((slots, pre, padded(post)), dtype),
        E=zeros((slots, pre, padded(post)), dtype),
        bound=zeros(slots, dtype),
        mu=zeros(slots, dtype),
        x=zeros((slots, padded(pre)), dtype),
        y=zeros((slots, padded(post)), dtype),
    )


def initial(genes: Genes, post: int, pre: int) -> Synapses:
    return genes.W, np.zeros((post, pre))


def learn(
    synapses: Synapses, mu: Any, x: Any, y: Any, genes: Genes, constants: Constants
) -> Synapses:
    W, E = synapses
    eta = _squashed(genes.eta) if constants.squashed else genes.eta
    E = eta * y * x + (1 - eta) * E
    return (W + mu * E).clip(-constants.bound, constants.bound), E


def _squashed(gene: Any) -> Any:
    z = gene + OFFSET
    return 0.5 * z / (abs(z) + 1) + 0.5


@overload(_squashed, strict=False, jit_options={"forceinline": True})  # type: ignore[untyped-decorator]
def _squashed_in_precision(gene: Any) -> Any:
    # Plain number literals would make double-precision arithmetic of it.
    def squashed(gene):
        kind = type(gene)
        z = gene + kind(OFFSET)
        return kind(0.5) * z / (abs(z) + kind(1)) + kind(0.5)

    return squashed


@implements(recall, Arranged)
def recall_traces(genes, memory, slots, count, z, out):
    eta = genes.eta[0]
    if genes.squashed:
        eta = _squashed(eta)
    for k in range(count):
        for i in range(0, out.shape[1], LANES):
            _columns(memory, slots[k], eta, z, out, i)


@inline_jit
def _columns(memory, slot, eta, z, out, i):
    """Update lanes ``i … i + 15`` of E and W, and add W z, in one pass over both."""
    W, E, x = memory.W, memory.E, memory.x
    pre, post = W.shape[1], W.shape[2]
    row = slot * post + i
    kept, mu = broadcast(type(eta)(1) - eta), broadcast(memory.mu[slot])
    bound, lower = broadcast(memory.bound[slot]), broadcast(-memory.bound[slot])
    eta_y = multiply(broadcast(eta), load(memory.y, row))
    result = load(out, row)
    for j in range(pre):
        cell = (slot * pre + j) * post + i
        e = add(multiply(kept, load(E, cell)), multiply(eta_y, broadcast(x[slot, j])))
        w = add(load(W, cell), multiply(mu, e))
        w = at_least(at_most(w, bound), lower)
        store(E, cell, e)
        store(W, cell, w)
        result = add(result, multiply(w, broadcast(z[slot, j])))
    store(out, row, result)


@implements(record, Arranged)
def record_traces(genes, memory, slot, mu, x, y):
    pre, post = x.shape[1], y.shape[1]
    memory.mu[slot] = mu
    memory.bound[slot] = genes.bound
    copy(x, slot * pre, memory.x, slot * pre, pre)
    copy(y, slot * post, memory.y, slot * post, post)


@implements(forget, Arranged)
def _forget(genes, memory, slot):
    memory.W[slot] = genes.W
    forget_traces(memory, slot)


@inline_jit
def forget_traces(memory, slot):
    """All but W back to the beginning of a lifetime."""
    # x and y too: what a diverged lifetime left there would come back as 0 · NaN.
    memory.E[slot] = 0
    memory.bound[slot] = np.inf
    memory.mu[slot] = 0
    memory.x[slot] = 0
    memory.y[slot] = 0
