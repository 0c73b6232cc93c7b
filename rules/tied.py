"""The tied rule: the synapses of a matrix share K rules, which a fixed map hands out.

    W ← W + µ · (A ∘ y xᵀ + B ∘ y 1ᵀ + C ∘ 1 xᵀ + D)        µ = 0.05 · m
    (A, B, C, D)_jk = clusters[map_jk]

    W, map : (post, pre)    clusters : (K, 4), evolved    x : (pre,)    y : (post,)

Evolving & Merging (Pedersen & Risi 2021) as in Wang 2022, Table 1: clusters and map come from
k-means over the synapses of an evolved αABCD network (``evo_plastic.networks.merging``). The
paper takes K = post + pre. To a kernel the genes are those of ``abcd``, with one cluster's
numbers at many synapses: the map costs nothing during a lifetime.
"""

from typing import Any, NamedTuple

from rules import abcd
from rules.abcd import PLASTIC, blank, initial, slots
from rules.base import Constants, Shapes, Synapses

__all__ = ["PLASTIC", "blank", "initial", "slots"]


class Genes(NamedTuple):
    clusters: Any
    map: Any


def constants(preset: str, modulated: bool) -> Constants:
    return Constants(scale=0.05)


def gene_shapes(post: int, pre: int, constants: Constants) -> Shapes:
    return {"clusters": (constants.clusters or post + pre, 4)}


def spread(genes: Genes) -> abcd.Genes:
    """The coefficients of every synapse, (post, pre) each."""
    return abcd.Genes(*(genes.clusters[:, term][genes.map] for term in range(4)))


def arrange(genes: Genes, constants: Constants) -> abcd.Genes:
    return abcd.arrange(spread(genes), constants)


def learn(
    synapses: Synapses, mu: Any, x: Any, y: Any, genes: Genes, constants: Constants
) -> Synapses:
    return abcd.learn(synapses, mu, x, y, spread(genes), constants)
