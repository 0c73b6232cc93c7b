"""The directory of a run: which file lies where, who may write, which names are allowed.

manifest.json         status, seed, versions, commit, machine, totals (``manifest``)
config.yaml           the resolved experiment
metrics.jsonl         one row per generation (``metrics``)
eval.jsonl            one row per validation (``metrics``)
timings.jsonl         clock of each generation, apart: a resumed run repeats all but this
start.npz             the genome the search began at, if it was given one
genome.npz            the mean with the best validation score so far (``genomes``)
checkpoints/          gen-000100.npz, …, latest.json (``checkpoints``)
.lock                 held by the process that trains
"""

import re
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from filelock import FileLock, Timeout

from evo_plastic.config import Experiment
from evo_plastic.errors import InputError
from evo_plastic.files import PARTIAL, write_whole, writing
from evo_plastic.parsing import dump_experiment

_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,99}")
_DEVICE = re.compile(r"(con|prn|aux|nul|com\d|lpt\d)(\..*)?", re.IGNORECASE)
_STEM_LENGTH = 50


@dataclass(frozen=True)
class RunDirectory:
    path: Path

    @property
    def manifest(self) -> Path:
        return self.path / "manifest.json"

    @property
    def config(self) -> Path:
        return self.path / "config.yaml"

    @property
    def metrics(self) -> Path:
        return self.path / "metrics.jsonl"

    @property
    def validations(self) -> Path:
        return self.path / "eval.jsonl"

    @property
    def timings(self) -> Path:
        return self.path / "timings.jsonl"

    @property
    def start(self) -> Path:
        return self.path / "start.npz"

    @property
    def genome(self) -> Path:
        return self.path / "genome.npz"

    @property
    def checkpoints(self) -> Path:
        return self.path / "checkpoints"

    @staticmethod
    def create(path: Path) -> "RunDirectory":
        """An empty run directory at ``path``; parents are made as needed.

        ``InputError`` for a name that is not allowed, a symbolic link, a file, or a folder
        that holds anything but a lock.
        """
        check_name(path.name)
        run = RunDirectory(path)
        run._refuse_link()
        try:
            path.mkdir(parents=True, exist_ok=True)
            if {entry.name for entry in path.iterdir()} - {".lock"}:
                raise InputError(f"{path} is not empty: choose another name, or resume it")
        except OSError as error:
            raise InputError(f"{path} cannot be made a run: {error.strerror}") from error
        return run

    @staticmethod
    def open(path: Path) -> "RunDirectory":
        """An existing run; ``InputError`` unless ``path`` holds a manifest."""
        run = RunDirectory(path)
        if not run.manifest.is_file():
            raise InputError(f"{path} is no run directory: expected {run.manifest}")
        return run

    @contextmanager
    def lock(self) -> Iterator[None]:
        """The right to write, for the ``with`` block; ends with the process, however it ends.

        ``InputError`` if another process has it. Temporary files of killed writers go.
        """
        self._refuse_link()
        if not self.path.is_dir():
            raise InputError(f"{self.path} cannot be locked: expected a folder")
        lock = FileLock(self.path / ".lock")
        try:
            lock.acquire(blocking=False)
        except Timeout as error:
            raise InputError(f"{self.path} is in use by another process") from error
        except OSError as error:
            raise InputError(f"{self.path} cannot be locked: {error.strerror}") from error
        try:
            self._clear()
            yield
        finally:
            lock.release()

    def write_config(self, experiment: Experiment) -> None:
        """Every key of ``experiment``, defaults included, as YAML."""
        write_whole(self.config, dump_experiment(experiment).encode())

    def _clear(self) -> None:
        """Away with what killed writers left: temporary files, a folder that is still empty."""
        with writing(self.path):
            for partial in self.path.rglob(f".*{PARTIAL}"):
                partial.unlink()
            if self.checkpoints.is_dir() and not any(self.checkpoints.iterdir()):
                self.checkpoints.rmdir()

    def _refuse_link(self) -> None:
        if self.path.is_symlink():
            raise InputError(f"{self.path} is a symbolic link: expected the folder itself")


def check_name(name: str) -> None:
    """``InputError`` unless ``name`` is a plain file name on every system and in a shell."""
    if not _NAME.fullmatch(name) or ".." in name or name.endswith(".") or _DEVICE.fullmatch(name):
        raise InputError(
            f"{name!r} cannot name a run: expected 1 to 100 of A-Z a-z 0-9 . _ - that begin with "
            f"a letter or digit, without '..', no dot at the end, no Windows device name"
        )


def default_run_name(stem: str, seed: int, now: datetime) -> str:
    """``<stem>-s<seed>-<UTC>``, e.g. ``quickstart-s1-20260131T235959Z``; always allowed."""
    plain = re.sub(r"[^A-Za-z0-9_-]+", "-", stem)[:_STEM_LENGTH].strip("-_") or "run"
    return f"{plain}-s{seed}-{now.astimezone(UTC):%Y%m%dT%H%M%SZ}"
