"""Files that are written whole or not at all, and read only when they are of sensible size."""

import json
import math
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, NoReturn

from evo_plastic.errors import InputError

PARTIAL = ".partial"


def write_whole(path: Path, data: bytes) -> None:
    """Replace ``path`` by ``data``: a killed process leaves the old file or the new one.

    ``InputError`` naming ``path``, and the old file, where that fails. The temporary file lies
    in the same folder, named ``.<name>.<pid>.partial``.
    """
    partial = path.with_name(f".{path.name}.{os.getpid()}{PARTIAL}")
    with writing(path):
        try:
            with partial.open("wb") as stream:
                stream.write(data)
                stream.flush()
                os.fsync(stream.fileno())
            partial.replace(path)
        finally:
            partial.unlink(missing_ok=True)
        sync_folder(path.parent)


def sync_folder(folder: Path) -> None:
    """Wait until its names are on disk: only then is a new file safe from a power cut."""
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


@contextmanager
def writing(target: object) -> Iterator[None]:
    """``InputError`` that names ``target`` where the block cannot write it."""
    try:
        yield
    except OSError as error:
        raise InputError(f"{target} cannot be written: {error.strerror}") from error


def read_whole(path: Path, limit_bytes: int) -> bytes:
    """All bytes of ``path``; ``InputError`` if unreadable or larger than ``limit_bytes``."""
    try:
        with path.open("rb") as stream:
            if os.fstat(stream.fileno()).st_size > limit_bytes:
                raise InputError(f"{path} is larger than the limit of {limit_bytes} bytes")
            data = stream.read(limit_bytes + 1)
    except FileNotFoundError as error:
        raise InputError(f"{path} does not exist") from error
    except OSError as error:
        raise InputError(f"{path} cannot be read: {error.strerror}") from error
    except ValueError as error:
        raise InputError(f"{path} cannot be the name of a file: {error}") from error
    if len(data) > limit_bytes:
        raise InputError(f"{path} is larger than the limit of {limit_bytes} bytes")
    return data


def parse_json(text: str | bytes) -> Any:
    """One JSON document. ``ValueError`` or ``RecursionError`` if ``text`` is none.

    NaN and infinity, which JSON does not have and Python would read, are refused.
    """
    return json.loads(text, parse_constant=_refuse, parse_float=_finite)


def _refuse(text: str) -> NoReturn:
    raise ValueError(f"{text} is no number of JSON")


def _finite(text: str) -> float:
    return float(text) if math.isfinite(float(text)) else _refuse(text)
