"""What the networks of Table 1 of Wang 2022 are made of, for both libraries.

A network is a cell, whose two connections follow a rule each, and a modulation (none, pre,
post). Arrays come by name, as a genome's layout has them:

    rnn           h' = tanh(W_h h + W_x x + bias)
    static-rnn    the same; neither connection learns
    lstm          g, i, f, o = W_h h + W_x x + bias          neither connection learns
                  c' = σ(f) c + σ(i) tanh(g),  h' = σ(o) tanh(c')
    feedforward   y_1 = tanh(W_1 x + bias_1),  y_2 = tanh(W_2 y_1 + bias_2)

    outputs = W_o v + b_o, v the last of these vectors
"""

from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from evo_plastic.networks.spec import NetworkSpec

Arrays = dict[str, NDArray[Any]]


class Found(NamedTuple):
    """What became of lifetimes, both (lives, rollouts), see ``workers.engine.Outcomes``."""

    steps: NDArray[np.int16]
    outcome: NDArray[np.int8]


class Connection(NamedTuple):
    """Prefix of its arrays, letter of its modulation, rule."""

    name: str
    letter: str
    rule: str


class Parts(NamedTuple):
    cell: str
    connections: tuple[Connection, Connection]


def _recurrent(cell: str, rule: str, input_rule: str) -> Parts:
    return Parts(cell, (Connection("recurrent", "h", rule), Connection("input", "x", input_rule)))


def _feedforward(rule: str) -> Parts:
    return Parts("feedforward", (Connection("first", "1", rule), Connection("second", "2", rule)))


NETWORKS = {
    "dnn": _feedforward("static"),
    "meta-dnn": _feedforward("static"),
    "dec-pdnn": _feedforward("decomposed"),
    "meta-rnn": _recurrent("static-rnn", "static", "static"),
    "meta-lstm": _recurrent("lstm", "static", "static"),
    "prnn": _recurrent("rnn", "abcd", "abcd"),
    "dec-prnn": _recurrent("rnn", "decomposed", "decomposed"),
    "prnn-et": _recurrent("rnn", "eligibility", "static"),
    "prnn-scratch-et": _recurrent("rnn", "eligibility", "static"),
    "evolving-merging": _recurrent("rnn", "abcd", "abcd"),
}

WEIGHT_LIMIT = 5.0
"""Bound of weights that learn from an eligibility trace."""


def arrays_of(spec: NetworkSpec, genome: NDArray[Any]) -> Arrays:
    """A genome, (n_gene,), by the names of its layout, with the map of each tied connection."""
    arrays = spec.layout.view(np.asarray(genome, np.float32))
    for connection, genes in zip(spec.connections, spec.genes(arrays), strict=True):
        if "map" in genes._fields:
            arrays[f"{connection.name}/map"] = genes.map
    return arrays


def genes_of(connection: Connection, arrays: Arrays, modulation: str) -> Arrays:
    """The rule's genes of one connection by name, in float32, for an update rate µ = m.

    The rule's scale is multiplied into its coefficients. Clusters and their map become the
    coefficients of every synapse, the gene of an eligibility trace its rate; where that rule
    has no genes for the weights, they begin at zero. Matrices are (pre, post).
    """
    prefix = f"{connection.name}/"
    own = {n.removeprefix(prefix): a for n, a in arrays.items() if n.startswith(prefix)}
    if connection.rule == "decomposed":
        scale = {"x": 1.0, "y": 1.0 if modulation == "none" else 0.2}
        genes = {name: scale[name[-1]] * gene.reshape(-1) for name, gene in own.items()}
    elif connection.rule == "abcd":
        if "clusters" in own:
            own |= dict(zip("ABCD", np.moveaxis(own["clusters"][own["map"]], 2, 0), strict=True))
        genes = {name: 0.05 * own[name].T for name in "ABCD"}
    elif connection.rule == "eligibility":
        z = own["eta"][0] + 10
        hidden = arrays["bias"].size
        W = own.get("W", np.zeros((hidden, hidden)))
        genes = {"W": W.T, "rate": 0.5 * z / (abs(z) + 1) + 0.5, "scale": np.array(0.001)}
    else:
        genes = {"W": own["W"].T}
    return {name: np.array(values, np.float32, order="C") for name, values in genes.items()}


def joint_genes(cell: str, arrays: Arrays) -> Arrays:
    """Static weights of [h, x], (hidden + inputs, rows), and their bias.

    The rows of g of an LSTM are doubled: tanh(g) = 2 σ(2 g) − 1, so that all rows take a σ.
    """
    W = np.concatenate([arrays["recurrent/W"], arrays["input/W"]], 1)
    factor = np.ones(len(W), np.float32)
    if cell == "lstm":
        factor[: len(W) // 4] = 2
    genes = {"W": W.T * factor, "bias": arrays["bias"] * factor}
    return {name: np.array(values, np.float32, order="C") for name, values in genes.items()}
