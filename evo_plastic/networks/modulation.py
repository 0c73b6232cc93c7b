"""Modulation: the dopamine signals m_h and m_x that gate what the connections learn.

    none     m_h = m_x = 1
    pre      m_h = σ(w_h · h + b_h)      m_x = σ(w_x · x + b_x)        "PreDN", 81 genes
    post     m_h = σ(w_h · h' + b_h)     m_x = σ(w_x · h' + b_x)       "PostDN", 130 genes

h is the hidden activity before, h' after the step; x the input (Wang 2022, section 3.2; the
81-gene form of PreDN is the one of their Table 1). Gene counts for 64 neurons, 15 inputs.
"""

from collections.abc import Callable
from typing import Any, NamedTuple

from numba.extending import overload

from evo_plastic.functions import sigmoid
from evo_plastic.vectors import dot
from rules.base import Shapes, vector


class NoModulation(NamedTuple):
    unused: Any


class PreModulation(NamedTuple):
    w_h: Any
    w_x: Any
    b_h: Any
    b_x: Any


class PostModulation(NamedTuple):
    w_h: Any
    w_x: Any
    b_h: Any
    b_x: Any


GENES: dict[str, type[NoModulation] | type[PreModulation] | type[PostModulation]] = {
    "none": NoModulation,
    "pre": PreModulation,
    "post": PostModulation,
}


def gene_shapes(kind: str, hidden: int, inputs: int) -> Shapes:
    """Shapes of the evolved arrays of one kind of modulation."""
    if kind == "none":
        return {}
    sees = inputs if kind == "pre" else hidden
    return {"w_h": (hidden,), "w_x": (sees,), "b_h": (1,), "b_x": (1,)}


def arrange(genes: Any) -> Any:
    """The same genes as kernels hold them."""
    return type(genes)(*(vector(values) for values in genes))


def modulate(genes, slot, before, x, after):
    """(m_h, m_x) of one slot; before = h and after = h' (slots, hidden⁺), x (slots, inputs⁺)."""
    raise NotImplementedError


def _none(genes, slot, before, x, after):
    one = before.dtype.type(1)
    return one, one


def _pre(genes, slot, before, x, after):
    hidden, inputs = before.shape[1], x.shape[1]
    m_h = sigmoid(dot(genes.w_h, 0, before, slot * hidden, hidden) + genes.b_h[0])
    m_x = sigmoid(dot(genes.w_x, 0, x, slot * inputs, inputs) + genes.b_x[0])
    return m_h, m_x


def _post(genes, slot, before, x, after):
    hidden = after.shape[1]
    m_h = sigmoid(dot(genes.w_h, 0, after, slot * hidden, hidden) + genes.b_h[0])
    m_x = sigmoid(dot(genes.w_x, 0, after, slot * hidden, hidden) + genes.b_x[0])
    return m_h, m_x


_FORMS: dict[type, Callable[..., Any]] = {
    NoModulation: _none,
    PreModulation: _pre,
    PostModulation: _post,
}


@overload(modulate, strict=False, jit_options={"forceinline": True})  # type: ignore[untyped-decorator]
def _choose(genes: Any, *_: Any) -> Any:
    return _FORMS.get(getattr(genes, "instance_class", None))  # type: ignore[arg-type]
