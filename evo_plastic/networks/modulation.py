"""Modulation: the dopamine signal m that gates what a connection learns.

    none     m = 1
    pre      m = σ(w · x + b)        "PreDN": from the pre-synaptic activity
    post     m = σ(w · y + b)        "PostDN": from the post-synaptic activity

Every connection has a signal of its own: m_h of the recurrent one sees h or h', m_x of the
input sees x or h'. For 64 neurons and 15 inputs PreDN has 81 genes and PostDN 130 (Wang 2022,
section 3.2; the 81-gene form is the one of their Table 1).
"""

from collections.abc import Mapping
from typing import Any, NamedTuple

from evo_plastic.functions import sigmoid
from evo_plastic.jit import inline_jit
from evo_plastic.vectors import dot
from rules.base import Shapes, implements, vector


class NoGate(NamedTuple):
    scale: float


class PreGate(NamedTuple):
    w: Any
    b: Any
    scale: float


class PostGate(NamedTuple):
    w: Any
    b: Any
    scale: float


def gene_shapes(kind: str, letter: str, post: int, pre: int) -> Shapes:
    """Shapes of the evolved arrays that gate one connection."""
    if kind == "none":
        return {}
    return {f"w_{letter}": (pre if kind == "pre" else post,), f"b_{letter}": (1,)}


def arrange(kind: str, letter: str, genes: dict[str, Any], scale: float) -> Any:
    """The gate of one connection as kernels hold it; scale: s of its rule, in µ = s · m."""
    if kind == "none":
        return NoGate(scale)
    w, b = vector(genes[f"modulation/w_{letter}"]), vector(genes[f"modulation/b_{letter}"])
    return PreGate(w, b, scale) if kind == "pre" else PostGate(w, b, scale)


def signal(kind: str, letter: str, genes: Mapping[str, Any], x: Any, y: Any) -> Any:
    """The signal m, (…), for pre-synaptic x (…, pre) and post-synaptic y (…, post)."""
    if kind == "none":
        return 1.0
    seen = x if kind == "pre" else y
    return sigmoid(seen @ genes[f"modulation/w_{letter}"] + genes[f"modulation/b_{letter}"][0])


def rates(gate, slots, count, x, y, mu):
    """Write µ = s · m of slots ``slots[:count]`` to mu (LANES,), by slot.

    x : (slots, pre⁺) pre-synaptic      y : (slots, post⁺) post-synaptic
    """
    raise NotImplementedError


@implements(rates, NoGate)
def _none(gate, slots, count, x, y, mu):
    for slot in range(mu.shape[0]):
        mu[slot] = gate.scale


@implements(rates, PreGate)
def _pre(gate, slots, count, x, y, mu):
    _signals(gate, slots, count, x, mu)


@implements(rates, PostGate)
def _post(gate, slots, count, x, y, mu):
    _signals(gate, slots, count, y, mu)


@inline_jit
def _signals(gate, slots, count, seen, mu):
    size = seen.shape[1]
    for k in range(count):
        mu[slots[k]] = dot(gate.w, 0, seen, slots[k] * size, size) + gate.b[0]
    # All lanes at once, those of idle slots too: one at a time, each would wait for its end.
    for slot in range(mu.shape[0]):
        mu[slot] = gate.scale * sigmoid(mu[slot])
