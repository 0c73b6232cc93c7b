"""The networks of ``parts`` in JAX: one step of one lifetime, made to be vmapped."""

from typing import Any, NamedTuple

import jax
import jax.numpy as jnp
import numpy as np

from benchmarks.peers.jax_rules import RULES
from benchmarks.peers.parts import NETWORKS, Arrays, genes_of, joint_genes

Array = jax.Array
Pair = tuple[Array, Array]


class Genes(NamedTuple):
    by_name: dict[str, Array]
    joint: dict[str, Array]  # static weights, see ``parts.joint_genes``
    connections: tuple[dict[str, Array], ...]


class Memory(NamedTuple):
    """What changes during a lifetime."""

    h: Array
    c: Array
    connections: tuple[Any, ...]


class Network:
    """The functions of one network with one modulation."""

    def __init__(self, network: str, modulation: str) -> None:
        self.cell, pair = NETWORKS[network]
        self.modulation = modulation
        self.pair = () if self.cell in ("static-rnn", "lstm") else pair
        self.rules = [RULES[connection.rule] for connection in self.pair]

    def place(self, arrays: Arrays) -> Genes:
        """A genome as the other functions take it; arrays by name as its layout has them."""
        shared = ("bias", "readout/", "modulation/")
        by_name = {n: np.float32(a) for n, a in arrays.items() if n.startswith(shared)}
        joint = {} if self.pair else joint_genes(self.cell, arrays)
        connections = tuple(genes_of(c, arrays, self.modulation) for c in self.pair)
        for genes in connections:
            if "C" in genes:
                genes["CD"] = np.concatenate([genes.pop("C"), genes.pop("D")])
        placed: Genes = jax.device_put(Genes(by_name, joint, connections))
        return placed

    def begin(self, genes: Genes) -> Memory:
        blank = jnp.zeros(genes.by_name["readout/W"].shape[1])
        every = zip(self.rules, genes.connections, strict=True)
        return Memory(blank, blank, tuple(rule.begin(g) for rule, g in every))

    def step(self, genes: Genes, memory: Memory, x: Array) -> tuple[Memory, Array]:
        """Memory after a step with inputs (inputs,), and the outputs (outputs,)."""
        cells = {
            "rnn": self._rnn,
            "static-rnn": self._static_rnn,
            "lstm": self._lstm,
            "feedforward": self._feedforward,
        }
        memory, y = cells[self.cell](genes, memory, x)
        return memory, genes.by_name["readout/W"] @ y + genes.by_name["readout/b"]

    def _rnn(self, genes: Genes, memory: Memory, x: Array) -> tuple[Memory, Array]:
        h = memory.h
        z = self._recall(0, genes, memory, h) + self._recall(1, genes, memory, x)
        y = jnp.tanh(z + genes.by_name["bias"])
        return self._learn(genes, memory._replace(h=y), (h, x), (y, y)), y

    def _feedforward(self, genes: Genes, memory: Memory, x: Array) -> tuple[Memory, Array]:
        y_1 = jnp.tanh(self._recall(0, genes, memory, x) + genes.by_name["bias_1"])
        y_2 = jnp.tanh(self._recall(1, genes, memory, y_1) + genes.by_name["bias_2"])
        return self._learn(genes, memory, (x, y_1), (y_1, y_2)), y_2

    def _static_rnn(self, genes: Genes, memory: Memory, x: Array) -> tuple[Memory, Array]:
        y = jnp.tanh(_joint_product(genes, memory, x))
        return memory._replace(h=y), y

    def _lstm(self, genes: Genes, memory: Memory, x: Array) -> tuple[Memory, Array]:
        g, i, f, o = jnp.split(jax.nn.sigmoid(_joint_product(genes, memory, x)), 4)
        c = f * memory.c + i * (2 * g - 1)
        h = o * jnp.tanh(c)
        return memory._replace(h=h, c=c), h

    def _recall(self, which: int, genes: Genes, memory: Memory, z: Array) -> Array:
        rule = self.rules[which]
        return rule.recall(genes.connections[which], memory.connections[which], z)

    def _learn(self, genes: Genes, memory: Memory, pre: Pair, post: Pair) -> Memory:
        """After what the connections were given (pre) and what they led to (post)."""
        modulations = self._modulate(genes, pre if self.modulation == "pre" else post)
        states = zip(genes.connections, memory.connections, modulations, pre, post, strict=True)
        learned = (rule.learn(*state) for rule, state in zip(self.rules, states, strict=True))
        return memory._replace(connections=tuple(learned))

    def _modulate(self, genes: Genes, seen: Pair) -> list[Array] | list[float]:
        if self.modulation == "none":
            return [1.0, 1.0]
        signals = []
        for connection, v in zip(self.pair, seen, strict=True):
            w = genes.by_name[f"modulation/w_{connection.letter}"]
            b = genes.by_name[f"modulation/b_{connection.letter}"]
            signals.append(jax.nn.sigmoid(w @ v + b[0]))
        return signals


def _joint_product(genes: Genes, memory: Memory, x: Array) -> Array:
    return jnp.concatenate([memory.h, x]) @ genes.joint["W"] + genes.joint["bias"]
