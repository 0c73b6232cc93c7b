"""YAML with the scalars of version 1.2, as a tree that knows where everything stands.

PyYAML alone follows YAML 1.1: ``1e-2`` would be a string, ``no`` false, ``12:30`` the number
750, and of duplicate keys the last would win without a word.
"""

import re
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Any

import yaml

from evo_plastic.parsing.places import Place, Problem, as_input_error

MAX_DEPTH = 16
MAX_DIGITS = 100
MAX_KEY = 100
"""Characters of a key."""
MAX_VALUES = 5000
"""Of a document, sections and keys included: more would take seconds to explain."""

# YAML 1.2.2, section 10.3.2 (core schema): tag, pattern, possible first characters.
SCALARS = tuple(
    (f"tag:yaml.org,2002:{name}", re.compile(rf"^(?:{pattern})$"), list(first))
    for name, pattern, first in (
        ("null", "null|Null|NULL|~|", ["n", "N", "~", ""]),
        ("bool", "true|True|TRUE|false|False|FALSE", "tTfF"),
        ("int", "[-+]?[0-9]+|0o[0-7]+|0x[0-9a-fA-F]+", "-+0123456789"),
        (
            "float",
            r"[-+]?(?:\.[0-9]+|[0-9]+(?:\.[0-9]*)?)(?:[eE][-+]?[0-9]+)?"
            r"|[-+]?\.(?:inf|Inf|INF)|\.(?:nan|NaN|NAN)",
            "-+.0123456789",
        ),
    )
)


@dataclass(frozen=True)
class Entry:
    """A value with its place; ``key`` is the place of its key, or its own in a list."""

    value: "bool | int | float | str | dict[str, Entry] | tuple[Entry, ...] | None"
    place: Place
    key: Place

    @property
    def section(self) -> "dict[str, Entry]":
        """The keys of a mapping; anything else has none."""
        return self.value if isinstance(self.value, dict) else {}

    def child(self, part: str | int) -> "Entry | None":
        if isinstance(self.value, tuple) and str(part).isdecimal():
            return self.value[int(part)] if int(part) < len(self.value) else None
        return self.section.get(str(part))

    def find(self, path: Iterable[str | int]) -> "Entry | None":
        entry: Entry | None = self
        for part in path:
            entry = entry.child(part) if entry else None
        return entry

    def plain(self) -> Any:
        """The value without places: scalars, dictionaries and tuples."""
        if isinstance(self.value, dict):
            return {key: entry.plain() for key, entry in self.value.items()}
        if isinstance(self.value, tuple):
            return tuple(entry.plain() for entry in self.value)
        return self.value

    def overlaid(self, top: "Entry") -> "Entry":
        """``top`` over this tree, mapping by mapping; a list replaces a list."""
        if not isinstance(self.value, dict) or not isinstance(top.value, dict):
            return top
        mixed = dict(self.value)
        for key, entry in top.value.items():
            mixed[key] = mixed[key].overlaid(entry) if key in mixed else entry
        return Entry(mixed, top.place, top.key)


class _Loader(yaml.SafeLoader):
    """Composes nodes; refuses what a configuration never needs."""

    yaml_implicit_resolvers = {}  # noqa: RUF012  (declared by PyYAML's class)
    depth = 0
    values = 0

    def compose_node(self, parent: Any, index: Any) -> Any:
        event = self.peek_event()  # type: ignore[no-untyped-call]
        refused = None
        if isinstance(event, yaml.AliasEvent) or event.anchor:
            refused = "anchors and aliases (& and *) are not supported: write the value out"
        elif event.tag:
            refused = "tags (!) are not supported"
        elif self.depth >= MAX_DEPTH:
            refused = f"nested deeper than {MAX_DEPTH} levels"
        elif self.values >= MAX_VALUES:
            refused = f"more than {MAX_VALUES} values"
        if refused:
            raise yaml.MarkedYAMLError(problem=refused, problem_mark=event.start_mark)
        self.values += 1
        self.depth += 1
        node = super().compose_node(parent, index)
        self.depth -= 1
        return node


