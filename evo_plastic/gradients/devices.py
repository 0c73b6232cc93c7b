"""Where torch computes."""

import torch

from evo_plastic.errors import InputError


def choose_device(name: str) -> torch.device:
    """The device of ``pool.device``; ``InputError`` if it asks for a GPU that is not there."""
    if name == "cuda" and not torch.cuda.is_available():
        raise InputError("pool.device: cuda, but torch finds no GPU; expected auto or cpu")
    if name == "auto":
        name = "cuda" if torch.cuda.is_available() else "cpu"
    return torch.device(name)
