"""A network as a torch module: one declaration, the second engine.

Parameters have the names and shapes of the genome's layout. Cell, rule and modulation are the
equations that the numpy oracle follows, over a batch of lifetimes.
"""

from collections.abc import Mapping
from typing import Any, NamedTuple

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from evo_plastic.errors import InputError
from evo_plastic.gradients import memories
from evo_plastic.gradients.memories import Memory
from evo_plastic.networks.modulation import signal
from evo_plastic.networks.spec import NetworkSpec


class Carry(NamedTuple):
    """All that a batch of lifetimes takes from one step to the next; tensors, batch first."""

    state: dict[str, Tensor]  # activity by its name in the cell, (lives, size)
    memory: tuple[list[Tensor], ...]  # of each connection

    def detach(self) -> "Carry":
        """The same numbers; gradients end here."""
        return self._each(Tensor.detach)

    def select(self, lives: slice) -> "Carry":
        """Of some lifetimes only."""
        return self._each(lambda tensor: tensor[lives])

    def _each(self, change: Any) -> "Carry":
        state = {name: change(value) for name, value in self.state.items()}
        return Carry(state, tuple([change(value) for value in held] for held in self.memory))


class Lived(NamedTuple):
    outputs: Tensor  # (steps, lives, outputs)
    y: Tensor  # activity that was read out, (steps, lives, hidden)
    carry: Carry


class PlasticNetwork(nn.Module):
    """Network of ``spec``; all genes are zero until a genome is loaded."""

    def __init__(self, spec: NetworkSpec, dtype: torch.dtype = torch.float32) -> None:
        super().__init__()
        self.spec = spec
        for array in spec.layout.arrays:
            self.register_parameter(
                array.name, nn.Parameter(torch.zeros(array.shape, dtype=dtype))
            )

    def load_genome(self, genome: NDArray[Any]) -> None:
        """Take over a genome, (n_gene,). ``InputError`` if it is of another length."""
        if genome.shape != (self.spec.n_gene,):
            raise InputError(
                f"genome: shape {genome.shape}, expected ({self.spec.n_gene},) of "
                f"{self.spec.title}"
            )
        arrays = self.spec.layout.view(np.asarray(genome))
        with torch.no_grad():
            for name, parameter in self.named_parameters():
                parameter.copy_(torch.as_tensor(np.ascontiguousarray(arrays[name])))

    def to_genome(self) -> NDArray[np.float64]:
        """The genome, (n_gene,), exactly the numbers that the parameters are."""
        flat = [parameter.detach().cpu().double().reshape(-1) for parameter in self.parameters()]
        genome: NDArray[np.float64] = torch.cat(flat).numpy()
        return genome

    def begin(self, lives: int) -> Carry:
        """Blank memories of ``lives`` lifetimes."""
        spec = self.spec
        like = next(self.parameters())
        sizes = spec.cell.state_sizes(spec.hidden)
        state = {name: like.new_zeros((lives, size)) for name, size in sizes.items()}
        parts = zip(spec.rules, self._genes(), spec.connections, strict=True)
        return Carry(state, tuple(memories.blank(*part, lives) for part in parts))

    def forward(self, x: Tensor, carry: Carry | None = None) -> Lived:
        """Steps one after the other, from blank memories or those of ``carry``.

        x : (steps, lives, inputs), of which the network reads the first ``spec.inputs``
        """
        lives = _Lives(self, self.begin(x.shape[1]) if carry is None else carry)
        y = torch.stack([lives.step(now) for now in x[..., : self.spec.inputs]])
        y, carry = lives.close(y)
        outputs = y @ lives.arrays["readout/W"].T + lives.arrays["readout/b"]
        return Lived(outputs, y, carry)

    def arrays(self) -> dict[str, Tensor]:
        """Parameters by the names of the layout."""
        return dict(self.named_parameters())

    def _genes(self) -> tuple[Any, ...]:
        found = self.spec.genes(self.arrays())  # type: ignore[arg-type]
        return tuple(
            genes._replace(map=torch.as_tensor(genes.map.astype(np.int64)))
            if "map" in genes._fields
            else genes
            for genes in found
        )


class _Lives:
    """A batch of lifetimes under way, as cells see it."""

    def __init__(self, network: PlasticNetwork, carry: Carry) -> None:
        spec = network.spec
        self.arrays: Mapping[str, Tensor] = network.arrays()
        self.state = dict(carry.state)
        self._spec, self._cell = spec, spec.cell
        parts = zip(spec.rules, network._genes(), spec.constants, carry.memory, strict=True)
        names = [connection.name for connection in spec.connections]
        self._memories: dict[str, Memory] = {
            name: memories.go_on(*part) for name, part in zip(names, parts, strict=True)
        }
        places = zip(spec.connections, spec.constants, spec.rules, strict=True)
        self._gates = {
            c.name: (c.letter, constants.scale) for c, constants, rule in places if rule.PLASTIC
        }

    def step(self, x: Tensor) -> Tensor:
        y: Tensor = self._cell.forward(self, x)
        return y

    def product(self, connection: str, x: Tensor) -> Tensor:
        return self._memories[connection].product(x)

    def learn(self, connection: str, x: Tensor, y: Tensor) -> None:
        if connection in self._gates:
            letter, scale = self._gates[connection]
            m = signal(self._spec.modulation, letter, self.arrays, x, y)
            mu = scale * m if isinstance(m, Tensor) else x.new_full((len(x),), scale * m)
            self._memories[connection].learn(mu, x, y)

    def close(self, y: Tensor) -> tuple[Tensor, Carry]:
        kept = []
        for memory in self._memories.values():
            tensors, y = memory.close(y)
            kept.append(tensors)
        return y, Carry(self.state, tuple(kept))
