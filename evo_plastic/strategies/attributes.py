"""The numbers that an object of the ``cma`` package consists of, by name: its state, no pickle."""

from collections.abc import Iterator, Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from evo_plastic.errors import InputError

_SCALARS = (bool, int, float, np.generic)
_LEFT_OUT = ("sp", "timer", "logger")
"""What follows from the options and is made anew, and clocks and files, which nothing follows."""


def read(root: Any) -> dict[str, NDArray[Any]]:
    """Copies of all numbers, arrays and lists of numbers, by dotted name."""
    return {name: np.array(value) for name, value in _walk(root, "", {id(root)})}


def write(root: Any, values: Mapping[str, NDArray[Any]]) -> None:
    """Give ``root`` the values that ``read`` found in another object with the same parts.

    ``InputError`` for a name that is none of its parts'.
    """
    for name, value in values.items():
        *path, last = name.split(".")
        owner = root
        for part in path:
            owner = vars(owner).get(part) if _is_part(owner) else None
        if not _is_part(owner) or last.startswith("__") or callable(getattr(owner, last, None)):
            raise InputError(
                f"the search state does not fit this version of the cma package: it has no {name}"
            )
        if isinstance(getattr(owner, last, None), list):
            setattr(owner, last, value.tolist())
        else:
            setattr(owner, last, value.copy() if value.ndim else value.item())


def _walk(owner: Any, prefix: str, seen: set[int]) -> Iterator[tuple[str, Any]]:
    for name, value in vars(owner).items():
        if isinstance(value, _SCALARS) or _is_numeric(value):
            yield prefix + name, value
        elif _is_part(value) and name not in _LEFT_OUT and id(value) not in seen:
            seen.add(id(value))
            yield from _walk(value, f"{prefix}{name}.", seen)


def _is_numeric(value: Any) -> bool:
    if isinstance(value, np.ndarray):
        return value.dtype.kind in "fiub"
    return type(value) is list and all(isinstance(item, _SCALARS) for item in value)


def _is_part(value: Any) -> bool:
    return type(value).__module__.partition(".")[0] == "cma" and hasattr(value, "__dict__")
