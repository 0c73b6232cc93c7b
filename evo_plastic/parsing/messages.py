"""What pydantic found wrong, in the words and at the place of the user's file."""

import reprlib
from collections.abc import Iterator
from difflib import get_close_matches
from typing import Any

from pydantic import BaseModel
from pydantic_core import ErrorDetails

from evo_plastic.config import STRATEGIES, Experiment
from evo_plastic.parsing.places import Problem
from evo_plastic.parsing.yaml_nodes import Entry

KeyPath = tuple[str | int, ...]

_REWRITTEN = {
    "model_type": "expected a section of `key: value` lines",
    "tuple_type": "expected a list",
    "model_attributes_type": "expected a section of `key: value` lines",
    "too_short": "expected at least {min_length} item(s)",
    "union_tag_invalid": "expected {expected_tags}",
}


def dotted(path: KeyPath) -> str:
    return ".".join(str(part) for part in path)


def leaves(value: Any, path: KeyPath = ()) -> Iterator[KeyPath]:
    """Paths of all values that are not sections; a list of plain values is one value."""
    if isinstance(value, dict):
        for key, inner in value.items():
            yield from leaves(inner, (*path, key))
    elif isinstance(value, tuple) and any(isinstance(item, dict) for item in value):
        for number, inner in enumerate(value):
            yield from leaves(inner, (*path, number))
    else:
        yield path


def _known_keys(section: KeyPath) -> list[str]:
    """Keys of a section, read off the defaults: every section and list has one."""
    model: Any = Experiment()
    for part in section:
        if part in STRATEGIES:
            model = STRATEGIES[str(part)].model_construct()
        else:
            model = model[0] if isinstance(part, int) else getattr(model, part)
    keys = list(type(model).model_fields) if isinstance(model, BaseModel) else []
    return keys if section else [*keys, "extends"]


def _written(path: KeyPath) -> KeyPath:
    """Where its author wrote what pydantic calls ``path``: it adds the name of a strategy."""
    named = len(path) > 1 and path[0] == "strategy" and path[1] in STRATEGIES
    return ("strategy", *path[2:]) if named else path


def _suggestion(path: KeyPath) -> str:
    """What the unknown key at ``path`` was probably meant to be."""
    key, known = str(path[-1]), _known_keys(path[:-1])
    everywhere = leaves(Experiment().model_dump())
    elsewhere = [p for p in everywhere if p[-1] == key and p != _written(path)]
    close = get_close_matches(key, known, n=1) or [dotted(p) for p in elsewhere[:1]]
    if close:
        return f"unknown key; did you mean {close[0]!r}?"
    return f"unknown key; known keys are {', '.join(known)}"


def _got(value: Any) -> str:
    """``value`` as its author would know it: YAML's words, long ones cut."""
    names = {None: "null", True: "true", False: "false"}
    return names[value] if value is None or isinstance(value, bool) else reprlib.repr(value)


def explain_all(errors: list[ErrorDetails], tree: Entry) -> list[Problem]:
    """Pydantic's errors, placed in the tree the experiment was read from."""
    return [_explain(error, tree) for error in errors if not _follows_from_others(error)]


def _follows_from_others(error: ErrorDetails) -> bool:
    """Pydantic calls a list too short when its items are wrong, not only when they lack."""
    return error["type"] == "too_short" and len(error["input"]) >= error["ctx"]["min_length"]


def _explain(error: ErrorDetails, tree: Entry) -> Problem:
    path, kind, context = _written(error["loc"]), error["type"], error.get("ctx", {})
    got = error["input"]
    if kind == "union_tag_invalid":
        path, got = (*path, "name"), context["tag"]
    known = next(n for n in range(len(path), -1, -1) if tree.find(path[:n]))
    entry = tree.find(path[:known]) or tree
    place = entry.place
    if kind == "extra_forbidden":
        place, what = entry.key, _suggestion(error["loc"])
    elif kind == "value_error":
        place, what = entry.key, str(context["error"])
    elif kind == "missing":
        what = "this key is required"
    else:
        what = _REWRITTEN.get(kind, error["msg"]).format_map(context)
        what += f" (got {_got(got)})"
    return Problem(place, f"{dotted(path)}: {what}")
