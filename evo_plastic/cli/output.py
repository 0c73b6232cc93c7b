"""What commands print: progress on stderr, tables and JSON on stdout."""

import json
import os
import sys
import time
from collections.abc import Mapping, Sequence
from typing import Any, Protocol, TextIO

Fields = Mapping[str, str | float | int]
Cell = str | float | int | None

PLAIN_SECONDS = 10.0
"""Between two plain progress lines, so that logs of long runs stay short."""

LIVE_SECONDS = 0.1


def printable(text: str, keep: str = "\n\t") -> str:
    """``text`` with ``?`` for every character that could command a terminal."""
    return "".join(c if c.isprintable() or c in keep else "?" for c in text)


class Reporter(Protocol):
    """Tells how a long command gets on; ``close`` must be called, and may be twice."""

    def start(self, text: str) -> None: ...
    def progress(self, fields: Fields) -> None: ...
    def note(self, text: str) -> None: ...
    def close(self) -> None: ...


def format_number(value: Cell) -> str:
    """Four significant digits for floats; nothing for None."""
    if isinstance(value, float):
        return f"{value:.4g}"
    return "" if value is None else printable(str(value), keep="")


def format_fields(fields: Fields) -> str:
    """``name value`` pairs on one line."""
    return "  ".join(f"{name} {format_number(value)}" for name, value in fields.items())


class PlainReporter:
    """Whole lines for files and pipes: the first progress, the last, and some between."""

    def __init__(self, stream: TextIO, seconds: float = PLAIN_SECONDS) -> None:
        self.stream = stream
        self.seconds = seconds
        self.printed_at: float | None = None
        self.pending: Fields | None = None

    def start(self, text: str) -> None:
        self.note(text)

    def progress(self, fields: Fields) -> None:
        self.pending = fields
        now = time.monotonic()
        if self.printed_at is None or now - self.printed_at >= self.seconds:
            self.printed_at = now
            self._flush()

    def note(self, text: str) -> None:
        print(printable(text), file=self.stream, flush=True)

    def close(self) -> None:
        self._flush()

    def _flush(self) -> None:
        if self.pending is not None:
            self.note(format_fields(self.pending))
        self.pending = None


class LiveReporter:
    """One line at the foot of a terminal, redrawn in place; notes scroll above it."""

    def __init__(self, stream: TextIO) -> None:
        from rich.console import Console
        from rich.live import Live

        console = Console(file=stream, force_terminal=True, highlight=False)
        # stdout carries results: rich would print them on this console, which is stderr.
        self.live = Live(console=console, auto_refresh=False, redirect_stdout=False)
        self.drawn_at = 0.0
        self.last: Fields = {}

    def start(self, text: str) -> None:
        self.note(text)

    def progress(self, fields: Fields) -> None:
        self.last = fields
        if time.monotonic() - self.drawn_at >= LIVE_SECONDS:
            self._draw()

    def note(self, text: str) -> None:
        self.live.console.print(printable(text), markup=False, soft_wrap=True)

    def close(self) -> None:
        if self.live.is_started:
            self._draw()
            self.live.stop()

    def _draw(self) -> None:
        from rich.text import Text

        self.live.start()
        line = Text(format_fields(self.last), no_wrap=True, overflow="ellipsis")
        self.live.update(line, refresh=True)
        self.drawn_at = time.monotonic()


def wants_live_line(stream: TextIO, environment: Mapping[str, str]) -> bool:
    """Whether ``stream`` is a terminal whose user did not ask for plain text."""
    plain = environment.get("NO_COLOR") or environment.get("CI")
    return stream.isatty() and not plain and environment.get("TERM") != "dumb"


def make_reporter(stream: TextIO | None = None) -> Reporter:
    """A reporter for ``stream``, by default stderr; rich is imported for terminals only."""
    stream = stream or sys.stderr
    if wants_live_line(stream, os.environ):
        return LiveReporter(stream)
    return PlainReporter(stream)


def print_table(headers: Sequence[str], rows: Sequence[Sequence[Cell]]) -> None:
    """Aligned columns on stdout; a column of numbers is aligned right."""
    columns = list(zip(*rows, strict=True)) or [()] * len(headers)
    aligned = []
    for header, cells in zip(headers, columns, strict=True):
        texts = [header, *map(format_number, cells)]
        width = max(map(len, texts))
        left = any(isinstance(cell, str) for cell in cells)
        aligned.append([text.ljust(width) if left else text.rjust(width) for text in texts])
    for line in zip(*aligned, strict=True):
        print("  ".join(line).rstrip())


def print_json(document: Any) -> None:
    """One JSON document on stdout; raises ValueError for numbers JSON does not have."""
    print(json.dumps(document, indent=2, allow_nan=False))
