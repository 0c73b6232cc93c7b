"""From a YAML file to an experiment and back: ``extends``, ``--set``, origins.

Later layers win: defaults, the file named by ``extends``, the file, each ``--set`` in turn.
Whatever is wrong in any of them is reported at once.
"""

import os
import sys
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml
from pydantic import ValidationError

from evo_plastic.config import Experiment
from evo_plastic.errors import InputError, brief
from evo_plastic.parsing.documents import read_sections, read_text
from evo_plastic.parsing.messages import dotted, explain_all, leaves
from evo_plastic.parsing.places import Place, Problem, as_input_error
from evo_plastic.parsing.yaml_nodes import MAX_DEPTH, SCALARS, Entry, read_yaml

STRATEGY_ALIASES = {"seq-cma-es": "sep-cma-es"}
"""The name in Wang 2022's text, and ours."""


@dataclass(frozen=True)
class Loaded:
    experiment: Experiment
    origins: dict[str, str]
    """Dotted key of every value to ``file:line``, ``--set`` or ``default``."""


def load_experiment(path: Path, overrides: Sequence[str] = ()) -> Loaded:
    """Read a configuration file; ``overrides`` are ``key.path=value`` strings.

    Raises InputError with every problem of the file, its base and the overrides.
    """
    tree, problems = read_sections(read_text(path), path)
    tree = _over_base(tree, path, problems)
    for option in overrides:
        tree = tree.overlaid(_read_override(option, problems))
    experiment = _validate(tree, problems)
    if experiment is None or problems:
        raise as_input_error(problems)
    origins = {}
    for leaf in leaves(experiment.model_dump()):
        entry = tree.find(leaf)
        origins[dotted(leaf)] = entry.place.origin if entry else "default"
    return Loaded(experiment, origins)


def _over_base(tree: Entry, path: Path, problems: list[Problem]) -> Entry:
    """``tree`` laid over the file its ``extends`` names."""
    extends, tree = tree.find(["extends"]), _without_extends(tree)
    if extends is None:
        return tree
    try:
        base_path = _base_path(path, extends.value)
        text = read_text(base_path)
    except InputError as exc:
        problems.append(Problem(extends.place, f"extends: {exc}"))
        return tree
    base, more = read_sections(text, base_path)
    problems += more
    second = base.find(["extends"])
    if second:
        what = "extends: goes one level; a file that is extended cannot extend another"
        problems.append(Problem(second.key, what))
    return _without_extends(base).overlaid(tree)


def _without_extends(tree: Entry) -> Entry:
    sections = {key: entry for key, entry in tree.section.items() if key != "extends"}
    return Entry(sections, tree.place, tree.key)


def _base_path(path: Path, extends: Any) -> Path:
    """Raises InputError unless ``extends`` names a file in the folder of ``path`` or below."""
    if not isinstance(extends, str) or not extends.isprintable() or "://" in extends:
        raise InputError("expected the relative path of a YAML file")
    home = os.path.realpath(path.parent)
    target = os.path.realpath(path.parent / extends)
    if Path(extends).is_absolute() or not Path(target).is_relative_to(home):
        raise InputError(f"{extends} is not a relative path to a file in {path.parent} or below")
    return path.parent / extends


def _read_override(option: str, problems: list[Problem]) -> Entry:
    """A tree with the one value of ``key.path=value``."""
    name, equals, text = option.partition("=")
    start = Place("--set", 0, 1, option)
    keys = name.strip().split(".")
    if not equals or not all(keys) or len(keys) > MAX_DEPTH:
        problems.append(Problem(start, f"expected key.path=value (got {brief(repr(option))})"))
        return Entry({}, start, start)

    def locate(line: int, column: int) -> Place:
        offset = column + 1 if line else len(name) + 1 + column + 1
        return Place("--set", 0, offset, option)

    entry, more = read_yaml(text, locate)
    problems += more
    entry = Entry(entry.value, entry.place, start)
    for key in reversed(keys):
        entry = Entry({key: entry}, start, start)
    return entry


def _validate(tree: Entry, problems: list[Problem]) -> Experiment | None:
    raw = tree.plain()
    strategy = raw.get("strategy")
    if isinstance(strategy, dict) and isinstance(strategy.get("name"), str):
        strategy["name"] = STRATEGY_ALIASES.get(strategy["name"], strategy["name"])
    try:
        return Experiment.model_validate(raw, strict=True)
    except ValidationError as exc:
        problems += explain_all(exc.errors(include_url=False), tree)
        return None


class _Dumper(yaml.SafeDumper):
    """Quotes strings that YAML 1.1 or 1.2 would read as something else; one line per value."""


def _represent_string(dumper: yaml.SafeDumper, text: str) -> yaml.Node:
    style = '"' if "\n" in text else None
    return dumper.represent_scalar("tag:yaml.org,2002:str", text, style=style)


def _represent_tuple(dumper: yaml.SafeDumper, items: tuple[Any, ...]) -> yaml.Node:
    in_line = not any(isinstance(item, dict) for item in items)
    return dumper.represent_sequence("tag:yaml.org,2002:seq", items, flow_style=in_line)


_Dumper.add_representer(str, _represent_string)
_Dumper.add_representer(tuple, _represent_tuple)
for _tag, _pattern, _first in SCALARS:
    _Dumper.add_implicit_resolver(_tag, _pattern, _first)


def dump_experiment(experiment: Experiment) -> str:
    """Complete YAML text that ``load_experiment`` reads back as an equal experiment."""
    values = experiment.model_dump()
    return str(yaml.dump(values, Dumper=_Dumper, sort_keys=False, width=sys.maxsize))


def rows_of_values(text: str, keys: Iterable[str]) -> dict[str, int]:
    """Line, counted from 1, on which each dotted key stands in dumped YAML."""
    tree, _ = read_sections(text, Path())
    entries = {key: tree.find(key.split(".")) for key in keys}
    return {key: entry.key.row for key, entry in entries.items() if entry}


def json_schema() -> dict[str, Any]:
    """JSON Schema of a configuration file, for editors."""
    schema = Experiment.model_json_schema()
    schema["properties"]["extends"] = {
        "type": "string",
        "description": "File in this folder or below whose values are the defaults of this one.",
    }
    return schema
