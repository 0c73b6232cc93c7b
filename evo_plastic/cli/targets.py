"""Where commands write: what is checked before anything is computed, and figures."""

from collections.abc import Callable
from pathlib import Path

from evo_plastic.errors import InputError

FORMATS = ("png", "pdf")
"""For screen and for print."""


def check_file(option: str, path: Path) -> None:
    """``InputError`` unless ``path`` can be the name of a file."""
    if not path.parent.is_dir():
        raise InputError(f"--{option} {path}: there is no folder {path.parent}")
    if path.is_dir():
        raise InputError(f"--{option} {path} is a folder: expected the name of a file")


def make_folder(option: str, path: Path) -> None:
    """The folder and those above it; ``InputError`` if that fails."""
    try:
        path.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise InputError(f"--{option} {path}: {error.strerror}") from error


def draw(folder: Path, name: str, figure: Callable[[Path], None]) -> None:
    """Write ``figure`` in all ``FORMATS`` and print where."""
    for suffix in FORMATS:
        path = folder / f"{name}.{suffix}"
        figure(path)
        print(path)
