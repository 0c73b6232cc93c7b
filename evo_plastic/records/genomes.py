"""Genome files: one float64 array per layout array, with the network they belong to.

A network with tied rules has an array ``<connection>/map`` more for each of its maps.
The facts member holds ``layout`` (names and shapes in genome order), ``network`` (the
resolved network section) and ``facts``, free for the writer: observation and reward
conventions, task, run, generation, validation score.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from pydantic import ValidationError

from evo_plastic.arrays import Arrays, load_arrays, save_arrays
from evo_plastic.config import NetworkConfig, faults
from evo_plastic.errors import InputError, brief
from evo_plastic.layout import Layout
from evo_plastic.networks.spec import NetworkSpec
from evo_plastic.networks.ties import UNTIED, Ties

SCHEMA = "evo_plastic/genome/1"
_MAP = "/map"
LIMIT_BYTES = 2**30


@dataclass(frozen=True)
class GenomeFile:
    """What a genome file holds; ``genome`` has shape (layout.size,), float64, all finite."""

    genome: NDArray[np.float64]
    layout: Layout
    network: NetworkConfig
    facts: dict[str, Any]
    ties: Ties = UNTIED


def save_genome(
    path: Path,
    layout: Layout,
    genome: NDArray[np.float64],
    network: NetworkConfig,
    facts: Mapping[str, Any],
    ties: Ties = UNTIED,
) -> str:
    """Write whole or not at all; returns the file's sha256 (hex).

    ``ValueError`` if a gene is not finite or ``genome`` has not shape (layout.size,).
    """
    if not np.isfinite(genome).all():
        raise ValueError("a genome with genes that are not finite cannot be saved")
    about = {
        "layout": layout.to_json(),
        "network": network.model_dump(mode="json"),
        "facts": facts,
    }
    arrays: Arrays = dict(layout.view(np.asarray(genome, np.float64)))
    arrays |= {f"{name}{_MAP}": values for name, values in ties.arrays().items()}
    return save_arrays(path, arrays, about, SCHEMA)


def load_genome(path: Path) -> GenomeFile:
    """``InputError`` if missing, damaged, no genome, not finite, or of unknown network."""
    arrays, about = load_arrays(path, SCHEMA, LIMIT_BYTES)
    try:
        layout = Layout.from_json(about["layout"])
        network = NetworkConfig.model_validate(about["network"])
        ties = _take_maps(arrays)
        genome = layout.pack(_as_declared(arrays, layout))
        facts = dict(about["facts"])
    except ValidationError as error:
        raise InputError(
            f"{path}: the network of this genome is unknown: {faults(error)}"
        ) from error
    except (KeyError, TypeError, ValueError) as error:
        raise InputError(f"{path} is no genome of schema {SCHEMA}: {brief(error)}") from error
    return GenomeFile(genome, layout, network, facts, ties)


def check_genome(file: GenomeFile, spec: NetworkSpec, path: Path) -> None:
    """``InputError`` unless the genome at ``path`` is one of ``spec``, its maps included."""
    check_layout(file.layout, spec.layout, path)
    try:
        spec.genes(file.layout.view(file.genome))
    except ValueError as error:
        raise InputError(f"{path}: {error}") from error


def check_layout(file_layout: Layout, expected_layout: Layout, path: Path) -> None:
    """``InputError`` naming the arrays in which the genome at ``path`` differs."""
    if file_layout == expected_layout:
        return
    found = {array.name: array.shape for array in file_layout.arrays}
    expected = {array.name: array.shape for array in expected_layout.arrays}
    differing = [
        f"{name} is {found.get(name, 'missing')}, expected {expected.get(name, 'none')}"
        for name in sorted(found.keys() | expected.keys())
        if found.get(name) != expected.get(name)
    ]
    problem = "; ".join(differing) or f"order is {list(found)}, expected {list(expected)}"
    raise InputError(f"{path} is a genome of another network: {problem}")


def _take_maps(arrays: Arrays) -> Ties:
    """Remove the maps from ``arrays``."""
    maps = {}
    for name in [name for name in arrays if name.endswith(_MAP)]:
        values = arrays.pop(name)
        if values.dtype != np.uint16 or values.ndim != 2 or values.size == 0:
            raise ValueError(f"array {name} is {values.dtype} {values.shape}")
        maps[name.removesuffix(_MAP)] = values
    return Ties.of(maps)


def _as_declared(arrays: Arrays, layout: Layout) -> Arrays:
    shapes = {array.name: array.shape for array in layout.arrays}
    if len(shapes) != len(layout.arrays) or shapes.keys() != arrays.keys():
        raise ValueError(f"its arrays are {sorted(arrays)}, its layout has {sorted(shapes)}")
    for name, array in arrays.items():
        if array.shape != shapes[name] or array.dtype != np.float64:
            raise ValueError(f"array {name} is {array.dtype} {array.shape}")
        if not np.isfinite(array).all():
            raise ValueError(f"array {name} has genes that are not finite")
    return arrays
