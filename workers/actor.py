"""The process of a worker on Ray.

Everything crosses as pickled bytes: arrays that Ray itself unpacks are read-only, which numba
takes for another type and compiles again; bytes unpickle into writable copies, once per map
for what is shared.
"""

import pickle
import platform
from typing import Any

import ray

from evo_plastic.errors import InputError
from evo_plastic.jit import FINGERPRINT
from workers.pool import Worker


class Actor:
    """A worker in a process of its own; undecorated, so that type checkers keep its type."""

    _worker: Worker
    _shared: Any
    _key = ""

    def prepare(self, make_worker: bytes, sources: str) -> None:
        """Refuse to begin with other sources than the driver's: they would give other numbers."""
        if sources != FINGERPRINT:
            raise InputError(
                f"a worker on {platform.node()} runs other sources of evo-plastic ({FINGERPRINT}) "
                f"than the driver ({sources}): install the same version on every node"
            )
        self._worker = pickle.loads(make_worker)()

    def ping(self) -> None:
        """Answer, as long as there is somebody to."""

    def run(self, key: str, shared: list[Any], chunk: bytes) -> bytes:
        """``shared`` holds one reference, which Ray does not resolve inside a list."""
        if key != self._key:
            self._shared = pickle.loads(ray.get(shared[0]))
            self._key = key
        return pickle.dumps(self._worker.run(self._shared, pickle.loads(chunk)), protocol=5)
