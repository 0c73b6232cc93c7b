"""Modulation: the dopamine signal m that gates what a connection learns.

    none     m = 1
    pre      m = σ(w · x + b)        "PreDN": from the pre-synaptic activity
    post     m = σ(w · y + b)        "PostDN": from the post-synaptic activity

Every connection has a signal of its own: m_h of the recurrent one sees h or h', m_x of the
input sees x or h'. For 64 neurons and 15 inputs PreDN has 81 genes and PostDN 130 (Wang 2022,
section 3.2; the 81-gene form is the one of their Table 1).
"""

from typing import Any, NamedTuple

from evo_plastic.functions import sigmoid
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


def rate_oracle(kind: str, letter: str, genes: dict[str, Any], x: Any, y: Any) -> Any:
    """The signal m in numpy, for pre-synaptic x (pre,) and post-synaptic y (post,)."""
    if kind == "none":
        return 1.0
    seen = x if kind == "pre" else y
    return sigmoid(genes[f"modulation/w_{letter}"] @ seen + genes[f"modulation/b_{letter}"][0])


def rate(gate, slot, x, y):
    """µ = s · m of one slot; pre-synaptic x (slots, pre⁺), post-synaptic y (slots, post⁺)."""
    raise NotImplementedError


@implements(rate, NoGate)
def _none(gate, slot, x, y):
    return gate.scale


@implements(rate, PreGate)
def _pre(gate, slot, x, y):
    pre = x.shape[1]
    return gate.scale * sigmoid(dot(gate.w, 0, x, slot * pre, pre) + gate.b[0])


@implements(rate, PostGate)
def _post(gate, slot, x, y):
    post = y.shape[1]
    return gate.scale * sigmoid(dot(gate.w, 0, y, slot * post, post) + gate.b[0])
