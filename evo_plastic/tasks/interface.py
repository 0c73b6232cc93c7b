"""What a task gives a network at every step, and what it wants back."""

from typing import NamedTuple


class Interface(NamedTuple):
    inputs: int
    """Numbers given: the observation, then what came of the last action."""
    observed: int
    """How many of them are the observation; they come first."""
    outputs: int
    """Numbers wanted."""
