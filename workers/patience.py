"""How long a run that is asked to stop goes on with its generation."""

import time
from collections.abc import Callable

from evo_plastic.errors import Abandoned

PATIENCE_SECONDS = 5.0
"""Slurm and Kubernetes kill a program 30 seconds after they asked it to end."""


def never() -> bool:
    return False


class Patience:
    """Called again and again while workers are waited for."""

    def __init__(self, stopping: Callable[[], bool]) -> None:
        self._stopping = stopping
        self._asked: float | None = None

    def __call__(self) -> None:
        """``Abandoned`` when the stop was asked for ``PATIENCE_SECONDS`` ago."""
        if not self._stopping():
            self._asked = None
        elif self._asked is None:
            self._asked = time.monotonic()
        elif time.monotonic() - self._asked > PATIENCE_SECONDS:
            raise Abandoned
