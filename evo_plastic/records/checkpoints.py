"""Checkpoints of a run: whole search states, the newest few of them.

    checkpoints/gen-000100.npz    arrays of the search state, facts of the driver
    checkpoints/latest.json       {"file", "generation", "sha256"} of the newest

``latest.json`` is written last. It tells tools where to look, and ``newest_checkpoint`` that
a file has gone missing. The best genome has no pointer: it is ``genome.npz``, a file of its own.
"""

import json
import logging
import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from numpy.typing import NDArray

from evo_plastic.arrays import Arrays, load_arrays, save_arrays
from evo_plastic.errors import InputError
from evo_plastic.files import parse_json, read_whole, sync_folder, write_whole, writing
from evo_plastic.records import metrics
from evo_plastic.records.directory import RunDirectory

SCHEMA = "evo_plastic/checkpoint/1"
LATEST = "latest.json"
LIMIT_BYTES = 2**33
_POINTER_LIMIT = 2**16
_NAME = re.compile(r"gen-(\d{6,})\.npz")
_log = logging.getLogger(__name__)


@dataclass(frozen=True)
class Checkpoint:
    path: Path
    generation: int
    arrays: Arrays
    facts: dict[str, Any]


def save_checkpoint(
    run: RunDirectory,
    generation: int,
    arrays: Mapping[str, NDArray[Any]],
    facts: Mapping[str, Any],
    kept: int,
) -> Path:
    """Write the state after ``generation`` generations; keep the ``kept`` newest files.

    Files of later generations go too: a run is resumed before them only if they are damaged.
    The run must be locked. ``InputError`` where something cannot be written: the newest files
    are then still there.
    """
    with writing(run.checkpoints):
        run.checkpoints.mkdir(exist_ok=True)
    # Rows lost in a power cut would be missing for ever if the checkpoint outlived them.
    for rows in (run.metrics, run.validations, run.timings):
        metrics.sync(rows)
    sync_folder(run.path)
    path = _file(run, generation)
    about = {"generation": generation, "facts": facts}
    digest = save_arrays(path, arrays, about, SCHEMA)
    pointer = {"file": path.name, "generation": generation, "sha256": digest}
    write_whole(run.checkpoints / LATEST, json.dumps(pointer).encode() + b"\n")
    found = _generations(run)
    newest = sorted(number for number in found if number <= generation)[-kept:]
    with writing(run.checkpoints):
        for stale in found - set(newest):
            _file(run, stale).unlink(missing_ok=True)
    return path


def newest_checkpoint(run: RunDirectory) -> Checkpoint:
    """The newest undamaged one; warns of each newer file that is damaged or missing.

    ``InputError`` if there is none.
    """
    problems: list[str] = []
    for generation in sorted(_generations(run) | _announced(run), reverse=True):
        try:
            checkpoint = _load(_file(run, generation), generation)
        except InputError as error:
            problems.append(str(error))
            continue
        for problem in problems:
            _log.warning("%s; going on from %s", problem, checkpoint.path.name)
        return checkpoint
    reasons = "; ".join(problems) or "none was written yet"
    raise InputError(f"{run.checkpoints} has no undamaged checkpoint: {reasons}")


def _load(path: Path, generation: int) -> Checkpoint:
    arrays, about = load_arrays(path, SCHEMA, LIMIT_BYTES)
    if about.keys() != {"generation", "facts"} or about["generation"] != generation:
        raise InputError(f"{path} is not the checkpoint of generation {generation}")
    if not isinstance(about["facts"], dict):
        raise InputError(f"{path} has no facts of a search: expected a JSON object")
    return Checkpoint(path, generation, arrays, about["facts"])


def _file(run: RunDirectory, generation: int) -> Path:
    return run.checkpoints / f"gen-{generation:06d}.npz"


def _generations(run: RunDirectory) -> set[int]:
    if not run.checkpoints.is_dir():
        return set()
    names = [_NAME.fullmatch(entry.name) for entry in run.checkpoints.iterdir()]
    return {int(name[1]) for name in names if name}


def _announced(run: RunDirectory) -> set[int]:
    """The generation that ``latest.json`` names; a damaged pointer names none."""
    try:
        pointer = parse_json(read_whole(run.checkpoints / LATEST, _POINTER_LIMIT))
        return {int(pointer["generation"])}
    except (InputError, ValueError, TypeError, LookupError, RecursionError, OverflowError):
        return set()
