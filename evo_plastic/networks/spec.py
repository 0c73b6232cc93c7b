"""What a network is: a cell, the rules of its connections, their modulation, a linear readout.

    y = cell(x)        o = W_o y + b_o

After the forward pass every plastic connection learns by its rule. One declaration gives the
genome layout, N_gene, N_mem, the kernel's arrays and the oracle.
"""

from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
from numpy.typing import NDArray

import rules
from evo_plastic.layout import ArraySpec, Layout
from evo_plastic.networks import cells, modulation
from evo_plastic.networks.cells.base import Cell, Connection
from evo_plastic.networks.ties import UNTIED, Ties
from rules.base import Constants, Rule, Shapes


@dataclass(frozen=True)
class NetworkSpec:
    """One network; two specs are equal when they mean the same network.

    rule_names, constants: one for each of the cell's connections, in their order
    inputs: how many of the task's inputs it reads, from the first on
    ties: which synapses share a rule, for connections with a tied one
    unused: evolved arrays that nothing reads, kept because the paper counts them
    """

    title: str
    cell_name: str
    rule_names: tuple[str, str]
    constants: tuple[Constants, Constants]
    modulation: str
    hidden: int
    inputs: int
    outputs: int
    ties: Ties = UNTIED
    unused: tuple[ArraySpec, ...] = ()

    @property
    def cell(self) -> Cell:
        return cells.get(self.cell_name)

    @property
    def rules(self) -> tuple[Rule, ...]:
        return tuple(map(rules.get, self.rule_names))

    @property
    def slots(self) -> int:
        """How many lifetimes side by side are fastest."""
        pairs = zip(self.connections, self.rules, strict=True)
        return min(rule.slots(c.post, c.pre) for c, rule in pairs)

    @cached_property
    def connections(self) -> tuple[Connection, Connection]:
        return self.cell.connections(self.hidden, self.inputs)

    @property
    def plastic(self) -> tuple[Connection, ...]:
        """Connections whose weights change during a lifetime."""
        pairs = zip(self.connections, self.rules, strict=True)
        return tuple(c for c, rule in pairs if rule.PLASTIC)

    @cached_property
    def layout(self) -> Layout:
        arrays = [
            ArraySpec("readout/W", (self.outputs, self.hidden)),
            ArraySpec("readout/b", (self.outputs,)),
        ]
        gates: Shapes = {}
        for c in self.connections:
            gates |= modulation.gene_shapes(self.modulation, c.letter, c.post, c.pre)
        # All w before all b.
        for name, shape in sorted(gates.items(), key=lambda item: item[0][0], reverse=True):
            arrays.append(ArraySpec(f"modulation/{name}", shape))
        arrays += [ArraySpec(*bias) for bias in self.cell.bias_shapes(self.hidden).items()]
        for c, rule, constants in zip(self.connections, self.rules, self.constants, strict=True):
            shapes = rule.gene_shapes(c.post, c.pre, constants)
            arrays += [ArraySpec(f"{c.name}/{name}", shape) for name, shape in shapes.items()]
        return Layout((*arrays, *self.unused))

    @property
    def n_gene(self) -> int:
        """Evolved numbers."""
        return self.layout.size

    @property
    def n_mem(self) -> int:
        """Numbers that change during a lifetime: plastic weights and activity.

        As in Wang 2022, Table 1, traces beside the weights are not counted.
        """
        plastic = sum(c.post * c.pre for c in self.plastic)
        return plastic + sum(self.cell.state_sizes(self.hidden).values())

    def genes(self, arrays: dict[str, NDArray[Any]]) -> tuple[Any, ...]:
        """The genes of each connection out of ``layout.view(genome)``, with its map if tied."""
        found = []
        for c, rule in zip(self.connections, self.rules, strict=True):
            names = rule.Genes._fields
            genes = {n: arrays[f"{c.name}/{n}"] for n in names if n != "map"}
            if "map" in names:
                clusters = len(genes["clusters"])
                genes["map"] = self.ties.map(c.name, (c.post, c.pre), clusters)
            found.append(rule.Genes(**genes))
        return tuple(found)

    def biases(self, arrays: dict[str, NDArray[Any]]) -> tuple[NDArray[Any], ...]:
        return tuple(np.asarray(arrays[name]) for name in self.cell.bias_shapes(self.hidden))
