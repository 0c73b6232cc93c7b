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
from evo_plastic.vectors import padded, zeros
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
    kept = type(eta)(1) - eta
    W, E, bound, mu, x, y = memory
    for k in range(count):
        s = slots[k]
        rate, limit = mu[s], bound[s]
        for j in range(W.shape[1]):
            x_j, z_j = x[s, j], z[s, j]
            for i in range(W.shape[2]):
                e = kept * E[s, j, i] + eta * y[s, i] * x_j
                w = W[s, j, i] + rate * e
                # A comparison with NaN is false: NaN stays.
                w = limit if w > limit else w
                w = -limit if w < -limit else w
                E[s, j, i] = e
                W[s, j, i] = w
                out[s, i] += w * z_j


@implements(record, Arranged)
def record_traces(genes, memory, slot, mu, x, y):
    memory.bound[slot] = genes.bound
    keep(memory, slot, mu, x, y)


@implements(forget, Arranged)
def _forget(genes, memory, slot):
    # A slice assignment would triple the time that the whole network takes to compile.
    W = memory.W
    for j in range(W.shape[1]):
        for i in range(W.shape[2]):
            W[slot, j, i] = genes.W[j, i]
    forget_traces(memory, slot)


@inline_jit
def forget_traces(memory, slot):
    """All but W back to the beginning of a lifetime."""
    memory.E[slot] = 0
    memory.bound[slot] = np.inf
    drop(memory, slot)
