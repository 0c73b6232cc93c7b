"""Search states as named arrays: what a checkpoint holds of a strategy, without pickle."""

from collections.abc import Mapping
from typing import Any, TypeVar, get_type_hints

import numpy as np
from numpy.typing import NDArray

from evo_plastic.errors import InputError, brief

S = TypeVar("S", bound=tuple[Any, ...])  # a NamedTuple of arrays, floats and ints


def to_arrays(state: Any) -> dict[str, NDArray[Any]]:
    """Copies of all fields of a NamedTuple by name; numbers become arrays of no dimension."""
    return {name: np.array(value) for name, value in state._asdict().items()}


def from_arrays(kind: type[S], arrays: Mapping[str, NDArray[Any]]) -> S:
    """Inverse of ``to_arrays``; ``InputError`` unless the arrays are the fields of ``kind``.

    All vectors of a state are as long as its genomes, or as all that it learns.
    """
    hints = get_type_hints(kind)
    if set(arrays) != set(hints):
        raise InputError(
            f"not the search state of this strategy: its arrays are {', '.join(hints)}, "
            f"given were {brief(', '.join(arrays)) or 'none'}"
        )
    read = {float: as_float, int: as_count}
    values = {name: read.get(hint, as_vector)(name, arrays[name]) for name, hint in hints.items()}
    if len({value.shape for value in values.values() if isinstance(value, np.ndarray)}) > 1:
        raise InputError("not a search state: its vectors are not of one length")
    return kind(**values)


def as_vector(name: str, array: NDArray[Any]) -> NDArray[Any]:
    """A copy; ``InputError`` unless it is a vector of floats."""
    if array.dtype.kind != "f" or array.ndim != 1:
        raise _strange(name, array, "a vector of floats")
    return np.array(array)


def as_float(name: str, array: NDArray[Any]) -> float:
    """``InputError`` unless it is one float."""
    if array.dtype.kind != "f" or array.ndim != 0:
        raise _strange(name, array, "one float")
    return float(array)


def as_count(name: str, array: NDArray[Any]) -> int:
    """``InputError`` unless it is one integer from 0 on."""
    if array.dtype.kind not in "iu" or array.ndim != 0 or array < 0:
        raise _strange(name, array, "one integer from 0 on")
    return int(array)


def _strange(name: str, array: NDArray[Any], expected: str) -> InputError:
    return InputError(
        f"not a search state: its {name} is {array.dtype} {array.shape}, expected {expected}"
    )
