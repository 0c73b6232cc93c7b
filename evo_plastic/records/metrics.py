"""Metrics and validations: append-only JSON lines, one object per row.

Every row has an integer ``generation``. NaN and ±infinity, which JSON lacks, are written as
``null``; numpy numbers and arrays as numbers and lists. Floats are read back exactly. A row
counts once its newline is written: what a killed process left after the last newline is
dropped.
"""

import json
import math
import os
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from evo_plastic.errors import InputError
from evo_plastic.files import parse_json, read_whole, write_whole, writing

Row = dict[str, Any]

LIMIT_BYTES = 2**30
LARGEST = 1e100
"""Of the numbers of a column: beyond, no axis can be drawn."""


def append(path: Path, row: Mapping[str, Any]) -> None:
    """Add one row and hand it to the operating system; ``InputError`` where that fails.

    After a killed process call ``truncate_after`` first: it removes a torn last line.
    """
    line = json.dumps(_plain(row), allow_nan=False, separators=(",", ":"))
    with writing(path), path.open("ab") as stream:
        stream.write(line.encode() + b"\n")


def sync(path: Path) -> None:
    """Wait until all rows are on disk; without a file nothing is waited for."""
    if path.exists():
        with writing(path), path.open("ab") as stream:
            os.fsync(stream.fileno())


def read(path: Path) -> list[Row]:
    """All whole rows in order; none if the file does not exist.

    ``InputError`` with the line number of a damaged row.
    """
    return [row for _, row in _lines(path)]


def column(
    rows: Sequence[Mapping[str, Any]], key: str, source: str, count: int | None = None
) -> NDArray[np.float64]:
    """Numbers under ``key``, shape (rows,), or lists of ``count`` each, (rows, count).

    Null is NaN. ``InputError`` that names ``source`` if a row has no such numbers.
    """
    shape = (len(rows),) if count is None else (len(rows), count)
    try:
        values = np.array([row[key] for row in rows], np.float64)
    except (KeyError, TypeError, ValueError, OverflowError):
        values = np.empty(0)
    if rows and (values.shape != shape or (np.abs(values) > LARGEST).any()):
        each = "" if count is None else f", {count} each"
        raise InputError(f"{source}: expected numbers {key!r} in every row{each}")
    return values


def truncate_after(path: Path, generation: int) -> None:
    """Drop rows of later generations than ``generation``, and a torn last line.

    A run resumed from the checkpoint of ``generation`` then writes the file that an
    undisturbed run would have written. The kept rows are kept byte for byte.
    """
    if path.exists():
        kept = [line for line, row in _lines(path) if row["generation"] <= generation]
        write_whole(path, b"".join(line + b"\n" for line in kept))


def _lines(path: Path) -> list[tuple[bytes, Row]]:
    if not path.exists():
        return []
    whole, _, _ = read_whole(path, LIMIT_BYTES).rpartition(b"\n")
    lines = whole.split(b"\n") if whole else []
    return [(line, _parse(line, path, number)) for number, line in enumerate(lines, 1)]


def _parse(line: bytes, path: Path, number: int) -> Row:
    try:
        row = parse_json(line)
    except (ValueError, RecursionError):
        row = None
    if not isinstance(row, dict) or type(row.get("generation")) is not int:
        raise InputError(
            f"{path}:{number}: damaged line, expected a JSON object with an integer 'generation'"
        )
    return row


def _plain(value: Any) -> Any:
    """``value`` in JSON's own types, ``null`` for what is not finite."""
    if isinstance(value, np.generic | np.ndarray):
        value = value.tolist()
    if isinstance(value, float):
        return value if math.isfinite(value) else None
    if isinstance(value, Mapping):
        return {key: _plain(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [_plain(item) for item in value]
    return value
