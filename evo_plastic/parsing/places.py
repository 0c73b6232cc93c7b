"""Where a value was written, and problems that point there."""

from collections.abc import Iterable
from dataclasses import dataclass, field

from evo_plastic.errors import InputError

SHOWN_WIDTH = 120
SHOWN_PROBLEMS = 20


@dataclass(frozen=True, order=True)
class Place:
    """A character of a file, or of a ``--set`` option: row and column count from 1."""

    source: str
    row: int
    """0 in an option."""
    column: int
    text: str = field(compare=False)
    """The whole line, for the caret."""

    @property
    def origin(self) -> str:
        """``file:line``, or ``--set``."""
        return f"{self.source}:{self.row}" if self.row else self.source


@dataclass(frozen=True, order=True)
class Problem:
    place: Place
    message: str

    def __str__(self) -> str:
        """``file:line:column: error: message``, then the line and a caret below it."""
        place = self.place
        column = f":{place.column}" if place.row else ""
        start = max(0, place.column - SHOWN_WIDTH // 2) if len(place.text) > SHOWN_WIDTH else 0
        shown = place.text[start : start + SHOWN_WIDTH].rstrip()
        before = place.text[start : place.column - 1]
        indent = "".join("\t" if character == "\t" else " " for character in before)
        return f"{place.origin}{column}: error: {self.message}\n    {shown}\n    {indent}^"


def as_input_error(problems: Iterable[Problem]) -> InputError:
    """One error that lists the problems in the order of their places."""
    ordered = sorted(problems)
    lines = [str(problem) for problem in ordered[:SHOWN_PROBLEMS]]
    if len(ordered) > SHOWN_PROBLEMS:
        lines.append(f"... and {len(ordered) - SHOWN_PROBLEMS} more problems")
    return InputError("\n".join(lines))
