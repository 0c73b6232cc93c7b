"""Search states as named arrays: what a checkpoint holds of a strategy, without pickle."""

from collections.abc import Mapping
from typing import Any, TypeVar, get_type_hints

import numpy as np
from numpy.typing import NDArray

from evo_plastic.errors import InputError

S = TypeVar("S", bound=tuple[Any, ...])  # a NamedTuple of arrays, floats and ints


def to_arrays(state: Any) -> dict[str, NDArray[Any]]:
    """Copies of all fields of a NamedTuple by name; numbers become arrays of no dimension."""
    return {name: np.array(value) for name, value in state._asdict().items()}


def from_arrays(kind: type[S], arrays: Mapping[str, NDArray[Any]]) -> S:
    """Inverse of ``to_arrays``; ``InputError`` unless the names are the fields of ``kind``."""
    hints = get_type_hints(kind)
    if set(arrays) != set(hints):
        raise InputError(
            f"not the search state of this strategy: its arrays are {', '.join(hints)}, "
            f"given were {', '.join(arrays) or 'none'}"
        )
    convert = {float: float, int: int}
    return kind(*(convert.get(hint, np.array)(arrays[name]) for name, hint in hints.items()))
