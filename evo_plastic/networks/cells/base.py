"""What a cell is: neurons, the connections between them, and how one step runs through them.

A cell is a module of this package. It states its equations, its two connections and its
biases; one step over connections of any rule stands twice: ``forward`` for numpy (the oracle) and
torch (gradients), ``advance`` compiled, which finds its form by the type of the cell's genes.
"""

from collections.abc import Mapping
from typing import Any, NamedTuple, Protocol

from numpy.typing import DTypeLike

from evo_plastic.functions import tanh
from evo_plastic.jit import inline_jit
from rules.base import Shapes


class Connection(NamedTuple):
    """A weight matrix (post, pre) and what it is called."""

    name: str
    letter: str
    """Of its modulation: m_h is the one of W_h."""
    post: int
    pre: int


class Activity(Protocol):
    """One lifetime in numpy, or a batch of them in torch, as ``forward`` sees it."""

    @property
    def arrays(self) -> Mapping[str, Any]:
        """The genome by the names of its layout."""

    state: dict[str, Any]
    """Activity (…, size) of the step before, by the names of ``Cell.state_sizes``."""

    def product(self, connection: str, x: Any) -> Any:
        """W x, shape (…, post)."""

    def learn(self, connection: str, x: Any, y: Any) -> None:
        """Change W by its rule, from pre-synaptic x (…, pre) and post-synaptic y (…, post)."""


class Parts(NamedTuple):
    """What a network puts into a cell: biases by layer, the rest by connection."""

    biases: tuple[Any, ...]
    genes: tuple[Any, ...]  # as the rules arrange them
    gates: tuple[Any, ...]


class Cell(Protocol):
    """The names every cell module defines."""

    def connections(self, hidden: int, inputs: int) -> tuple[Connection, Connection]:
        """In the order of the layout."""

    def bias_shapes(self, hidden: int) -> Shapes:
        """Evolved biases."""

    def state_sizes(self, hidden: int) -> dict[str, int]:
        """Activity that one step leaves to the next."""

    def arrange(self, parts: Parts) -> Any:
        """Genes of the cell as kernels hold them."""

    def blank(self, memories: tuple[Any, ...], slots: int, hidden: int, dtype: DTypeLike) -> Any:
        """Memory of the cell around those of its connections."""

    def forward(self, life: Activity, x: Any) -> Any:
        """One step: the activity (…, hidden) that is read out, for inputs x (…, inputs)."""


def advance(genes, memory, slots, count, x, y):
    """One step of slots ``slots[:count]``, learning included.

    x : (slots, inputs⁺)    y : (slots, hidden⁺), written: the activity that is read out
    """
    raise NotImplementedError


def awaken(genes, memory, slot):
    """Blank memories: the beginning of a lifetime."""
    raise NotImplementedError


@inline_jit
def fill(bias, z, slot):
    """z ← b, one slot."""
    for i in range(z.shape[1]):
        z[slot, i] = bias[i]


@inline_jit
def copy(source, target, slot):
    """target ← source, one slot.

    Numba's own slice assignment checks for overlap each time, at many times the cost.
    """
    for i in range(target.shape[1]):
        target[slot, i] = source[slot, i]


@inline_jit
def activate(z, slot):
    """z ← tanh(z), one slot."""
    for i in range(z.shape[1]):
        z[slot, i] = tanh(z[slot, i])
