"""A network with a critic, unrolled over whole lifetimes.

The critic reads what the readout reads, V = w · y + b, and is no part of the genome. All that is
learned is one vector: the genome, then w, then b.
"""

from collections.abc import Iterator
from typing import NamedTuple

import torch
from torch import Tensor
from torch.func import functional_call
from torch.utils.checkpoint import checkpoint

from evo_plastic.gradients.experience import Experience
from evo_plastic.gradients.memories import written_out
from evo_plastic.gradients.network import Carry, Lived, PlasticNetwork
from evo_plastic.gradients.policy import log_policy
from evo_plastic.networks.spec import NetworkSpec

PIECE = 25
"""Steps after which lifetimes that have ended are left out. Where gradients would need every
synapse of every step, all between two of these marks is computed again on the way back."""


class Piece(NamedTuple):
    """Some steps of the lifetimes that are under way at the first of them."""

    where: tuple[slice, slice]  # steps, lives
    ends: bool  # whether gradients do not flow back from what follows
    log_policy: Tensor  # (steps, lives, ACTIONS)
    value: Tensor  # V, (steps, lives)


class ActorCritic:
    """Network and critic; what they learned is given to each call."""

    def __init__(self, spec: NetworkSpec, device: torch.device) -> None:
        self.spec, self.device = spec, device
        self.size = spec.n_gene + spec.hidden + 1
        """How many numbers are learned."""
        self._network = PlasticNetwork(spec).to(device)
        self._saves = any(map(written_out, spec.rules))

    def unroll(
        self, learned: Tensor, experience: Experience, window: int | None
    ) -> Iterator[Piece]:
        """Live all lifetimes again, doing what was done.

        learned : (size,)
        window: steps that gradients flow back through, None: all; once a window ends, the loss
        of its pieces can be differentiated, and its memory is free
        """
        spec = self.spec
        genome, w, b = learned.split((spec.n_gene, spec.hidden, 1))
        arrays = {
            array.name: genome[place].reshape(array.shape)
            for array, place in zip(spec.layout.arrays, spec.layout.offsets.values(), strict=True)
        }
        inputs = torch.as_tensor(experience.inputs, device=self.device)
        carry, under_way = None, experience.under_way.sum(1)
        for steps, ends in _cut(len(inputs), window):
            lives = slice(int(under_way[steps.start]))
            if carry is not None:
                carry = carry.select(lives)
            outputs, y, carry = self._live(arrays, inputs[steps, lives], carry)
            if ends:
                carry = carry.detach()
            yield Piece((steps, lives), ends, log_policy(outputs), y @ w + b)

    def _live(self, arrays: dict[str, Tensor], x: Tensor, carry: Carry | None) -> Lived:
        def live(x: Tensor, carry: Carry | None) -> Lived:
            lived: Lived = functional_call(self._network, arrays, (x, carry))
            return lived

        if self._saves and torch.is_grad_enabled():
            again: Lived = checkpoint(live, x, carry, use_reentrant=False)
            return again
        return live(x, carry)


def _cut(total: int, window: int | None) -> Iterator[tuple[slice, bool]]:
    """Steps of each piece, and whether a window ends with it."""
    for start in range(0, total, window or total):
        end = min(start + (window or total), total)
        for first in range(start, end, PIECE):
            last = min(first + PIECE, end)
            yield slice(first, last), last == end
