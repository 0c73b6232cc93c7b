"""The eligibility trace from scratch: as ``eligibility``, with weights that begin at zero.

    E ← η · y xᵀ + (1 − η) · E                 E(0) = 0
    W ← clip(W + µ · E, ± bound)               W(0) = 0         µ = s · m

    W, E : (post, pre)      x : (pre,)      y : (post,)      η, m : scalars, η evolved

PRNN(Scratch-ET) of Wang 2022: the rule is one gene, so all that the weights hold was learned.
"""

from typing import Any, NamedTuple

import numpy as np

from rules import eligibility
from rules.base import Constants, Shapes, Synapses, forget, implements, recall, record, vector
from rules.eligibility import PLASTIC, blank, constants, slots

__all__ = ["PLASTIC", "blank", "constants", "slots"]


class Genes(NamedTuple):
    eta: Any


class Arranged(NamedTuple):
    eta: Any
    bound: float
    squashed: bool


def gene_shapes(post: int, pre: int, constants: Constants) -> Shapes:
    return {"eta": (1,)}


def arrange(genes: Genes, constants: Constants) -> Arranged:
    return Arranged(vector(genes.eta), constants.bound, constants.squashed)


def initial(genes: Genes, post: int, pre: int) -> Synapses:
    return np.zeros((post, pre)), np.zeros((post, pre))


def learn(
    synapses: Synapses, mu: Any, x: Any, y: Any, genes: Genes, constants: Constants
) -> Synapses:
    evolved = eligibility.Genes(W=None, eta=genes.eta)
    return eligibility.learn(synapses, mu, x, y, evolved, constants)


implements(recall, Arranged)(eligibility.recall_traces)
implements(record, Arranged)(eligibility.record_traces)


@implements(forget, Arranged)
def _forget(genes, memory, slot):
    memory.W[slot] = 0
    eligibility.forget_traces(memory, slot)
