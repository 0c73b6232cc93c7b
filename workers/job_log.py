"""The log of a job, followed over connections that may break."""

import asyncio
import contextlib
from collections.abc import AsyncIterator, Callable

POLL_SECONDS = 0.2


class Log:
    """A text that is told from its beginning every time, and written on once."""

    def __init__(self, write: Callable[[str], None]) -> None:
        self._write = write
        self._told = self._written = 0

    def begin(self) -> None:
        """The text is told again."""
        self._told = 0

    def add(self, text: str) -> None:
        """The next part of what is told."""
        new = text[max(self._written - self._told, 0) :]
        self._told += len(text)
        if new:
            self._written += len(new)
            self._write(new)


async def pass_on(texts: AsyncIterator[str], log: Log, leaving: Callable[[], bool]) -> None:
    """Add ``texts`` to ``log`` until they end, or ``leaving()``."""
    log.begin()
    waiting = asyncio.ensure_future(anext(texts, None))
    try:
        while not leaving():
            await asyncio.wait([waiting], timeout=POLL_SECONDS)
            if waiting.done():
                text = waiting.result()
                if text is None:
                    return
                log.add(text)
                waiting = asyncio.ensure_future(anext(texts, None))
    finally:
        waiting.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await waiting
