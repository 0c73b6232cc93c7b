"""YAML files as trees of sections."""

from pathlib import Path

from evo_plastic.errors import InputError
from evo_plastic.parsing.places import Place, Problem, as_input_error
from evo_plastic.parsing.yaml_nodes import Entry, read_yaml

MAX_BYTES = 2**20


def read_text(path: Path) -> str:
    """Raises InputError for a file that is missing, too large or not UTF-8."""
    try:
        with path.open("rb") as file:
            content = file.read(MAX_BYTES + 1)
    except OSError as exc:
        raise InputError(f"{path}: {exc.strerror}; expected a YAML file") from exc
    if len(content) > MAX_BYTES:
        raise InputError(f"{path}: larger than {MAX_BYTES} bytes; expected a YAML file")
    try:
        return content.decode("utf-8-sig")
    except UnicodeDecodeError as exc:
        raise InputError(f"{path}: not UTF-8 text (byte {exc.start}); expected YAML") from exc


def read_sections(text: str, path: Path) -> tuple[Entry, list[Problem]]:
    """The tree of one file's text; an empty file has no section."""
    lines = text.splitlines()

    def locate(line: int, column: int) -> Place:
        return Place(str(path), line + 1, column + 1, lines[line] if line < len(lines) else "")

    tree, problems = read_yaml(text, locate)
    if tree.value is not None and not isinstance(tree.value, dict):
        raise as_input_error([Problem(tree.place, "expected sections such as `network:`")])
    return Entry(tree.section, tree.place, tree.key), problems
