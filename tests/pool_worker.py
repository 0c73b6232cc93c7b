"""A worker that does what it is told, for tests of pools."""

import os
import signal
import time
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np


class Shared(NamedTuple):
    weights: np.ndarray
    nested: dict[str, list[np.ndarray]]


class Refused(Exception):
    """Cannot be unpickled: its constructor wants two arguments, pickle remembers one."""

    def __init__(self, why: str, code: int) -> None:
        super().__init__(why)
        self.code = code


class Bench:
    """Does what the name of its chunk says."""

    def run(self, shared: Any, chunk: Any) -> Any:
        name, *arguments = chunk
        return getattr(self, name)(shared, *arguments)

    def scale(self, shared: Shared, vector: np.ndarray, seconds: float) -> np.ndarray:
        time.sleep(seconds)
        return np.tanh(shared.weights * vector)

    def write_into(self, shared: Shared, vector: np.ndarray) -> list[tuple[bool, str]]:
        arrays = [shared.weights, shared.nested["a"][0], vector]
        return [(array.flags.writeable, array.dtype.str) for array in arrays]

    def fail(self, shared: Any, error: Exception) -> None:
        raise error

    def refuse(self, shared: Any, folder: Path) -> None:
        (folder / str(time.monotonic_ns())).touch()
        raise Refused("odd", 3)

    def echo(self, shared: Any, value: Any) -> Any:
        return shared, value

    def process(self, shared: Any, seconds: float) -> int:
        time.sleep(seconds)
        return os.getpid()

    def sleep_if_first(self, shared: Any, seconds: float, folder: Path) -> str:
        first = not list(folder.iterdir())
        (folder / str(os.getpid())).touch()
        time.sleep(seconds if first else 0.0)
        return "answer"

    def sleep(self, shared: Any, seconds: float, folder: Path | None = None) -> float:
        if folder is not None:
            (folder / str(os.getpid())).touch()
        time.sleep(seconds)
        return seconds

    def die(self, shared: Any, folder: Path) -> None:
        (folder / str(time.monotonic_ns())).touch()
        os.kill(os.getpid(), signal.SIGKILL)

    def environment(self, shared: Any) -> dict[str, str]:
        return dict(os.environ)
