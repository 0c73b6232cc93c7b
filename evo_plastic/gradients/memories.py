"""What a connection holds during a batch of lifetimes, as torch tensors.

``Written`` follows any rule by its ``learn``, every synapse written out; ``Decomposed`` is a fast
form of ``rules.decomposed``; ``Fixed`` has nothing to learn.
"""

from collections.abc import Sequence
from typing import Any, Protocol

import torch
from torch import Tensor

from evo_plastic.gradients.decomposed import Decomposed
from evo_plastic.networks.cells.base import Connection
from rules import decomposed, static
from rules.base import Constants, Rule


class Memory(Protocol):
    """A batch of one connection's memories; made from the tensors that another left."""

    def product(self, x: Tensor) -> Tensor:
        """W x, (batch, post), for x (batch, pre)."""

    def learn(self, mu: Tensor, x: Tensor, y: Tensor) -> None:
        """One update of rate µ, (batch,), pre-synaptic x and post-synaptic y."""

    def close(self, y: Tensor) -> tuple[list[Tensor], Tensor]:
        """Tensors, batch first, to go on from; and the network's activity, passed through."""


class Fixed:
    """Weights that do not change."""

    def __init__(self, W: Tensor) -> None:
        self._W = W

    def product(self, x: Tensor) -> Tensor:
        return x @ self._W.T

    def learn(self, mu: Tensor, x: Tensor, y: Tensor) -> None:
        pass

    def close(self, y: Tensor) -> tuple[list[Tensor], Tensor]:
        return [], y


class Written:
    """Every synapse written out, (batch, post, pre) each: the weights first, then traces."""

    def __init__(
        self, rule: Rule, genes: Any, constants: Constants, synapses: Sequence[Tensor]
    ) -> None:
        self._rule, self._genes, self._constants = rule, genes, constants
        self._synapses = tuple(synapses)

    def product(self, x: Tensor) -> Tensor:
        return torch.bmm(self._synapses[0], x.unsqueeze(2)).squeeze(2)

    def learn(self, mu: Tensor, x: Tensor, y: Tensor) -> None:
        rate, before, after = mu[:, None, None], x.unsqueeze(1), y.unsqueeze(2)
        self._synapses = self._rule.learn(
            self._synapses, rate, before, after, self._genes, self._constants
        )

    def close(self, y: Tensor) -> tuple[list[Tensor], Tensor]:
        return list(self._synapses), y


def blank(rule: Rule, genes: Any, connection: Connection, lives: int) -> list[Tensor]:
    """Tensors of ``lives`` memories at the beginning of lifetimes."""
    post, pre = connection.post, connection.pre
    like = next(values for values in genes if isinstance(values, Tensor))
    if rule is decomposed:
        shapes: list[tuple[int, ...]] = [(pre, post), (post,), (pre,), ()]
        return [like.new_zeros((lives, *shape)) for shape in shapes]
    if not rule.PLASTIC:
        return []
    first = rule.initial(genes, post, pre)
    return [torch.as_tensor(part).to(like).expand(lives, post, pre) for part in first]


def go_on(rule: Rule, genes: Any, constants: Constants, tensors: Sequence[Tensor]) -> Memory:
    """The memory that holds ``tensors``, of ``blank`` or ``close``."""
    if rule is decomposed:
        return Decomposed(genes, tensors)
    if rule is static:
        return Fixed(genes.W)
    return Written(rule, genes, constants, tensors)


def written_out(rule: Rule) -> bool:
    """Whether gradients need every synapse of every step."""
    return rule.PLASTIC and rule is not decomposed
