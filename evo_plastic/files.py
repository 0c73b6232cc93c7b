"""Files that are written whole or not at all, and read only when they are of sensible size."""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from evo_plastic.errors import InputError

PARTIAL = ".partial"


def write_whole(path: Path, data: bytes) -> None:
    """Replace ``path`` by ``data``: a killed process leaves the old file or the new one.

    The temporary file lies in the same folder, named ``.<name>.<pid>.partial``.
    """
    partial = path.with_name(f".{path.name}.{os.getpid()}{PARTIAL}")
    try:
        with partial.open("wb") as stream:
            stream.write(data)
            stream.flush()
            os.fsync(stream.fileno())
        partial.replace(path)
    finally:
        partial.unlink(missing_ok=True)
    # The new name itself is safe from a power cut only once its folder is on disk.
    folder = os.open(path.parent, os.O_RDONLY)
    try:
        os.fsync(folder)
    finally:
        os.close(folder)


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
    if len(data) > limit_bytes:
        raise InputError(f"{path} is larger than the limit of {limit_bytes} bytes")
    return data
