"""What a plasticity rule is, and how compiled code finds the right one.

A rule is a module of this package. It states

* the equation, once, for one synapse: numpy broadcasts it over a matrix (the oracle), torch
  over those of a batch of lifetimes (gradients);
* ``Genes`` and ``Memory``, named tuples of arrays, with the shapes of both;
* the same rule as compiled code, for whole matrices: ``recall``, ``record``, ``forget``.

Compiled code holds several lifetimes side by side, each in a *slot*, and never stores an
update at once: ``record`` keeps what changes (rate, pre- and post-synaptic activity) and the
next ``recall`` applies it in the same pass over the matrix that multiplies with it.

Shapes in kernels: ``pre`` and ``post`` neurons; vectors are padded with zeros to ``pre⁺`` and
``post⁺``, multiples of sixteen; matrices are column-major, ``(pre, post⁺)``.
"""

import math
from collections.abc import Callable
from typing import Any, NamedTuple, Protocol, TypeVar

import numpy as np
from numba.extending import overload
from numpy.typing import DTypeLike, NDArray

from evo_plastic.jit import PLAIN, inline_jit
from evo_plastic.vectors import LANES, padded

Shapes = dict[str, tuple[int, ...]]
Synapses = tuple[Any, ...]
"""All that changes at a connection, (post, pre) each: the weights first, then traces."""
CACHED_FLOATS = 1 << 17
"""Half a megabyte of float32, half of what the second cache of today's cores holds."""
Function = TypeVar("Function", bound=Callable[..., Any])


class Constants(NamedTuple):
    """Numbers of a rule that do not evolve."""

    scale: float
    """Update scale s: the rate of an update is µ = s · m, m the modulation (1 without)."""
    bound: float = math.inf
    """Weights stay within ± bound."""
    squashed: bool = False
    """Whether a gene that is a rate is squashed into (0, 1), or taken as it is."""
    clusters: int | None = None
    """How many rules the synapses of one matrix share."""


class Rule(Protocol):
    """The names every rule module defines."""

    PLASTIC: bool
    """Whether weights change during a lifetime."""
    Genes: Any
    """Named tuple: the evolved arrays, then ``map`` where the rule has one (``tied``)."""

    def slots(self, post: int, pre: int) -> int:
        """How many lifetimes side by side are fastest, at most ``LANES``."""

    def constants(self, preset: str, modulated: bool) -> Constants:
        """Those of the papers' code: ``wang2022``, May 2022, or ``released``, later."""

    def gene_shapes(self, post: int, pre: int, constants: Constants) -> Shapes:
        """Shapes of the evolved arrays."""

    def arrange(self, genes: Any, constants: Constants) -> Any:
        """The same genes as kernels hold them; arrays may be of any dtype."""

    def blank(self, slots: int, post: int, pre: int, dtype: DTypeLike) -> Any:
        """Memory of ``slots`` lifetimes before the first is begun with ``forget``."""

    def initial(self, genes: Any, post: int, pre: int) -> Synapses:
        """The synapses at the beginning of a lifetime."""

    def learn(
        self, synapses: Synapses, mu: Any, x: Any, y: Any, genes: Any, constants: Constants
    ) -> Synapses:
        """The synapses (…, post, pre) after one update.

        mu : µ, a number or (…, 1, 1)    x : (…, 1, pre) pre-synaptic    y : (…, post, 1)
        """


def slots_in_cache(floats: int) -> int:
    """How many lifetimes of ``floats`` memories each stay in the second cache of a core."""
    return max(1, min(LANES, CACHED_FLOATS // floats))


def recall(genes, memory, slots, count, z, out):
    """Bring the weights of slots ``slots[:count]`` up to date and add W z to ``out``.

    z : (slots, pre⁺)    out : (slots, post⁺)
    """
    raise NotImplementedError


def record(genes, memory, slot, mu, x, y):
    """Keep one step of activity; x (slots, pre⁺), y (slots, post⁺), µ the rate."""
    raise NotImplementedError


def forget(genes, memory, slot):
    """Back to the beginning of a lifetime."""
    raise NotImplementedError


def implements(
    generic: Callable[..., Any], genes_type: type, plain: Callable[..., Any] | None = None
) -> Callable[[Function], Function]:
    """Register a function as the compiled form of ``generic`` for one type of first argument.

    plain: the same without vector instructions, where the function has them; see ``jit.PLAIN``
    """

    def register(function: Function) -> Function:
        form = plain if PLAIN and plain else function

        def choose(genes: Any, *_: Any) -> Any:
            return form if getattr(genes, "instance_class", None) is genes_type else None

        overload(generic, strict=False, jit_options={"forceinline": True})(choose)
        return function

    return register


@inline_jit
def keep(memory, slot, mu, x, y):
    """``record`` of the rules whose update needs nothing else, in their next ``recall``."""
    memory.mu[slot] = mu
    for j in range(x.shape[1]):
        memory.x[slot, j] = x[slot, j]
    for i in range(y.shape[1]):
        memory.y[slot, i] = y[slot, i]


@inline_jit
def drop(memory, slot):
    """Nothing is kept any more: a µ of zero.

    x and y go too: what a diverged lifetime left there would come back as 0 · NaN.
    """
    memory.mu[slot] = 0
    memory.x[slot] = 0
    memory.y[slot] = 0


def vector(values: NDArray[Any]) -> NDArray[Any]:
    """A gene vector as kernels hold it: flat, padded with zeros."""
    flat = values.reshape(-1)
    return np.concatenate([flat, np.zeros(padded(flat.size) - flat.size, flat.dtype)])


def matrix(values: NDArray[Any]) -> NDArray[Any]:
    """A gene matrix (post, pre) as kernels hold it: column-major, (pre, post⁺)."""
    post, pre = values.shape
    columns = np.zeros((pre, padded(post)), values.dtype)
    columns[:, :post] = values.T
    return columns
