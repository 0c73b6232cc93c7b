"""Plasticity rules, one per file: the equation, its source, its fast form."""

import importlib
from typing import cast

from rules.base import Rule

NAMES = ("abcd", "decomposed", "eligibility", "scratch_eligibility", "static", "tied")


def get(name: str) -> Rule:
    """The rule called ``name``, one of ``NAMES``."""
    if name not in NAMES:
        raise ValueError(f"unknown plasticity rule {name!r}; rules are {', '.join(NAMES)}")
    return cast(Rule, importlib.import_module(f"rules.{name}"))