for _tag, _pattern, _first in SCALARS:
    _Loader.add_implicit_resolver(_tag, _pattern, _first)


def _compose(text: str, locate: Callable[[int, int], Place]) -> yaml.Node | None:
    """Raises InputError where ``text`` is not YAML or uses what we refuse."""
    try:
        loader = _Loader(text)
        try:
            return loader.get_single_node()
        except yaml.MarkedYAMLError as exc:
            mark, what = exc.problem_mark or exc.context_mark, exc.problem or exc.context
        except (
            ValueError,
            OverflowError,
        ) as exc:  # PyYAML lets chr() and int() fail on absurd escapes
            mark, what = loader.get_mark(), str(exc)
        where = (mark.line, mark.column) if mark else (0, 0)
    except yaml.reader.ReaderError as exc:
        before = text[: exc.position]
        where = before.count("\n"), len(before) - before.rfind("\n") - 1
        what = f"character U+{ord(text[exc.position]):04X} is not allowed"
    raise as_input_error([Problem(locate(*where), f"not valid YAML: {what}")])


_READERS: dict[str, Callable[[str], bool | int | float | None]] = {
    "null": lambda text: None,
    "bool": lambda text: text.lower() == "true",
    "int": lambda text: int(text, 0) if text[:2] in ("0x", "0o") else int(text),
    "float": lambda text: float(text.lower().replace(".inf", "inf").replace(".nan", "nan")),
}


class _Walk:
    """One pass over the nodes of a document; problems pile up in ``problems``."""

    def __init__(self, locate: Callable[[int, int], Place]) -> None:
        self.problems: list[Problem] = []
        self.locate = locate

    def place(self, node: yaml.Node) -> Place:
        return self.locate(node.start_mark.line, node.start_mark.column)

    def entry(self, node: yaml.Node, path: str = "", key: Place | None = None) -> Entry:
        place = self.place(node)
        value: Any
        if isinstance(node, yaml.MappingNode):
            value = self.mapping(node, path)
        elif isinstance(node, yaml.SequenceNode):
            items = enumerate(node.value)
            value = tuple(self.entry(item, f"{path}.{number}") for number, item in items)
        else:
            value = self.scalar(node, path)
        return Entry(value, place, key or place)

    def mapping(self, node: yaml.MappingNode, path: str) -> dict[str, Entry]:
        entries: dict[str, Entry] = {}
        for key_node, value_node in node.value:
            place = self.place(key_node)
            key = key_node.value
            if not isinstance(key, str) or "\n" in key or len(key) > MAX_KEY:
                self.problems.append(Problem(place, "a key must be a single word"))
                continue
            inner = f"{path}.{key}" if path else key
            if key in entries:
                first = entries[key].key.origin
                self.problems.append(Problem(place, f"{inner}: duplicate key (first at {first})"))
                continue
            entries[key] = self.entry(value_node, inner, place)
        return entries

    def scalar(self, node: yaml.Node, path: str) -> bool | int | float | str | None:
        text = str(node.value)
        read = _READERS.get(node.tag.rpartition(":")[2])
        if read is None:
            return text
        if len(text) > MAX_DIGITS:
            what = f"{path}: a number may have {MAX_DIGITS} characters, not {len(text)}"
            self.problems.append(Problem(self.place(node), what))
            return None
        return read(text)


def read_yaml(text: str, locate: Callable[[int, int], Place]) -> tuple[Entry, list[Problem]]:
    """The tree of one YAML document and its problems, such as duplicate keys.

    ``locate`` turns a line and a column, counted from 0, into a place. An empty document is
    null. Raises InputError for text that is not YAML at all.
    """
    node = _compose(text, locate)
    start = locate(0, 0)
    if node is None:
        return Entry(None, start, start), []
    walk = _Walk(locate)
    return walk.entry(node), walk.problems
