"""Published genomes of Wang et al.: DecPRNN(PostDN), their names of arrays turned into ours.

One ``.npz`` holds several genomes of one layout:

    <name>_vector     (1347,) float32    the arrays one after the other
    layout_names      (21,) string       their names, in this order
    layout_shapes     (21, 2) int64      one-dimensional shapes padded with 1
    layout_offsets    (22,) int64        where each begins, and the end of the last

    theirs                           ours
    FC_1/W, FC_1/b                   readout/W, readout/b
    FC_M/W, FC_M/b rows 0, 1         modulation/w_h and w_x, b_h and b_x
    PRNN_1//b                        bias
    PRNN_1/hebbian_h//W_Ax … W_Dy    recurrent/a_x … d_y
    PRNN_1/hebbian_x//W_Ax … W_Dy    input/a_x … d_y

All of them were trained with the observation of ``tasks.maze``.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from evo_plastic import networks
from evo_plastic.arrays import load_plain, member_names
from evo_plastic.config import NetworkConfig
from evo_plastic.errors import InputError
from evo_plastic.layout import ArraySpec, Layout
from evo_plastic.records.genomes import GenomeFile
from evo_plastic.tasks.maze import INTERFACE, OBSERVATION, REWARD_INPUT

LIMIT_BYTES = 2**20
"""Of the file, and of each array that is read from it."""

_HIDDEN = 64
_VECTOR = "_vector"
_COPIED = {"readout/W": "FC_1/W", "readout/b": "FC_1/b", "bias": "PRNN_1//b"} | {
    f"{connection}/{term}_{side}": f"PRNN_1/hebbian_{letter}//W_{term.upper()}{side}"
    for connection, letter in (("recurrent", "h"), ("input", "x"))
    for term in "abcd"
    for side in "xy"
}
_ROWS = {
    "modulation/w_h": ("FC_M/W", 0),
    "modulation/w_x": ("FC_M/W", 1),
    "modulation/b_h": ("FC_M/b", 0),
    "modulation/b_x": ("FC_M/b", 1),
}


def _their_layout() -> Layout:
    """Names and shapes of the published arrays in the order of the vector: of their names."""
    sizes = {"h": _HIDDEN, "x": INTERFACE.inputs}
    shapes: dict[str, tuple[int, ...]] = {
        "FC_1/W": (INTERFACE.outputs, _HIDDEN),
        "FC_1/b": (INTERFACE.outputs,),
        "FC_M/W": (2, _HIDDEN),
        "FC_M/b": (2,),
        "PRNN_1//b": (_HIDDEN,),
    }
    for name in _COPIED.values():
        if "hebbian" in name:
            letter = name[len("PRNN_1/hebbian_")]
            shapes[name] = (sizes[letter] if name.endswith("x") else _HIDDEN,)
    return Layout(tuple(ArraySpec(name, shape) for name, shape in sorted(shapes.items())))


LAYOUT = _their_layout()
"""The published layout."""


@dataclass(frozen=True)
class Publication:
    """How a published genome was trained; the file does not say it."""

    scale: float
    rollouts: int
    source: str


PUBLISHED = {
    "demo": Publication(0.2, 8, "demo/models/maze_decprnn_postdn_demo.dat"),
    "m15000": Publication(0.2, 8, "models/model.015000.dat"),
    "hist15": Publication(1.0, 3, "demo/models/maze15_prnn64_postdn.dat of April 2022"),
}
"""By name; sources are paths in the repository WorldEditors/EvolvingPlasticANN."""


def from_published(arrays: Mapping[str, NDArray[Any]], ours: Layout) -> NDArray[np.float64]:
    """Genome of layout ``ours`` from arrays by their published names, shapes as in LAYOUT."""
    renamed = {name: arrays[theirs] for name, theirs in _COPIED.items()}
    renamed |= {name: arrays[theirs][row] for name, (theirs, row) in _ROWS.items()}
    return ours.pack({a.name: renamed[a.name].reshape(a.shape) for a in ours.arrays})


def published_names(path: Path) -> list[str]:
    """Names of the genomes in a file of the published form; none if it is another file."""
    members = member_names(path, LIMIT_BYTES)
    if "layout_names" not in members:
        return []
    return [name for name in PUBLISHED if name + _VECTOR in members]


def load_published(path: Path, which: str) -> GenomeFile:
    """One of ``PUBLISHED``; ``InputError`` if missing, damaged, or of another layout."""
    if which not in PUBLISHED:
        raise InputError(
            f"{path}: no published genome is called {which!r}, expected one of "
            f"{', '.join(PUBLISHED)}"
        )
    about = PUBLISHED[which]
    members = (which + _VECTOR, "layout_names", "layout_shapes", "layout_offsets")
    arrays = load_plain(path, members, LIMIT_BYTES)
    vector, *declared = (arrays[name] for name in members)
    _check_layout(path, *declared)
    if vector.shape != (LAYOUT.size,) or vector.dtype.kind != "f":
        raise InputError(
            f"{path}: {members[0]} is {vector.dtype} {vector.shape}, expected floats "
            f"({LAYOUT.size},)"
        )
    if not np.isfinite(vector).all():
        raise InputError(f"{path}: {members[0]} has genes that are not finite")
    network = NetworkConfig(
        name="dec-prnn", modulation="post", hidden_size=_HIDDEN, scale=about.scale
    )
    layout = networks.create(network, INTERFACE).layout
    genome = from_published(LAYOUT.view(vector.astype(np.float64)), layout)
    facts = {
        "published": which,
        "source": about.source,
        "task": {"rollouts": about.rollouts},
        "observation": OBSERVATION,
        "reward_input": REWARD_INPUT,
    }
    return GenomeFile(genome, layout, network, facts)


def _check_layout(
    path: Path, names: NDArray[Any], shapes: NDArray[Any], offsets: NDArray[Any]
) -> None:
    expected_shapes = [[*array.shape, 1][:2] for array in LAYOUT.arrays]
    expected_offsets = [place.start for place in LAYOUT.offsets.values()] + [LAYOUT.size]
    for member, found, expected in (
        ("layout_names", names, [array.name for array in LAYOUT.arrays]),
        ("layout_shapes", shapes, expected_shapes),
        ("layout_offsets", offsets, expected_offsets),
    ):
        if found.tolist() != expected:
            raise InputError(f"{path}: its {member} are not those of DecPRNN(PostDN), 1347 genes")
