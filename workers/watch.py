"""What is said, and when it is enough, while a cluster has no worker for us."""

import logging
import time

from evo_plastic.errors import ClusterLost

START_SECONDS = 120.0
"""For an embedded Ray; a machine that is busy with other work takes 20 s and more."""

SILENT_SECONDS, REPEAT_SECONDS = 5.0, 60.0
"""Before the first message, and between two."""

_log = logging.getLogger(__name__)


class Watch:
    """Machines of a cluster that was joined may return, or be on their way: they are waited for.

    An embedded Ray has its one machine, and starts there or not.
    """

    def __init__(self, joined: bool) -> None:
        self._joined = joined
        self._since: float | None = None
        self._told: float | None = None

    def nobody_works(self, asked_for: int) -> None:
        """``ClusterLost`` if no worker can be expected any more."""
        now = time.monotonic()
        if self._since is None:
            self._since = now
        if not self._joined and now - self._since > START_SECONDS:
            raise ClusterLost(f"none of {asked_for} workers started in {START_SECONDS:.0f} s")
        silence = now - (self._since if self._told is None else self._told)
        if silence > (SILENT_SECONDS if self._told is None else REPEAT_SECONDS):
            _log.warning("waiting for workers: %d are asked for, none is there", asked_for)
            self._told = now

    def somebody_works(self) -> None:
        if self._told is not None:
            _log.warning("workers are there: going on")
        self._since = self._told = None
