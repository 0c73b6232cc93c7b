"""The network, one time step after the other, in plain float64 numpy.

Slow and direct: the equations of ``spec`` with every weight matrix written out. Kernels are
held to it.
"""

from typing import Any

import numpy as np
from numpy.typing import NDArray

from evo_plastic.functions import sigmoid
from evo_plastic.networks.spec import CONNECTIONS, NetworkSpec

Floats = NDArray[np.float64]


class OracleNetwork:
    """One lifetime of one genome, shape (layout.size,)."""

    def __init__(self, spec: NetworkSpec, genome: NDArray[Any]) -> None:
        self.spec = spec
        self.arrays = spec.layout.view(np.asarray(genome, np.float64))
        self.genes = {name: spec.genes(name, self.arrays) for name in CONNECTIONS}
        self.h = np.zeros(spec.hidden)
        self.weights = {
            name: spec.rule.initial(self.genes[name], spec.hidden, spec.pre(name))
            for name in CONNECTIONS
        }

    def step(self, x: Floats) -> Floats:
        """Outputs (outputs,) for inputs (inputs,); the weights learn afterwards."""
        h = self.h
        z = self.weights["recurrent"] @ h + self.weights["input"] @ x + self.arrays["bias"]
        y = np.tanh(z)
        m_h, m_x = self._modulation(h, x, y)
        self._learn("recurrent", m_h, h, y)
        self._learn("input", m_x, x, y)
        self.h = y
        outputs: Floats = self.arrays["readout/W"] @ y + self.arrays["readout/b"]
        return outputs

    def _modulation(self, h: Floats, x: Floats, y: Floats) -> tuple[Any, Any]:
        if self.spec.modulation == "none":
            return 1.0, 1.0
        g = self.spec.modulation_genes(self.arrays)
        for_h, for_x = (h, x) if self.spec.modulation == "pre" else (y, y)
        return sigmoid(g.w_h @ for_h + g.b_h[0]), sigmoid(g.w_x @ for_x + g.b_x[0])

    def _learn(self, connection: str, m: Any, x: Floats, y: Floats) -> None:
        mu = self.spec.update_scale * m
        genes = self.genes[connection]
        self.weights[connection] += self.spec.rule.delta(mu, x[None, :], y[:, None], *genes)
