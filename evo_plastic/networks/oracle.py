"""The network, one time step after the other, in plain float64 numpy.

Slow and direct: the equations of cell, rule and modulation with every weight matrix written
out. Kernels are held to it.
"""

from typing import Any

import numpy as np
from numpy.typing import NDArray

from evo_plastic.networks.modulation import signal
from evo_plastic.networks.spec import NetworkSpec

Floats = NDArray[np.float64]


class OracleNetwork:
    """One lifetime of one genome, shape (layout.size,)."""

    def __init__(self, spec: NetworkSpec, genome: NDArray[Any]) -> None:
        self.spec = spec
        self.arrays = spec.layout.view(np.asarray(genome, np.float64))
        self.state = {
            name: np.zeros(size) for name, size in spec.cell.state_sizes(spec.hidden).items()
        }
        self.signals: dict[str, float] = {}
        """m of each plastic connection in the last step, by its name."""
        # Looked up once: by name at every step, the look-up would be part of what is timed.
        self._cell, self._rules = spec.cell, spec.rules
        self._places = {c.name: place for place, c in enumerate(spec.connections)}
        self._genes = spec.genes(self.arrays)
        self._synapses = [
            rule.initial(genes, c.post, c.pre)
            for c, rule, genes in zip(spec.connections, self._rules, self._genes, strict=True)
        ]

    def step(self, x: Floats) -> Floats:
        """Outputs (outputs,) for the task's inputs; the weights learn afterwards."""
        y = self._cell.forward(self, x[: self.spec.inputs])
        outputs: Floats = self.arrays["readout/W"] @ y + self.arrays["readout/b"]
        return outputs

    def weights(self, connection: str) -> Floats:
        """W of a connection, shape (post, pre)."""
        W: Floats = self._synapses[self._places[connection]][0]
        return W

    def product(self, connection: str, x: Floats) -> Floats:
        """W x, shape (post,)."""
        product: Floats = self.weights(connection) @ x
        return product

    def learn(self, connection: str, x: Floats, y: Floats) -> None:
        """Change W by its rule, from pre-synaptic x (pre,) and post-synaptic y (post,)."""
        spec, place = self.spec, self._places[connection]
        rule, constants = self._rules[place], spec.constants[place]
        if not rule.PLASTIC:
            return
        letter = spec.connections[place].letter
        m = self.signals[connection] = signal(spec.modulation, letter, self.arrays, x, y)
        mu = constants.scale * m
        self._synapses[place] = rule.learn(
            self._synapses[place], mu, x[None, :], y[:, None], self._genes[place], constants
        )
