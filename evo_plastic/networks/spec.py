"""What a network is: a cell, the rule of its connections and its modulation.

    h' = tanh(W_h h + W_x x + b)        o = W_o h' + b_o

W_h (recurrent) and W_x (input) follow the rule; after the forward pass W_h learns from
(h, h'), gated by m_h, and W_x from (x, h'), gated by m_x (Wang 2022, Eqs. 3 to 6). One
declaration gives the genome layout, N_gene, N_mem, the kernel's arrays and the oracle.
"""

from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
from numpy.typing import NDArray

import rules
from evo_plastic.layout import ArraySpec, Layout
from evo_plastic.networks import modulation
from rules.base import Rule

CONNECTIONS = ("recurrent", "input")


@dataclass(frozen=True)
class NetworkSpec:
    """One network; two specs are equal when they mean the same network.

    scale: update scale s of the rule, None for the rule's default.
    """

    title: str
    rule_name: str
    modulation: str
    hidden: int
    inputs: int
    outputs: int
    scale: float | None = None

    @property
    def rule(self) -> Rule:
        return rules.get(self.rule_name)

    @property
    def update_scale(self) -> float:
        """s in µ = s · m."""
        return self.rule.SCALE if self.scale is None else self.scale

    def pre(self, connection: str) -> int:
        """Number of pre-synaptic neurons of a connection."""
        return self.hidden if connection == "recurrent" else self.inputs

    @cached_property
    def layout(self) -> Layout:
        arrays = [
            ArraySpec("readout/W", (self.outputs, self.hidden)),
            ArraySpec("readout/b", (self.outputs,)),
        ]
        shapes = modulation.gene_shapes(self.modulation, self.hidden, self.inputs)
        arrays += [ArraySpec(f"modulation/{name}", shape) for name, shape in shapes.items()]
        arrays.append(ArraySpec("bias", (self.hidden,)))
        for connection in CONNECTIONS:
            shapes = self.rule.gene_shapes(self.hidden, self.pre(connection))
            arrays += [ArraySpec(f"{connection}/{name}", shape) for name, shape in shapes.items()]
        return Layout(tuple(arrays))

    @property
    def n_gene(self) -> int:
        """Evolved numbers."""
        return self.layout.size

    @property
    def n_mem(self) -> int:
        """Numbers that change during a lifetime: plastic weights and activity."""
        plastic = self.hidden * (self.hidden + self.inputs) if self.rule.PLASTIC else 0
        return plastic + self.hidden

    def genes(self, connection: str, arrays: dict[str, NDArray[Any]]) -> Any:
        """The rule's genes of one connection, by name, out of ``layout.view(genome)``."""
        kind = self.rule.Genes
        return kind(*(arrays[f"{connection}/{name}"] for name in kind._fields))

    def modulation_genes(self, arrays: dict[str, NDArray[Any]]) -> Any:
        """The modulation's genes out of ``layout.view(genome)``."""
        kind = modulation.GENES[self.modulation]
        if kind is modulation.NoModulation:
            return kind(np.zeros(1, np.asarray(arrays["bias"]).dtype))
        return kind(*(arrays[f"modulation/{name}"] for name in kind._fields))
