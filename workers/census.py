"""How many CPUs a cluster has, asked in the background.

Ray's answer has no time limit: a head that hangs would hold up a driver that asks, and with it
the end that somebody asked for.
"""

import logging
import threading

import ray
from ray.exceptions import RayError

EVERY_SECONDS = 1.0

_log = logging.getLogger(__name__)


class Census:
    """``cpus`` is the last answer."""

    def __init__(self, repeated: bool) -> None:
        """repeated: ask again and again, because machines may come and go."""
        self.cpus = _ask()
        self._closed = threading.Event()
        if repeated:
            threading.Thread(target=self._repeat, name="census", daemon=True).start()

    def close(self) -> None:
        self._closed.set()

    def _repeat(self) -> None:
        while not self._closed.wait(EVERY_SECONDS):
            try:
                self.cpus = _ask()
            except (OSError, RuntimeError, RayError) as error:
                if not self._closed.is_set():
                    _log.debug("the cluster does not say what it has: %s", error)


def _ask() -> int:
    return int(ray.cluster_resources().get("CPU", 0))
