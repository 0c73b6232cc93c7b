"""Commands run in this process, random genomes and drawn mazes, for tests of the command line."""

import contextlib
import io
import re
from pathlib import Path
from typing import NamedTuple

import numpy as np

from evo_plastic import networks
from evo_plastic.cli import run
from evo_plastic.config import NetworkConfig
from evo_plastic.layout import Layout
from evo_plastic.records.genomes import save_genome
from evo_plastic.tasks.maze import INTERFACE
from evo_plastic.tasks.task_sets import TaskSet

CORRIDOR = ["#######", "#S    #", "# ### #", "# #G# #", "# # # #", "# #   #", "#######"]
TURNED = ["#######", "#    S#", "# # # #", "#    G#", "# # # #", "#     #", "#######"]

NETWORK = NetworkConfig(name="dec-prnn", modulation="post", hidden_size=16)


class Ended(NamedTuple):
    code: int
    out: str
    err: str


def evo_plastic(*arguments: object) -> Ended:
    out, err = io.StringIO(), io.StringIO()
    with contextlib.redirect_stdout(out), contextlib.redirect_stderr(err):
        code = run([str(argument) for argument in arguments])
    return Ended(code, out.getvalue(), err.getvalue())


def rows(text: str) -> list[list[str]]:
    """Cells of a printed table, its headers first."""
    return [re.split(r" {2,}", line.strip()) for line in text.splitlines()]


def refused(*arguments: object) -> str:
    """The one line on stderr of a command that a mistake ends with exit code 2."""
    ended = evo_plastic(*arguments)
    assert (ended.code, ended.out) == (2, "")
    assert ended.err.startswith("error: ")
    assert ended.err.count("\n") == 1
    return ended.err


def layout_of(network: NetworkConfig) -> Layout:
    return networks.create(network, INTERFACE).layout


def write_genome(
    path: Path,
    network: NetworkConfig = NETWORK,
    *,
    layout: Layout | None = None,
    seed: int = 4,
    spread: float = 0.5,
    **facts: object,
) -> Path:
    """A random genome of ``network``, or one that only says so and has another layout."""
    layout = layout or layout_of(network)
    genome = np.random.default_rng(seed).normal(0, spread, layout.size)
    save_genome(path, layout, genome, network, facts)
    return path


def drawn(*pictures: list[str]) -> TaskSet:
    cells = np.array([[list(row) for row in picture] for picture in pictures])
    start, goal = (np.argwhere(cells == mark)[:, 1:].astype(np.int16) for mark in "SG")
    return TaskSet("drawn", (cells == "#").astype(np.uint8), start, goal)
