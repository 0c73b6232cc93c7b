"""The networks of ``parts`` in torch: many lifetimes of one genome, a step at a time."""

from collections.abc import Sequence

import numpy as np
import torch
from torch import Tensor

from benchmarks.peers.parts import NETWORKS, Arrays, genes_of, joint_genes
from benchmarks.peers.torch_rules import RULES, Genes


def _tanh(z: Tensor) -> Tensor:
    """2 σ(2 z) − 1, in place: several times as fast as torch's tanh where MKL meets no Intel."""
    return z.mul_(2).sigmoid_().mul_(2).sub_(1)


def _tensors(arrays: Arrays) -> Genes:
    return {name: torch.from_numpy(np.array(a, np.float32)) for name, a in arrays.items()}


class Gates:
    """The modulation m of both connections, each (lives, 1), or None."""

    def __init__(self, kind: str, letters: Sequence[str], shared: bool, genes: Genes) -> None:
        self.kind, self.shared = kind, shared and kind == "post"
        letters = letters if kind != "none" else ()
        self.w = [genes[f"modulation/w_{letter}"][:, None] for letter in letters]
        self.b = [genes[f"modulation/b_{letter}"] for letter in letters]
        if self.shared:
            self.w, self.b = [torch.cat(self.w, 1)], [torch.cat(self.b)]

    def __call__(
        self, pre: tuple[Tensor, Tensor], post: tuple[Tensor, Tensor]
    ) -> Sequence[Tensor | None]:
        """From what the connections were given (pre) and what they led to (post)."""
        if self.kind == "none":
            return None, None
        seen = pre if self.kind == "pre" else post
        every = zip(self.b, seen, self.w, strict=False)  # one product if both see the same
        signals = [torch.addmm(b, v, w).sigmoid_() for b, v, w in every]
        return signals[0].split(1, 1) if self.shared else signals


class Network:
    """One genome in ``lives`` lifetimes; arrays by name as its layout has them."""

    def __init__(self, network: str, modulation: str, arrays: Arrays, lives: int) -> None:
        cell, pair = NETWORKS[network]
        genes = _tensors(arrays)
        letters = [connection.letter for connection in pair]
        self.gates = Gates(modulation, letters, cell == "rnn", genes)
        self.biases = [genes[name] for name in ("bias", "bias_1", "bias_2") if name in genes]
        self.readout_W, self.readout_b = genes["readout/W"], genes["readout/b"][:, None]
        self.h = self.c = torch.zeros(lives, self.readout_W.shape[1])
        self.joint, self.connections = Genes(), []
        if cell in ("static-rnn", "lstm"):
            self.joint = _tensors(joint_genes(cell, arrays))
        else:
            genes_by_rule = ((c.rule, genes_of(c, arrays, modulation)) for c in pair)
            self.connections = [RULES[rule](_tensors(g), lives) for rule, g in genes_by_rule]
        cells = {
            "rnn": self._rnn,
            "static-rnn": self._static_rnn,
            "lstm": self._lstm,
            "feedforward": self._feedforward,
        }
        self._advance = cells[cell]

    def step(self, x: Tensor) -> Tensor:
        """Outputs (outputs, lives) for inputs (lives, inputs)."""
        return torch.addmm(self.readout_b, self.readout_W, self._advance(x).T)

    def keep(self, lives: Tensor) -> None:
        """Go on with these lifetimes only."""
        self.h, self.c = self.h[lives], self.c[lives]
        for connection in self.connections:
            for name in connection.memory:
                setattr(connection, name, getattr(connection, name)[lives])

    def _rnn(self, x: Tensor) -> Tensor:
        h, (recurrent, entrance) = self.h, self.connections
        self.h = y = _tanh(entrance.recall(x, recurrent.recall(h, self.biases[0])))
        m_h, m_x = self.gates((h, x), (y, y))
        recurrent.learn(m_h, h, y)
        entrance.learn(m_x, x, y)
        return y

    def _feedforward(self, x: Tensor) -> Tensor:
        first, second = self.connections
        y_1 = _tanh(first.recall(x, self.biases[0]))
        y_2 = _tanh(second.recall(y_1, self.biases[1]))
        m_1, m_2 = self.gates((x, y_1), (y_1, y_2))
        first.learn(m_1, x, y_1)
        second.learn(m_2, y_1, y_2)
        return y_2

    def _static_rnn(self, x: Tensor) -> Tensor:
        self.h = _tanh(self._joint_product(x))
        return self.h

    def _lstm(self, x: Tensor) -> Tensor:
        g, i, f, o = self._joint_product(x).sigmoid_().chunk(4, 1)
        self.c = torch.mul(self.c, f).addcmul_(i, g.mul_(2).sub_(1))
        self.h = o * _tanh(self.c.clone())
        return self.h

    def _joint_product(self, x: Tensor) -> Tensor:
        return torch.addmm(self.joint["bias"], torch.cat([self.h, x], 1), self.joint["W"])
