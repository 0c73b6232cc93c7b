"""Tables as files: CSV for programs, Markdown for documents."""

import csv
import io
from collections.abc import Sequence
from pathlib import Path

from evo_plastic.cli.output import Cell, format_number
from evo_plastic.files import write_whole


def as_csv(headers: Sequence[str], rows: Sequence[Sequence[Cell]]) -> str:
    """Numbers in full; an empty field for None."""
    stream = io.StringIO()
    csv.writer(stream, lineterminator="\n").writerows([headers, *rows])
    return stream.getvalue()


def as_markdown(headers: Sequence[str], rows: Sequence[Sequence[Cell]]) -> str:
    """Numbers as on the terminal, in columns aligned right."""
    columns = zip(*rows, strict=True)
    aligned = ["---" if any(isinstance(c, str) for c in cells) else "--:" for cells in columns]
    table = [headers, aligned or ["---"] * len(headers)]
    table += [[format_number(cell).replace("|", "\\|") for cell in row] for row in rows]
    return "".join(f"| {' | '.join(cells)} |\n" for cells in table)


def write_text(path: Path, text: str) -> None:
    """Write the file whole; ``InputError`` naming it where that fails."""
    write_whole(path, text.encode("utf-8", "backslashreplace"))
