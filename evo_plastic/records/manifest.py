"""The manifest of a run: its state, seed and totals, and what each session ran on.

A session is one process that trained the run; a resumed run has several, perhaps on other
machines or versions.
"""

import hashlib
import json
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated, Literal

from pydantic import FailFast, ValidationError

from evo_plastic.config import Experiment, Section, faults
from evo_plastic.errors import InputError, brief
from evo_plastic.files import parse_json, read_whole, write_whole
from evo_plastic.records import provenance
from evo_plastic.records.provenance import Provenance

SCHEMA = "evo_plastic/run/1"
LIMIT_BYTES = 2**21
Ending = Literal["done", "interrupted", "failed"]


class Session(Section):
    started: str
    """UTC, ISO 8601."""

    ended: str | None = None
    """Null while it runs, and for ever if it was killed."""

    provenance: Provenance


class Manifest(Section):
    status: Literal["running", "done", "interrupted", "failed"]

    seed: int

    config_sha256: str
    """Of the resolved configuration, see ``config_digest``."""

    sessions: Annotated[tuple[Session, ...], FailFast()]
    """In order; the last one is the present or latest."""

    totals: dict[str, int | float]
    """Sums over all sessions at the last ending; a session that was killed is not in them."""


def config_digest(experiment: Experiment) -> str:
    """sha256 (hex) of the resolved configuration as JSON with sorted keys."""
    canonical = json.dumps(experiment.model_dump(mode="json"), sort_keys=True)
    return hashlib.sha256(canonical.encode()).hexdigest()


def begin(experiment: Experiment) -> Manifest:
    """Of a run that starts now in this process."""
    return Manifest(
        status="running",
        seed=experiment.seed,
        config_sha256=config_digest(experiment),
        sessions=(_new_session(),),
        totals={},
    )


def resume(manifest: Manifest, experiment: Experiment) -> Manifest:
    """The same run, going on now in this process as ``experiment`` says."""
    now = {
        "status": "running",
        "config_sha256": config_digest(experiment),
        "sessions": (*manifest.sessions, _new_session()),
    }
    return manifest.model_copy(update=now)


def end(manifest: Manifest, status: Ending, totals: dict[str, int | float]) -> Manifest:
    """The same run, whose last session ends now."""
    last = manifest.sessions[-1].model_copy(update={"ended": _now()})
    sessions = (*manifest.sessions[:-1], last)
    return manifest.model_copy(update={"status": status, "sessions": sessions, "totals": totals})


def save(path: Path, manifest: Manifest) -> None:
    document = {"schema": SCHEMA, **manifest.model_dump(mode="json")}
    write_whole(path, json.dumps(document, indent=2, ensure_ascii=False).encode() + b"\n")


def load(path: Path) -> Manifest:
    """``InputError`` if missing, damaged or of another schema."""
    try:
        document = parse_json(read_whole(path, LIMIT_BYTES))
        found = document.pop("schema", None)
    except (ValueError, AttributeError, TypeError, RecursionError) as error:
        raise InputError(f"{path} is damaged: expected a JSON object ({SCHEMA})") from error
    if found != SCHEMA:
        raise InputError(f"{path} is {brief(repr(found))}, expected {SCHEMA!r}")
    try:
        return Manifest.model_validate_json(json.dumps(document))
    except ValidationError as error:
        raise InputError(f"{path} is no manifest of a run: {faults(error)}") from error


def _new_session() -> Session:
    return Session(started=_now(), provenance=provenance.collect())


def _now() -> str:
    return datetime.now(UTC).isoformat(timespec="seconds")
