"""Cells: how neurons are wired, one per file, each with its equations."""

import importlib
from typing import cast

from evo_plastic.networks.cells.base import Cell


def get(name: str) -> Cell:
    """The cell called ``name``: ``feedforward``, ``lstm`` or ``rnn``."""
    return cast(Cell, importlib.import_module(f"evo_plastic.networks.cells.{name}"))
