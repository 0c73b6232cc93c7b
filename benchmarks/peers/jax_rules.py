"""Connections in JAX: how the weights of one lifetime multiply and learn.

Genes are those of ``parts.genes_of``; memories are arrays or tuples of them. Matrices are
transposed, (pre, post).
"""

from typing import Any, NamedTuple, Protocol

import jax
import jax.numpy as jnp

from benchmarks.peers.parts import WEIGHT_LIMIT

Array = jax.Array
Genes = dict[str, Array]


class Rule(Protocol):
    @staticmethod
    def begin(genes: Genes) -> Any:
        """Memory at the beginning of a lifetime."""

    @staticmethod
    def recall(genes: Genes, memory: Any, z: Array) -> Array:
        """W z."""

    @staticmethod
    def learn(genes: Genes, memory: Any, m: Array | float, x: Array, y: Array) -> Any:
        """Memory after a step with modulation m."""


class Static:
    @staticmethod
    def begin(genes: Genes) -> tuple[()]:
        return ()

    @staticmethod
    def recall(genes: Genes, memory: tuple[()], z: Array) -> Array:
        return z @ genes["W"]

    @staticmethod
    def learn(genes: Genes, memory: tuple[()], m: Array | float, x: Array, y: Array) -> tuple[()]:
        return memory


class Sums(NamedTuple):
    """S, u = Σ m y, v = Σ m x and t = Σ m of a rule with coefficients A, B, C and D."""

    S: Array
    u: Array
    v: Array
    t: Array

    @staticmethod
    def zero(pre: int, post: int) -> "Sums":
        return Sums(jnp.zeros((pre, post)), jnp.zeros(post), jnp.zeros(pre), jnp.zeros(()))


class Decomposed:
    """S = Σ (m a_y∘y)(a_x∘x)ᵀ: W z = S z + (b_x·z) u + (v·z) c_y + t (d_x·z) d_y

    u has b_y and v has c_x in it, as in ``rules.decomposed``.
    """

    @staticmethod
    def begin(genes: Genes) -> Sums:
        return Sums.zero(genes["a_x"].size, genes["a_y"].size)

    @staticmethod
    def recall(genes: Genes, memory: Sums, z: Array) -> Array:
        S, u, v, t = memory
        low_rank = (v @ z) * genes["c_y"] + t * (genes["d_x"] @ z) * genes["d_y"]
        return z @ S + (genes["b_x"] @ z) * u + low_rank

    @staticmethod
    def learn(genes: Genes, memory: Sums, m: Array | float, x: Array, y: Array) -> Sums:
        S, u, v, t = memory
        m_x, m_y = m * x, m * y
        change = jnp.outer(genes["a_x"] * x, genes["a_y"] * m_y)
        return Sums(S + change, u + genes["b_y"] * m_y, v + genes["c_x"] * m_x, t + m)


class Abcd:
    """S = A ∘ Σ m y xᵀ: W z = S z + u∘(B z) + C (v∘z) + t D z

    B, C and D meet all lifetimes in one product each: faster than one loop over
    W += m y (A x + B) + m (C x + D).
    """

    @staticmethod
    def begin(genes: Genes) -> Sums:
        return Sums.zero(*genes["A"].shape)

    @staticmethod
    def recall(genes: Genes, memory: Sums, z: Array) -> Array:
        S, u, v, t = memory
        of_c_and_d = jnp.concatenate([v * z, t * z]) @ genes["CD"]
        return z @ S + (z @ genes["B"]) * u + of_c_and_d

    @staticmethod
    def learn(genes: Genes, memory: Sums, m: Array | float, x: Array, y: Array) -> Sums:
        S, u, v, t = memory
        m_x, m_y = m * x, m * y
        return Sums(S + genes["A"] * jnp.outer(x, m_y), u + m_y, v + m_x, t + m)


class Traced(NamedTuple):
    W: Array
    E: Array


class Eligibility:
    """E = rate y xᵀ + (1 − rate) E, W = clip(W + s m E)"""

    @staticmethod
    def begin(genes: Genes) -> Traced:
        return Traced(genes["W"], jnp.zeros_like(genes["W"]))

    @staticmethod
    def recall(genes: Genes, memory: Traced, z: Array) -> Array:
        return z @ memory.W

    @staticmethod
    def learn(genes: Genes, memory: Traced, m: Array | float, x: Array, y: Array) -> Traced:
        rate = genes["rate"]
        E = jnp.outer(x, rate * y) + (1 - rate) * memory.E
        W = memory.W + (genes["scale"] * m) * E
        return Traced(jnp.clip(W, -WEIGHT_LIMIT, WEIGHT_LIMIT), E)


RULES: dict[str, type[Rule]] = {
    "static": Static,
    "abcd": Abcd,
    "decomposed": Decomposed,
    "eligibility": Eligibility,
}
