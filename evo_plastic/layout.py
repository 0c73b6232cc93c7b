"""Genome layouts: which numbers of a flat genome vector belong to which named array."""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
from numpy.typing import NDArray


@dataclass(frozen=True)
class ArraySpec:
    """One named array of a layout, e.g. ``ArraySpec("recurrent/A", (64, 64))``."""

    name: str
    shape: tuple[int, ...]

    @property
    def size(self) -> int:
        return int(np.prod(self.shape))


@dataclass(frozen=True)
class Layout:
    """Named arrays in a fixed order, each row-major, one after the other."""

    arrays: tuple[ArraySpec, ...]

    @cached_property
    def size(self) -> int:
        """N_gene: how many numbers a genome has."""
        return sum(array.size for array in self.arrays)

    @cached_property
    def offsets(self) -> dict[str, slice]:
        """Where each array lies in the flat vector."""
        places, start = {}, 0
        for array in self.arrays:
            places[array.name] = slice(start, start + array.size)
            start += array.size
        return places

    @cached_property
    def segments(self) -> NDArray[np.int64]:
        """Number of the array that each gene belongs to, shape (size,)."""
        return np.repeat(np.arange(len(self.arrays)), [array.size for array in self.arrays])

    def view(self, genome: NDArray[Any]) -> dict[str, NDArray[Any]]:
        """Split ``genome``, shape (size,), into named arrays that share its memory."""
        if genome.shape != (self.size,):
            raise ValueError(f"expected a genome of shape ({self.size},), got {genome.shape}")
        return {a.name: genome[self.offsets[a.name]].reshape(a.shape) for a in self.arrays}

    def pack(self, arrays: Mapping[str, NDArray[Any]]) -> NDArray[np.float64]:
        """Inverse of ``view``: write named arrays into a new vector, shape (size,).

        ``ValueError`` unless names and shapes are those of the layout.
        """
        given = {name: array.shape for name, array in arrays.items()}
        expected = {array.name: array.shape for array in self.arrays}
        if given != expected:
            raise ValueError(f"expected arrays {expected}, got {given}")
        genome = np.empty(self.size)
        for name, place in self.view(genome).items():
            place[...] = arrays[name]
        return genome

    def to_json(self) -> list[list[Any]]:
        """``[[name, [extent, …]], …]``, to stand in a JSON document."""
        return [[array.name, list(array.shape)] for array in self.arrays]

    @staticmethod
    def from_json(arrays: list[list[Any]]) -> "Layout":
        """Inverse of ``to_json``."""
        return Layout(tuple(ArraySpec(name, tuple(shape)) for name, shape in arrays))
