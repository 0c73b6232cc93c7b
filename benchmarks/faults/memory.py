"""Memory of processes, as their share of what they have in common with others (PSS)."""

import contextlib
import re
from pathlib import Path

_PSS = re.compile(r"^Pss:\s+(\d+) kB$", re.MULTILINE)


def megabytes(process: int) -> float | None:
    """Of one process; None if it has ended."""
    with contextlib.suppress(OSError):
        found = _PSS.search(Path(f"/proc/{process}/smaps_rollup").read_text())
        if found is not None:
            return int(found[1]) / 1000
    return None
