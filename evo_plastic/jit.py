"""The one place that configures numba: one decorator, one cache keyed by all our sources."""

import hashlib
import os
import re
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any, TypeVar, cast

import numba
from numba.core import config as numba_config

Function = TypeVar("Function", bound=Callable[..., Any])

CACHES_KEPT = 10
_NAME = re.compile(r"[0-9a-f]{16}")
_home = Path(__file__).resolve().parent.parent


PLAIN = os.environ.get("EVO_PLASTIC_PLAIN", "0") not in ("", "0")
"""Whether kernels are compiled from plain loops alone: slower, the same results to the bit."""


def fingerprint_sources(home: Path) -> str:
    """Hash every source of the three packages below ``home``; any edit changes it."""
    digest = hashlib.sha256(b"plain" if PLAIN else b"")
    for package in ("evo_plastic", "rules", "workers"):
        for path in sorted((home / package).rglob("*.py")):
            digest.update(str(path.relative_to(home)).encode() + b"\0" + path.read_bytes())
    return digest.hexdigest()[:16]


FINGERPRINT = fingerprint_sources(_home)
"""Of the sources that run in this process."""


def cache_directory() -> Path:
    """The folder of compiled kernels for the present sources, below the user's cache."""
    chosen = Path(os.environ.get("XDG_CACHE_HOME", ""))
    # As the XDG specification says: what is empty or relative does not count.
    caches = chosen if chosen.is_absolute() else Path.home() / ".cache"
    return caches / "evo_plastic" / FINGERPRINT


def prune_caches(directory: Path, kept: int = CACHES_KEPT) -> None:
    """Delete all but the ``kept`` newest caches beside ``directory``, and never itself."""
    if not directory.parent.is_dir():
        return
    beside = [path for path in directory.parent.iterdir() if _NAME.fullmatch(path.name)]
    others = [path for path in beside if path.is_dir() and path != directory]
    others.sort(key=lambda path: path.stat().st_mtime, reverse=True)
    for stale in others[kept - 1 :]:
        shutil.rmtree(stale, ignore_errors=True)


# numba checks only the file of the function it caches: a compiled network that calls an
# edited rule from another file would silently keep running the old rule.
os.environ["NUMBA_CACHE_DIR"] = str(cache_directory())
numba_config.reload_config()
if not cache_directory().is_dir():
    prune_caches(cache_directory())


def jit(function: Function) -> Function:
    """Compile ``function``; typed as the identity so that checkers keep its signature.

    Strict floating point (no ``fastmath``): the same bits for every vector width. Compiled
    code releases the interpreter lock, so threads evaluate lifetimes side by side.
    """
    return cast(Function, numba.njit(cache=True, nogil=True, error_model="numpy")(function))


def gradient_jit(function: Function) -> Function:
    """``jit`` for sums over neurons that may be added up in any order, to become vector code.

    The same bits on the same machine; those of another vector width differ by rounding.
    """
    loose = {"reassoc", "contract", "nsz"}
    return cast(Function, numba.njit(cache=True, nogil=True, fastmath=loose)(function))


def inline_jit(function: Function) -> Function:
    """``jit`` for what runs every step: always merged into the compiled caller.

    A call that is not merged passes every array of a named tuple by value and counts
    references to each: several times the cost of the arithmetic it does.
    """
    compiled = numba.njit(cache=True, nogil=True, error_model="numpy", forceinline=True)(function)
    return cast(Function, compiled)
