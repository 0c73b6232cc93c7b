"""When workers that did not start are tried again."""

import time

MAX_FAILED = 3
"""In a row, before the first success: then the cluster is not one for us."""

LONGEST_SECONDS = 60.0


class Starts:
    """After each try in a row that failed, the pause is twice as long."""

    def __init__(self) -> None:
        self.any_succeeded = False
        self._failed = 0
        self._pause_ends = 0.0

    @property
    def hopeless(self) -> bool:
        return not self.any_succeeded and self._failed >= MAX_FAILED

    def allowed(self) -> bool:
        return time.monotonic() >= self._pause_ends

    def succeeded(self) -> None:
        self.any_succeeded = True
        self._failed = 0

    def failed(self) -> None:
        if not self.allowed():  # another of the same try
            return
        self._failed += 1
        self._pause_ends = time.monotonic() + min(2.0 ** (self._failed - 1), LONGEST_SECONDS)
